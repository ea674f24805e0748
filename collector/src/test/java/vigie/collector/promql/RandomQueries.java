package vigie.collector.promql;

import java.util.List;
import java.util.Random;

/** Writes random queries over {@link RandomSeries}; each has the right types, so that most work. */
final class RandomQueries {
  private static final List<String> LABELS = List.of("a", "b", "le", "instance");
  private static final List<String> EXACT =
      List.of(
          "counter_total",
          "steps",
          "steps @ end()",
          "steps offset 1m",
          "sum by (a) (steps)",
          "took_bucket");
  private static final List<String> RANGES = List.of("30s", "1m", "95s", "5m", "17m", "1h");
  private static final List<String> SHIFTS =
      List.of(
          "",
          "",
          "",
          "",
          "",
          " offset 1m",
          " offset -90s",
          " @ 1767227000",
          " @ end()",
          " @ start() offset 3m");
  private static final List<String> NUMBERS =
      List.of("0", "1", "2", "-1", "0.5", "1.5", "1e3", "-0.25", "NaN", "Inf", "-Inf", "5m", "3");
  private static final List<String> MATH =
      List.of(
          "abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round", "sgn", "sin",
          "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
          "deg", "rad");
  private static final List<String> DATES =
      List.of(
          "day_of_month",
          "day_of_week",
          "day_of_year",
          "days_in_month",
          "hour",
          "minute",
          "month",
          "year");
  private static final List<String> OVER_RANGE =
      List.of(
          "rate",
          "increase",
          "irate",
          "delta",
          "idelta",
          "deriv",
          "changes",
          "resets",
          "avg_over_time",
          "min_over_time",
          "max_over_time",
          "sum_over_time",
          "count_over_time",
          "last_over_time",
          "present_over_time",
          "stddev_over_time",
          "stdvar_over_time",
          "absent_over_time");
  private static final List<String> AGGREGATIONS =
      List.of("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar");
  private static final List<String> ARITHMETIC = List.of("+", "-", "*", "/", "%", "^", "atan2");
  private static final List<String> COMPARISONS = List.of("==", "!=", "<", ">", "<=", ">=");
  private static final List<String> SETS = List.of("and", "or", "unless");

  private static final List<String> OF_HISTOGRAMS =
      List.of(
          "histogram_count",
          "histogram_sum",
          "histogram_avg",
          "histogram_stddev",
          "histogram_stdvar");

  private final Random random;
  private final boolean histograms;

  /**
   * @param histograms whether native ones are asked for, too
   */
  RandomQueries(Random random, boolean histograms) {
    this.random = random;
    this.histograms = histograms;
  }

  /** A query of a type that can be asked over a range. */
  String next() {
    return random.nextInt(15) == 0 ? scalar(3) : vector(4);
  }

  private String vector(int depth) {
    if (depth == 0 || random.nextInt(6) == 0) {
      return selector() + pick(SHIFTS);
    }
    int less = depth - 1;
    return switch (random.nextInt(22)) {
      case 0, 1, 2, 3 -> pick(OVER_RANGE) + "(" + range(less) + ")";
      case 4, 5, 6 -> pick(AGGREGATIONS) + grouping() + "(" + vector(less) + ")";
      case 7 -> binary(vector(less), vector(less), pick(ARITHMETIC), true);
      case 8 -> binary(vector(less), scalar(less), pick(ARITHMETIC), false);
      case 9 -> binary(scalar(less), vector(less), pick(COMPARISONS) + bool(), false);
      case 10 -> binary(vector(less), vector(less), pick(COMPARISONS) + bool(), true);
      case 11, 12 -> set(less);
      case 13 -> pick(MATH) + "(" + vector(less) + ")";
      case 14 -> withNumbers(less);
      case 15 -> histogram(less);
      case 16 -> labels(less);
      case 17 -> parametric(less);
      // What is not finite has a date by chance only, other than that of the processor's integers.
      case 18 -> pick(DATES) + "(" + (random.nextBoolean() ? "" : pick(EXACT)) + ")";
      case 19 -> "-" + "(" + vector(less) + ")";
      case 20 -> rare(less);
      default -> overRangeWithNumber(less);
    };
  }

  private String scalar(int depth) {
    return switch (random.nextInt(depth == 0 ? 1 : 6)) {
      case 1 -> "scalar(" + vector(depth - 1) + ")";
      case 2 -> "time()";
      case 3 -> "pi()";
      case 4 -> "(" + scalar(depth - 1) + " " + pick(ARITHMETIC) + " " + scalar(depth - 1) + ")";
      case 5 ->
          "(" + scalar(depth - 1) + " " + pick(COMPARISONS) + " bool " + scalar(depth - 1) + ")";
      default -> pick(NUMBERS);
    };
  }

  private String selector() {
    String name = metric();
    return switch (random.nextInt(8)) {
      case 0 -> name + "{a=\"" + random.nextInt(3) + "\"}";
      case 1 -> name + "{b!=\"x\"}";
      case 2 -> name + "{instance=~\"h[01].*\"}";
      case 3 -> name + "{a!~\"0|1\",b=~\".+\"}";
      case 4 -> "{__name__=~\"" + name + "|" + metric() + "\",a=\"" + random.nextInt(3) + "\"}";
      case 5 -> name + "{nothing=\"\"}";
      default -> name;
    };
  }

  private String metric() {
    return pick(
        histograms && random.nextBoolean() ? RandomSeries.HISTOGRAMS : RandomSeries.METRICS);
  }

  private String range(int depth) {
    if (depth > 0 && random.nextInt(4) == 0) {
      String step = random.nextBoolean() ? "" : pick(List.of("15s", "1m", "50s"));
      return "(" + vector(depth - 1) + ")[" + pick(RANGES) + ":" + step + "]" + pick(SHIFTS);
    }
    return selector() + "[" + pick(RANGES) + "]" + pick(SHIFTS);
  }

  private String grouping() {
    return switch (random.nextInt(4)) {
      case 0 -> "";
      case 1 -> " without (" + names() + ") ";
      default -> " by (" + names() + ") ";
    };
  }

  private String names() {
    StringBuilder names = new StringBuilder();
    for (String label : LABELS) {
      if (random.nextInt(3) == 0) {
        names.append(names.isEmpty() ? "" : ", ").append(label);
      }
    }
    return names.toString();
  }

  private String binary(String left, String right, String operator, boolean matched) {
    String matching = "";
    if (matched && random.nextInt(3) > 0) {
      matching = (random.nextBoolean() ? " on (" : " ignoring (") + names() + ")";
      matching +=
          switch (random.nextInt(5)) {
            case 0 -> " group_left (" + (random.nextBoolean() ? "" : "b") + ")";
            case 1 -> " group_right (" + (random.nextBoolean() ? "" : "b") + ")";
            default -> "";
          };
    }
    return "(" + left + " " + operator + matching + " " + right + ")";
  }

  private String set(int depth) {
    String matching =
        random.nextBoolean()
            ? ""
            : (random.nextBoolean() ? " on (" : " ignoring (") + names() + ")";
    return "(" + vector(depth) + " " + pick(SETS) + matching + " " + vector(depth) + ")";
  }

  private String bool() {
    return random.nextBoolean() ? "" : " bool";
  }

  private String withNumbers(int depth) {
    return switch (random.nextInt(4)) {
      case 0 -> "clamp(" + vector(depth) + ", " + scalar(0) + ", " + scalar(0) + ")";
      case 1 -> "clamp_min(" + vector(depth) + ", " + scalar(1) + ")";
      case 2 -> "clamp_max(" + vector(depth) + ", " + scalar(1) + ")";
      default -> "round(" + vector(depth) + ", " + scalar(0) + ")";
    };
  }

  private String histogram(int depth) {
    if (histograms && random.nextBoolean()) {
      return pick(OF_HISTOGRAMS) + "(" + vector(depth) + ")";
    }
    String buckets =
        switch (random.nextInt(4)) {
          case 0 -> "took_bucket";
          case 1 -> "rate(took_bucket[" + pick(RANGES) + "])";
          case 2 ->
              "sum by (le" + (random.nextBoolean() ? ", a" : "") + ") (rate(took_bucket[5m]))";
          default -> vector(depth);
        };
    return random.nextInt(4) == 0
        // In the first bucket Prometheus 3.5 gives NaN, later releases what we give.
        ? "histogram_fraction("
            + pick(List.of("0.2", "0.5", "Inf"))
            + ", "
            + scalar(0)
            + ", "
            + buckets
            + ")"
        : "histogram_quantile("
            + pick(List.of("0.5", "0.9", "0", "1", "1.2", "-1", "NaN", "0.99"))
            + ", "
            + buckets
            + ")";
  }

  private String labels(int depth) {
    return switch (random.nextInt(3)) {
      case 0 ->
          "label_join("
              + vector(depth)
              + ", \""
              + pick(List.of("new", "a", "b"))
              + "\", \"-\", \"a\""
              + (random.nextBoolean() ? ", \"b\"" : "")
              + ")";
      case 1 ->
          "label_replace("
              + vector(depth)
              + ", \""
              + pick(List.of("new", "a", "__name__"))
              + "\", \""
              + pick(List.of("x$1", "$2", "", "${1}_y"))
              + "\", \"instance\", \""
              + pick(List.of("h(.):(.*)", "(.*)", "none", ".*"))
              + "\")";
      // Last digits of a sine are Go's or Java's own.
      default ->
          "count_values"
              + grouping()
              + "(\""
              + pick(List.of("v", "a"))
              + "\", "
              + pick(EXACT)
              + ")";
    };
  }

  private String parametric(int depth) {
    return switch (random.nextInt(3)) {
      case 0 ->
          "topk" + grouping() + "(" + pick(List.of("1", "2", "0", "3")) + ", " + distinct() + ")";
      case 1 ->
          "bottomk" + grouping() + "(" + pick(List.of("1", "2", "100")) + ", " + distinct() + ")";
      default -> "quantile" + grouping() + "(" + scalar(0) + ", " + vector(depth) + ")";
    };
  }

  /** Of equal values, which are the greatest is chance. */
  private String distinct() {
    return pick(List.of("gauge", "rate(counter_total[5m])", "gauge offset 1m"));
  }

  private String rare(int depth) {
    return switch (random.nextInt(5)) {
      case 0 -> "absent(" + vector(depth) + ")";
      // Of timestamp(x @ start() offset 3m) Prometheus forgets the offset.
      case 1 -> timestamp(pick(List.of(selector(), "-(" + vector(depth) + ")")));
      case 2 -> "vector(" + scalar(depth) + ")";
      case 3 -> "sort(" + vector(depth) + ")";
      default -> "absent(" + selector() + ")";
    };
  }

  /** From the start on: of large numbers that differ little, a variance is rounding. */
  private static String timestamp(String of) {
    return "(timestamp(" + of + ") - " + RandomSeries.START / 1000 + ")";
  }

  private String overRangeWithNumber(int depth) {
    return random.nextBoolean()
        ? "predict_linear(" + range(depth) + ", " + scalar(0) + ")"
        : "quantile_over_time(" + scalar(0) + ", " + range(depth) + ")";
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
