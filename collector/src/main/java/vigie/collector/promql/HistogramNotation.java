package vigie.collector.promql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;

/**
 * A native histogram as PromQL's test scripts and promtool's unit tests write it: {@code {{schema:0
 * sum:5 count:4 buckets:[1 2 1]}}}. Source: Prometheus's documentation of unit tests for rules.
 */
final class HistogramNotation {
  private static final List<String> KEYS =
      List.of(
          "schema",
          "sum",
          "count",
          "z_bucket",
          "z_bucket_w",
          "custom_values",
          "buckets",
          "offset",
          "n_buckets",
          "n_offset",
          "counter_reset_hint");

  private HistogramNotation() {}

  /** Whether the text says anything of the hint. */
  static boolean hasHint(String text) {
    return text.contains("counter_reset_hint");
  }

  /**
   * @param text with the braces around it
   * @throws IllegalArgumentException that says what is wrong
   */
  static Histogram parse(String text) {
    if (!text.startsWith("{{") || !text.endsWith("}}") || text.length() < 4) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is not a histogram; write {{schema:0 sum:5 count:4 buckets:[1 2 1]}}");
    }
    Map<String, String> fields = fields(text.substring(2, text.length() - 2), text);
    int schema = (int) number(fields, "schema");
    Histogram.Hint hint =
        switch (fields.getOrDefault("counter_reset_hint", "unknown")) {
          case "unknown" -> Histogram.Hint.UNKNOWN;
          case "reset" -> Histogram.Hint.RESET;
          case "not_reset" -> Histogram.Hint.NOT_RESET;
          case "gauge" -> Histogram.Hint.GAUGE;
          default ->
              throw new IllegalArgumentException(
                  "histogram "
                      + text
                      + ": counter_reset_hint is unknown, reset, not_reset or gauge");
        };
    double count = number(fields, "count");
    double sum = number(fields, "sum");
    Buckets positive = buckets(fields, "offset", "buckets");
    if (!(number(fields, "z_bucket_w") >= 0)) {
      throw new IllegalArgumentException("histogram " + text + ": z_bucket_w is 0 or more");
    }
    if (schema == Histogram.CUSTOM) {
      if (positive.size() > 0 && positive.index(0) < 0) {
        throw new IllegalArgumentException(
            "histogram " + text + ": with custom_values, offset is 0 or more");
      }
      return Histogram.custom(hint, count, sum, positive, numbers(fields, "custom_values"));
    }
    if (schema < Histogram.LEAST_SCHEMA || schema > Histogram.MOST_SCHEMA) {
      throw new IllegalArgumentException(
          "histogram " + text + ": schema is -4 to 8, or -53 for custom_values");
    }
    return Histogram.exponential(
        schema,
        hint,
        number(fields, "z_bucket_w"),
        number(fields, "z_bucket"),
        count,
        sum,
        positive,
        buckets(fields, "n_offset", "n_buckets"));
  }

  /** The fields by name; a list without its brackets. */
  private static Map<String, String> fields(String inside, String text) {
    Map<String, String> fields = new HashMap<>();
    int at = 0;
    while (at < inside.length()) {
      if (Character.isWhitespace(inside.charAt(at))) {
        at++;
        continue;
      }
      int colon = inside.indexOf(':', at);
      String key = colon < 0 ? inside.substring(at).strip() : inside.substring(at, colon).strip();
      if (colon < 0 || !KEYS.contains(key)) {
        throw new IllegalArgumentException(
            "histogram " + text + ": \"" + key + "\" is none of " + String.join(", ", KEYS));
      }
      boolean list = colon + 1 < inside.length() && inside.charAt(colon + 1) == '[';
      int end = list ? inside.indexOf(']', colon) : colon + 1;
      while (!list && end < inside.length() && !Character.isWhitespace(inside.charAt(end))) {
        end++;
      }
      if (end < 0) {
        throw new IllegalArgumentException("histogram " + text + ": " + key + " has no \"]\"");
      }
      String value = inside.substring(colon + (list ? 2 : 1), end);
      if (fields.put(key, value) != null) {
        throw new IllegalArgumentException("histogram " + text + ": " + key + " stands twice");
      }
      at = list ? end + 1 : end;
    }
    return fields;
  }

  private static Buckets buckets(Map<String, String> fields, String offset, String counts) {
    double[] numbers = numbers(fields, counts);
    int first = (int) number(fields, offset);
    return Buckets.ofSpans(List.of(new Buckets.Span(first, numbers.length)), numbers);
  }

  private static double number(Map<String, String> fields, String key) {
    double[] numbers = numbers(fields, key);
    if (numbers.length > 1) {
      throw new IllegalArgumentException("histogram: " + key + " is one number");
    }
    return numbers.length == 0 ? 0 : numbers[0];
  }

  private static double[] numbers(Map<String, String> fields, String key) {
    List<Double> numbers = new ArrayList<>();
    for (String word : fields.getOrDefault(key, "").strip().split("\\s+", -1)) {
      if (!word.isEmpty()) {
        numbers.add(SeriesNotation.number(word, word));
      }
    }
    return numbers.stream().mapToDouble(n -> n).toArray();
  }
}
