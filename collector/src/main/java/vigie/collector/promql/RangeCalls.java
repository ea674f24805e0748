package vigie.collector.promql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr.Call;
import vigie.collector.sample.Coarse;

/** Applies functions of windows to the series of a range selector or a subquery. */
final class RangeCalls {
  private static final List<String> COUNTERS = List.of("_total", "_sum", "_count", "_bucket");

  /** What is exact where series are down-sampled, and of which column it is made then. */
  private static final Map<String, Coarse.Column> COLUMNS =
      Map.of(
          "min_over_time",
          Coarse.Column.MIN,
          "max_over_time",
          Coarse.Column.MAX,
          "sum_over_time",
          Coarse.Column.SUM,
          "count_over_time",
          Coarse.Column.COUNT,
          "present_over_time",
          Coarse.Column.COUNT,
          "absent_over_time",
          Coarse.Column.COUNT,
          "last_over_time",
          Coarse.Column.LAST,
          "rate",
          Coarse.Column.COUNTER,
          "increase",
          Coarse.Column.COUNTER);

  private RangeCalls() {}

  static Block over(
      Evaluation evaluation, Call call, RangeFunctions.Of function, HistogramRanges.Of mixed) {
    return evaluation.withoutNamesOnce(apply(evaluation, call, function, mixed));
  }

  private static Block apply(
      Evaluation evaluation, Call call, RangeFunctions.Of function, HistogramRanges.Of mixed) {
    String name = call.function().name();
    Expr range = Evaluation.unwrap(call.args().get(0));
    Expr.Edges edges = EdgeRanges.of(range);
    if (edges != Expr.Edges.PLAIN) {
      HistogramRanges.Of edged = EdgeRanges.function(name, edges, mixed);
      HistogramNotes notes = new HistogramNotes(evaluation.run, range.span());
      RangeFunctions.Of ofNumbers = (w, p) -> edged.of(w, p, notes);
      return apply(evaluation, evaluation.range(range), ofNumbers, edged, range);
    }
    if (name.equals("avg_over_time")) {
      return average(evaluation, range, function, mixed);
    }
    Coarse.Column column = COLUMNS.get(name);
    RangeInput input =
        column == null ? evaluation.range(range) : evaluation.range(range, column, true);
    boolean counts = input.isCoarse && name.equals("count_over_time");
    return apply(evaluation, input, counts ? RangeFunctions::sum : function, mixed, range);
  }

  private static Block apply(
      Evaluation evaluation,
      RangeInput input,
      RangeFunctions.Of function,
      HistogramRanges.Of mixed,
      Expr range) {
    double[] none = new double[evaluation.steps];
    return apply(evaluation, input, none, function, mixed, range.span());
  }

  /** Of down-sampled series it takes their sums and their counts; histograms are samples. */
  private static Block average(
      Evaluation evaluation, Expr range, RangeFunctions.Of function, HistogramRanges.Of mixed) {
    RangeInput sums = evaluation.range(range, Coarse.Column.SUM, true);
    if (!sums.isCoarse) {
      return apply(evaluation, sums, function, mixed, range);
    }
    Block sum = apply(evaluation, sums, RangeFunctions::sum, mixed, range);
    RangeInput counts = evaluation.range(range, Coarse.Column.COUNT, true);
    Block count = apply(evaluation, counts, RangeFunctions::sum, mixed, range);
    Map<Labels, Integer> rows = new HashMap<>();
    for (int row = 0; row < count.rows(); row++) {
      rows.put(count.labels(row), row);
    }
    for (int row = 0; row < sum.rows(); row++) {
      Integer other = rows.get(sum.labels(row));
      for (int step = 0; step < evaluation.steps; step++) {
        if (other == null || !count.has(other, step)) {
          sum.set(row, step, Block.ABSENT);
        } else if (sum.has(row, step) && sum.histogram(row, step) == null) {
          sum.set(row, step, sum.get(row, step) / count.get(other, step));
        }
      }
    }
    return sum;
  }

  static Block rate(Evaluation evaluation, Call call) {
    return counter(evaluation, call, true);
  }

  static Block increase(Evaluation evaluation, Call call) {
    return counter(evaluation, call, false);
  }

  private static Block counter(Evaluation evaluation, Call call, boolean perSecond) {
    Block block =
        apply(
            evaluation,
            call,
            (w, p) -> RangeFunctions.extrapolated(w, true, perSecond),
            (w, p, notes) -> HistogramRanges.extrapolated(w, true, perSecond, notes));
    String known = "";
    for (int row = 0; row < block.rows(); row++) {
      String name = block.labels(row).metricName();
      if (!name.equals(known)
          && !isCounter(name, block.labels(row).get("__type__"))
          && block.hasNumber(row)) {
        evaluation.run.inform(
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
                + Strings.quote(name),
            Evaluation.unwrap(call.args().get(0)).span());
        known = name;
      }
    }
    return evaluation.withoutNamesOnce(block);
  }

  private static boolean isCounter(String name, String type) {
    return type.equals("counter")
        || type.equals("histogram")
        || COUNTERS.stream().anyMatch(name::endsWith);
  }

  static Block first(Evaluation evaluation, Call call) {
    return apply(evaluation, call, (w, p) -> w.values[w.from], HistogramRanges::first);
  }

  /** Keeps the name, as first does: taking one sample out of a range is no more than an offset. */
  static Block last(Evaluation evaluation, Call call) {
    return apply(evaluation, call, (w, p) -> w.values[w.to - 1], HistogramRanges::last);
  }

  static Block predict(Evaluation evaluation, Call call) {
    double[] seconds = evaluation.scalar(call.args().get(1));
    Expr range = Evaluation.unwrap(call.args().get(0));
    RangeFunctions.Of function =
        (w, after) ->
            Double.isNaN(after) && w.size() > 1 ? Double.NaN : RangeFunctions.predict(w, after);
    return evaluation.withoutNamesOnce(
        apply(
            evaluation,
            evaluation.range(range),
            seconds,
            function,
            HistogramRanges.ignoring(function),
            range.span()));
  }

  static Block quantile(Evaluation evaluation, Call call) {
    Expr argument = Evaluation.unwrap(call.args().get(0));
    double[] quantiles = evaluation.scalar(argument);
    RangeFunctions.Of function =
        (w, q) -> {
          if (!Quantile.isValid(q)) {
            Quantile.warn(evaluation.run, q, argument.span());
          }
          return Quantile.of(q, w.sorted(), w.size());
        };
    return evaluation.withoutNamesOnce(
        apply(
            evaluation,
            evaluation.range(call.args().get(1)),
            quantiles,
            function,
            HistogramRanges.ignoring(function),
            argument.span()));
  }

  static Block absent(Evaluation evaluation, Call call) {
    Block present = apply(evaluation, call, (w, p) -> 1, (w, p, notes) -> 1);
    return absence(evaluation, present, call.args().get(0));
  }

  /** 1 at every step at which nothing is there, with the labels that the selector asked for. */
  static Block absence(Evaluation evaluation, Block present, Expr selector) {
    evaluation.run.hold(evaluation.steps);
    Block absent = new Block(evaluation.steps, 1);
    absent.add(labelsAskedFor(Evaluation.unwrap(selector)), false);
    for (int step = 0; step < evaluation.steps; step++) {
      boolean found = false;
      for (int row = 0; row < present.rows() && !found; row++) {
        found = present.has(row, step);
      }
      if (!found) {
        absent.set(0, step, 1);
      }
    }
    return absent;
  }

  private static Labels labelsAskedFor(Expr expr) {
    List<LabelMatcher> matchers = List.of();
    if (expr instanceof Expr.VectorSelector selector) {
      matchers = selector.matchers();
    } else if (expr instanceof Expr.MatrixSelector matrix) {
      matchers = matrix.vector().matchers();
    }
    Labels.Builder labels = Labels.EMPTY.toBuilder();
    for (LabelMatcher matcher : matchers) {
      boolean once = matchers.stream().filter(m -> m.name().equals(matcher.name())).count() == 1;
      if (once && matcher.op() == LabelMatcher.Op.EQUAL && !matcher.name().equals(Labels.NAME)) {
        labels.set(matcher.name(), matcher.value());
      }
    }
    return labels.build();
  }

  private static Block apply(
      Evaluation evaluation,
      RangeInput input,
      double[] parameters,
      RangeFunctions.Of function,
      HistogramRanges.Of mixed,
      Span span) {
    Run run = evaluation.run;
    HistogramNotes notes = new HistogramNotes(run, span);
    run.hold((long) input.rows() * evaluation.steps);
    Block block = new Block(evaluation.steps, input.rows());
    Window window = new Window();
    for (int row = 0; row < input.rows(); row++) {
      window.clear();
      input.load(row, window);
      long weight = window.weight();
      run.hold(weight);
      notes.of(input.labels(row));
      int added = block.add(input.labels(row), input.dropsName(row));
      boolean any = false;
      long startsInsideUntil = input.startsInsideUntil(row);
      for (int step = 0; step < evaluation.steps; step++) {
        long end = evaluation.reference(input.shift, step);
        long start = end - input.rangeMillis;
        long from = start < startsInsideUntil ? start - 1 : start - input.beforeMillis;
        window.move(from, end + input.afterMillis, evaluation.time(step));
        run.work(1 + window.size());
        run.read(window.read());
        window.start = start;
        window.end = end;
        if (window.histograms() > 0) {
          double value = mixed.of(window, parameters[step], notes);
          Histogram histogram = Block.isHistogram(value) ? window.result : null;
          if (histogram == null) {
            block.set(added, step, value);
          } else {
            run.hold(histogram.size());
            block.set(added, step, histogram);
          }
          any |= !Block.isAbsent(value);
        } else if (window.size() > 0) {
          double value = function.of(window, parameters[step]);
          block.set(added, step, value);
          any |= !Block.isAbsent(value);
        }
      }
      if (!any) {
        block.removeLast();
      }
      run.release(weight);
    }
    return block;
  }
}
