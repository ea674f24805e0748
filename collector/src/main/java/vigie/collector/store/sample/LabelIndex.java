package vigie.collector.store.sample;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * Which series have which label: the postings of a label are the numbers of its series, ascending.
 */
interface LabelIndex {
  /** The numbers of all series. */
  int[] all();

  /** The series with this label; empty where there is none. */
  int[] having(String name, String value);

  /** Tells every value of a label, and the series that have it. */
  void values(String name, BiConsumer<String, int[]> told);

  /** Tells the name of every label. */
  void eachName(Consumer<String> told);

  /** Tells every value of a label. */
  void eachValue(String name, Consumer<String> told);

  /** The labels of a series. */
  Labels labels(int series);

  /** The series that match all matchers, ascending. */
  default int[] find(List<LabelMatcher> matchers) {
    int[] found = null;
    for (LabelMatcher matcher : matchers) {
      if (!matcher.literals().isEmpty()) {
        int[] having = union(matcher.literals().stream().map(v -> having(matcher.name(), v)));
        found = found == null ? having : intersection(found, having);
        if (found.length == 0) {
          return found;
        }
      }
    }
    for (LabelMatcher matcher : matchers) {
      if (found == null && !matcher.matches("")) {
        Map<String, int[]> having = new HashMap<>();
        values(
            matcher.name(),
            (value, series) -> {
              if (matcher.matches(value)) {
                having.put(value, series);
              }
            });
        found = union(having.values().stream());
      }
    }
    int[] candidates = found == null ? all() : found;
    for (LabelMatcher matcher : matchers) {
      if (matcher.literals().isEmpty()) {
        candidates = filtered(candidates, matcher);
      }
    }
    return candidates;
  }

  private int[] filtered(int[] candidates, LabelMatcher matcher) {
    // Few values stand on many series, and a regular expression costs more than a look-up.
    Map<String, Boolean> known = new HashMap<>();
    int[] kept = new int[candidates.length];
    int count = 0;
    for (int series : candidates) {
      if (known.computeIfAbsent(labels(series).get(matcher.name()), matcher::matches)) {
        kept[count++] = series;
      }
    }
    return Arrays.copyOf(kept, count);
  }

  private static int[] union(Stream<int[]> lists) {
    int[][] all = lists.filter(list -> list.length > 0).toArray(int[][]::new);
    if (all.length == 1) {
      return all[0];
    }
    // A series has one value of a label, so no number is there twice.
    int[] joined = Arrays.stream(all).flatMapToInt(Arrays::stream).toArray();
    Arrays.sort(joined);
    return joined;
  }

  private static int[] intersection(int[] one, int[] other) {
    int[] shorter = one.length <= other.length ? one : other;
    int[] longer = shorter == one ? other : one;
    int[] both = new int[shorter.length];
    int count = 0;
    int from = 0;
    for (int number : shorter) {
      int place = Arrays.binarySearch(longer, from, longer.length, number);
      if (place >= 0) {
        both[count++] = number;
        from = place + 1;
      } else {
        from = -place - 1;
      }
    }
    return Arrays.copyOf(both, count);
  }
}
