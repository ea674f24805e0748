package vigie.collector.promql;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;

/**
 * A series as PromQL's test scripts and promtool's unit tests write it: {@code up{job="a"} 0 1 2},
 * values apart by blanks. {@code 1+2x3} is 1 3 5 7, {@code 1-2x3} counts down, {@code 1x3} is 1
 * four times, {@code _} leaves a sample out, {@code _x3} three, {@code stale} ends the series. A
 * native histogram stands in double braces and takes the same forms: {@code
 * {{count:1}}+{{count:1}}x3}. Source: Prometheus's documentation of unit tests for rules.
 *
 * @param values null where a sample is left out
 */
public record SeriesNotation(Labels labels, List<@Nullable Value> values) {
  private static final int MOST_VALUES = 1_000_000;

  /**
   * One value.
   *
   * @param number NaN where it is a histogram
   * @param histogram null where it is a number
   */
  public record Value(double number, @Nullable Histogram histogram) {
    Value(double number) {
      this(number, null);
    }
  }

  public SeriesNotation {
    values = Collections.unmodifiableList(values);
  }

  /**
   * @throws IllegalArgumentException that says what is wrong
   */
  public static SeriesNotation parse(String series, String values) {
    return new SeriesNotation(labels(series), values(values));
  }

  /**
   * The labels of {@code name{a="b"}}; only {@code =} may stand in it. Empty for {@code ""} and
   * {@code {}}.
   *
   * @throws IllegalArgumentException that says what is wrong
   */
  public static Labels labels(String series) {
    String text = series.strip();
    if (text.isEmpty() || text.equals("{}")) {
      return Labels.EMPTY;
    }
    Expr expr;
    try {
      expr = Parser.parse(text);
    } catch (PromqlException e) {
      throw new IllegalArgumentException("series \"" + text + "\": " + e.getMessage(), e);
    }
    if (!(expr instanceof Expr.VectorSelector selector)) {
      throw new IllegalArgumentException("\"" + text + "\" is not a series");
    }
    Labels.Builder labels = Labels.EMPTY.toBuilder();
    for (LabelMatcher matcher : selector.matchers()) {
      if (matcher.op() != LabelMatcher.Op.EQUAL) {
        throw new IllegalArgumentException(
            "series \"" + text + "\": labels have values, not conditions: " + matcher);
      }
      labels.set(matcher.name(), matcher.value());
    }
    return labels.build();
  }

  /**
   * @throws IllegalArgumentException that says what is wrong
   */
  public static List<@Nullable Value> values(String text) {
    List<@Nullable Value> values = new ArrayList<>();
    for (String word : words(text)) {
      expand(word, values);
      if (values.size() > MOST_VALUES) {
        throw new IllegalArgumentException("more than " + MOST_VALUES + " values");
      }
    }
    return values;
  }

  /** What stands between blanks; those in double braces are not between. */
  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int from = 0;
    int braces = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i == text.length() ? ' ' : text.charAt(i);
      braces += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (Character.isWhitespace(c) && (braces <= 0 || i == text.length())) {
        if (i > from) {
          words.add(text.substring(from, i));
        }
        from = i + 1;
      }
    }
    return words;
  }

  private static void expand(String word, List<@Nullable Value> values) {
    if (word.startsWith("{{")) {
      expandHistogram(word, values);
      return;
    }
    // 0x3 is zero four times: there are no hexadecimal numbers here.
    int x = word.indexOf('x');
    String head = x < 0 ? word : word.substring(0, x);
    int times = x < 0 ? 0 : times(word, x);
    if (head.equals("_")) {
      for (int i = 0; i < (x < 0 ? 1 : times); i++) {
        values.add(null);
      }
      return;
    }
    int sign = x < 0 ? -1 : signOfStep(head);
    double first = number(sign < 0 ? head : head.substring(0, sign), word);
    double step = sign < 0 ? 0 : number(head.substring(sign), word);
    for (int i = 0; i <= times; i++) {
      values.add(new Value(i == 0 ? first : first + i * step));
    }
  }

  private static void expandHistogram(String word, List<@Nullable Value> values) {
    int end = word.indexOf("}}") + 2;
    Histogram histogram = HistogramNotation.parse(end < 2 ? word : word.substring(0, end));
    String rest = word.substring(end);
    Histogram step = null;
    boolean down = rest.startsWith("-");
    if (down || rest.startsWith("+")) {
      int stepEnd = rest.indexOf("}}") + 2;
      step = HistogramNotation.parse(stepEnd < 2 ? rest : rest.substring(1, stepEnd));
      if (!histogram.isOfKind(step) || histogram.schema() > step.schema()) {
        throw new IllegalArgumentException(
            "\"" + word + "\": a step needs at least the schema of what it is added to");
      }
      rest = rest.substring(stepEnd);
    }
    if (!rest.isEmpty() && rest.charAt(0) != 'x') {
      throw new IllegalArgumentException(
          "\"" + word + "\": a histogram is followed by +{{…}}x3, -{{…}}x3, x3 or a blank");
    }
    int times = rest.isEmpty() ? 0 : times(rest, 0);
    values.add(new Value(Double.NaN, histogram));
    for (int i = 0; i < times; i++) {
      histogram = step == null ? histogram : down ? histogram.minus(step) : histogram.plus(step);
      values.add(new Value(Double.NaN, histogram));
    }
  }

  private static int times(String word, int x) {
    try {
      int times = Integer.parseInt(word.substring(x + 1));
      if (times >= 0 && times < MOST_VALUES) {
        return times;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException("\"" + word + "\": after x stands how often, as in 1+2x3");
  }

  /** Where the sign of the step stands; -1 where there is none. */
  private static int signOfStep(String head) {
    for (int i = 1; i < head.length(); i++) {
      boolean exponent = Character.toLowerCase(head.charAt(i - 1)) == 'e' && i > 1;
      if ((head.charAt(i) == '+' || head.charAt(i) == '-') && !exponent) {
        return i;
      }
    }
    return -1;
  }

  static double number(String text, String word) {
    String digits = text.startsWith("+") || text.startsWith("-") ? text.substring(1) : text;
    double sign = text.startsWith("-") ? -1 : 1;
    if (digits.equals("stale")) {
      return Staleness.MARKER;
    }
    if (digits.equalsIgnoreCase("inf")) {
      return sign * Double.POSITIVE_INFINITY;
    }
    if (digits.equalsIgnoreCase("nan")) {
      return Double.NaN;
    }
    try {
      char last =
          digits.isEmpty() ? 'd' : Character.toLowerCase(digits.charAt(digits.length() - 1));
      if (last != 'd' && last != 'f') {
        return sign * Double.parseDouble(digits);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(
        "\"" + word + "\" is not a value; write 1, 1+2x3, _, _x3 or stale");
  }
}
