package vigie.collector.promql;

import static vigie.collector.promql.ValueType.MATRIX;
import static vigie.collector.promql.ValueType.SCALAR;
import static vigie.collector.promql.ValueType.STRING;
import static vigie.collector.promql.ValueType.VECTOR;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.HistogramShape;

/** All functions by name. A new one is one line here and its computation. */
final class Functions {
  private static final Map<String, Function> ALL = new HashMap<>();

  /** Prometheus has these; all of them are experimental there. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          "double_exponential_smoothing",
          "end",
          "info",
          "mad_over_time",
          "max_of",
          "min_of",
          "range",
          "sort_by_label",
          "sort_by_label_desc",
          "start",
          "start_timestamp",
          "step",
          "ts_of_first_over_time",
          "ts_of_last_over_time",
          "ts_of_max_over_time",
          "ts_of_min_over_time");

  static {
    math("abs", Math::abs);
    math("acos", Math::acos);
    math("acosh", MathFunctions::acosh);
    math("asin", Math::asin);
    math("asinh", MathFunctions::asinh);
    math("atan", Math::atan);
    math("atanh", MathFunctions::atanh);
    math("ceil", Math::ceil);
    math("cos", Math::cos);
    math("cosh", Math::cosh);
    math("deg", v -> v * 180 / Math.PI);
    math("exp", Math::exp);
    math("floor", Math::floor);
    math("ln", Math::log);
    math("log10", Math::log10);
    math("log2", MathFunctions::log2);
    math("rad", v -> v * Math.PI / 180);
    math("sgn", Math::signum);
    math("sin", Math::sin);
    math("sinh", Math::sinh);
    math("sqrt", Math::sqrt);
    math("tan", Math::tan);
    math("tanh", Math::tanh);
    add(Function.vector("clamp", List.of(VECTOR, SCALAR, SCALAR), 0, MathFunctions::clamp));
    add(Function.vector("clamp_max", List.of(VECTOR, SCALAR), 0, MathFunctions::clampMax));
    add(Function.vector("clamp_min", List.of(VECTOR, SCALAR), 0, MathFunctions::clampMin));
    add(Function.vector("round", List.of(VECTOR, SCALAR), 1, MathFunctions::round));

    date("day_of_month", DateFunctions::dayOfMonth);
    date("day_of_week", DateFunctions::dayOfWeek);
    date("day_of_year", DateFunctions::dayOfYear);
    date("days_in_month", DateFunctions::daysInMonth);
    date("hour", DateFunctions::hour);
    date("minute", DateFunctions::minute);
    date("month", DateFunctions::month);
    date("year", DateFunctions::year);

    range("avg_over_time", RangeFunctions::avg, HistogramRanges::avg);
    range("changes", RangeFunctions::changes, HistogramRanges::changes);
    range("count_over_time", (w, p) -> w.size(), (w, p, notes) -> w.size());
    range(
        "delta",
        (w, p) -> RangeFunctions.extrapolated(w, false, false),
        (w, p, notes) -> HistogramRanges.extrapolated(w, false, false, notes));
    range("deriv", RangeFunctions::deriv);
    range(
        "idelta",
        (w, p) -> RangeFunctions.lastTwo(w, false),
        (w, p, notes) -> HistogramRanges.lastTwo(w, false, notes));
    range(
        "irate",
        (w, p) -> RangeFunctions.lastTwo(w, true),
        (w, p, notes) -> HistogramRanges.lastTwo(w, true, notes));
    range("max_over_time", RangeFunctions::max);
    range("min_over_time", RangeFunctions::min);
    range("present_over_time", (w, p) -> 1, (w, p, notes) -> 1);
    range("resets", RangeFunctions::resets, HistogramRanges::resets);
    range("stddev_over_time", (w, p) -> Math.sqrt(RangeFunctions.variance(w)));
    range("stdvar_over_time", (w, p) -> RangeFunctions.variance(w));
    range("sum_over_time", RangeFunctions::sum, HistogramRanges::sum);
    add(Function.vector("increase", List.of(MATRIX), 0, RangeCalls::increase));
    add(Function.vector("rate", List.of(MATRIX), 0, RangeCalls::rate));
    add(Function.vector("first_over_time", List.of(MATRIX), 0, RangeCalls::first));
    add(Function.vector("last_over_time", List.of(MATRIX), 0, RangeCalls::last));
    add(Function.vector("absent_over_time", List.of(MATRIX), 0, RangeCalls::absent));
    add(Function.vector("predict_linear", List.of(MATRIX, SCALAR), 0, RangeCalls::predict));
    add(Function.vector("quantile_over_time", List.of(SCALAR, MATRIX), 0, RangeCalls::quantile));

    add(Function.vector("absent", List.of(VECTOR), 0, VectorFunctions::absent));
    add(Function.vector("sort", List.of(VECTOR), 0, VectorFunctions::sort));
    add(Function.vector("sort_desc", List.of(VECTOR), 0, VectorFunctions::sortDescending));
    add(Function.vector("timestamp", List.of(VECTOR), 0, VectorFunctions::timestamp));
    add(Function.vector("vector", List.of(SCALAR), 0, VectorFunctions::vector));
    add(Function.scalar("scalar", List.of(VECTOR), VectorFunctions::scalar));
    add(Function.scalar("pi", List.of(), (evaluation, call) -> evaluation.filled(Math.PI)));
    add(Function.scalar("time", List.of(), VectorFunctions::time));

    List<ValueType> replace = List.of(VECTOR, STRING, STRING, STRING, STRING);
    add(Function.vector("label_replace", replace, 0, LabelFunctions::replace));
    List<ValueType> join = List.of(VECTOR, STRING, STRING, STRING);
    add(Function.vector("label_join", join, Function.ANY, LabelFunctions::join));

    List<ValueType> fraction = List.of(SCALAR, SCALAR, VECTOR);
    add(Function.vector("histogram_fraction", fraction, 0, Histograms::fraction));
    List<ValueType> quantile = List.of(SCALAR, VECTOR);
    add(Function.vector("histogram_quantile", quantile, 0, Histograms::quantile));
    List<ValueType> quantiles = List.of(VECTOR, STRING, SCALAR);
    add(Function.vector("histogram_quantiles", quantiles, Function.ANY, Histograms::several));
    histogram("histogram_avg", h -> h.sum() / h.count());
    histogram("histogram_count", Histogram::count);
    histogram("histogram_stddev", h -> Math.sqrt(new HistogramShape(h).variance()));
    histogram("histogram_stdvar", h -> new HistogramShape(h).variance());
    histogram("histogram_sum", Histogram::sum);
  }

  private Functions() {}

  static @Nullable Function find(String name) {
    return ALL.get(name);
  }

  /** Of all functions there are. */
  static Set<String> names() {
    return Collections.unmodifiableSet(ALL.keySet());
  }

  /** Whether Prometheus has such a function and this engine has not. */
  static boolean isKnownElsewhere(String name) {
    return ELSEWHERE.contains(name);
  }

  private static void add(Function function) {
    ALL.put(function.name(), function);
  }

  private static void math(String name, MathFunctions.Of function) {
    add(
        Function.vector(
            name, List.of(VECTOR), 0, (evaluation, call) -> function.over(evaluation, call)));
  }

  private static void date(String name, DateFunctions.Of function) {
    add(
        Function.vector(
            name, List.of(VECTOR), 1, (evaluation, call) -> function.over(evaluation, call)));
  }

  private static void histogram(String name, ToDoubleFunction<Histogram> function) {
    add(
        Function.vector(
            name,
            List.of(VECTOR),
            0,
            (evaluation, call) -> Histograms.each(evaluation, call, function)));
  }

  /** One of numbers alone. */
  private static void range(String name, RangeFunctions.Of function) {
    range(name, function, HistogramRanges.ignoring(function));
  }

  private static void range(String name, RangeFunctions.Of function, HistogramRanges.Of mixed) {
    add(
        Function.vector(
            name,
            List.of(MATRIX),
            0,
            (evaluation, call) -> RangeCalls.over(evaluation, call, function, mixed)));
  }
}
