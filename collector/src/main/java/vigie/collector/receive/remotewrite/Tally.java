package vigie.collector.receive.remotewrite;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;

/** What became of the samples of one request. */
final class Tally {
  private static final int LONGEST_EXAMPLE = 300;

  /** Why a sample is not taken, now or ever, in words that follow a number. */
  enum Refusal {
    LABELS("with labels that are none"),
    HISTOGRAM("that are no native histograms"),
    NOT_THEIRS("of a node that is not the sender"),
    CONFLICT("with another value than the one stored for that time"),
    OUT_OF_ORDER("older than the newest of the series"),
    TOO_OLD("too old"),
    TOO_FAR_AHEAD("too far ahead of the clock here"),
    SERIES_LIMIT("of new series beyond the limit or with labels over 32 KiB");

    private final String words;

    Refusal(String words) {
      this.words = words;
    }
  }

  final Set<String> living = new LinkedHashSet<>();
  final List<Labels> changed = new ArrayList<>();
  private final Map<Refusal, Integer> refused = new EnumMap<>(Refusal.class);
  private int stored;
  private int histograms;
  private String example = "";

  /** Counts one sample that the store was asked to take. */
  void add(Outcome outcome, Object labels) {
    switch (outcome) {
      case APPENDED, SAME -> stored++;
      case CONFLICT -> refuse(Refusal.CONFLICT, 1, labels);
      case OUT_OF_ORDER -> refuse(Refusal.OUT_OF_ORDER, 1, labels);
      case TOO_OLD -> refuse(Refusal.TOO_OLD, 1, labels);
      case TOO_FAR_AHEAD -> refuse(Refusal.TOO_FAR_AHEAD, 1, labels);
      case SERIES_LIMIT -> refuse(Refusal.SERIES_LIMIT, 1, labels);
    }
  }

  /** Counts one native histogram that the store was asked to take. */
  void addHistogram(Outcome outcome, Object labels) {
    int before = stored;
    add(outcome, labels);
    histograms += stored - before;
  }

  /** How many of the stored samples are native histograms. */
  int histograms() {
    return histograms;
  }

  /** Counts samples of one series that are not for the store. */
  void refuse(Refusal why, int samples, Object labels) {
    refused.merge(why, samples, Integer::sum);
    if (example.isEmpty()) {
      String text = labels.toString();
      example = text.length() <= LONGEST_EXAMPLE ? text : text.substring(0, LONGEST_EXAMPLE) + "…";
    }
  }

  int stored() {
    return stored;
  }

  int refused(Refusal why) {
    return refused.getOrDefault(why, 0);
  }

  boolean isWhole() {
    return refused.isEmpty();
  }

  /** Why not all was taken, as one sentence for the sender. */
  String why() {
    StringJoiner reasons = new StringJoiner(", ");
    int all = stored;
    for (Map.Entry<Refusal, Integer> entry : refused.entrySet()) {
      all += entry.getValue();
      reasons.add(entry.getValue() + " " + entry.getKey().words);
    }
    return stored
        + " of "
        + all
        + " samples are stored; refused for good: "
        + reasons
        + "; the first of "
        + example;
  }
}
