package vigie.collector.event;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringTokenizer;
import vigie.collector.label.LabelMatcher;

/**
 * What to search for; all conditions hold together.
 *
 * @param since the earliest event time, included
 * @param until the latest event time, excluded
 * @param matchers on {@code node}, {@code type}, {@code severity} (its name, such as {@code err}),
 *     {@code app} and the event's fields
 * @param text words that must all occur in the text, also within other words, without regard to
 *     case; {@code ""} for no condition
 * @param limit most events returned, 1 to 10,000; fewer come where they would take much memory, and
 *     {@code before} gets the rest
 * @param before return only events older than the one with this id ({@code ""} from the newest):
 *     the next page
 */
public record EventQuery(
    Instant since,
    Instant until,
    List<LabelMatcher> matchers,
    String text,
    int limit,
    String before) {
  /** The names of severities 0 to 7, as syslog has them. */
  public static final List<String> SEVERITIES =
      List.of("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug");

  public EventQuery {
    matchers = List.copyOf(matchers);
    if (limit < 1 || limit > 10_000) {
      throw new IllegalArgumentException("limit " + limit + " is not within 1 to 10000");
    }
  }

  /** Whether the event meets all conditions but {@code limit} and {@code before}. */
  public boolean matches(Event event) {
    if (event.time().isBefore(since) || !event.time().isBefore(until)) {
      return false;
    }
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches(value(event, matcher.name()))) {
        return false;
      }
    }
    return containsWords(event.text());
  }

  private static String value(Event event, String name) {
    return switch (name) {
      case "node" -> event.node();
      case "type" -> event.type();
      case "app" -> event.app();
      case "severity" -> SEVERITIES.get(event.severity());
      default -> event.field(name);
    };
  }

  private boolean containsWords(String within) {
    if (text.isBlank()) {
      return true;
    }
    String folded = within.toLowerCase(Locale.ROOT);
    for (String word : words()) {
      if (!folded.contains(word)) {
        return false;
      }
    }
    return true;
  }

  /** The words of {@code text}, in lower case. */
  public List<String> words() {
    StringTokenizer words = new StringTokenizer(text.toLowerCase(Locale.ROOT));
    List<String> all = new ArrayList<>();
    while (words.hasMoreTokens()) {
      all.add(words.nextToken());
    }
    return all;
  }
}
