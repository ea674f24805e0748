package vigie.collector.promql;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/**
 * Evaluates a tree at the steps of one time grid: a query's, a subquery's, or a single step for
 * what does not change from step to step. Every node is evaluated once, for all steps.
 */
final class Evaluation {
  final Run run;
  final long startMillis;
  final long stepMillis;
  final int steps;

  Evaluation(Run run, long startMillis, long stepMillis, int steps) {
    this.run = run;
    this.startMillis = startMillis;
    this.stepMillis = stepMillis;
    this.steps = steps;
  }

  long time(int step) {
    return startMillis + step * stepMillis;
  }

  boolean isDelayed() {
    return run.options.delayedNameRemoval();
  }

  /** The value of a vector expression. The caller owns the block and may write to it. */
  Block vector(Expr wrapped) {
    Block block = computed(unwrap(wrapped));
    run.work((long) block.rows() * steps);
    return block;
  }

  private Block computed(Expr expr) {
    if (steps > 1 && Invariance.holds(expr)) {
      long before = run.read();
      Block single = new Evaluation(run, startMillis, stepMillis, 1).vector(expr);
      run.read((run.read() - before) * (steps - 1));
      return spread(single);
    }
    if (expr instanceof Expr.VectorSelector selector) {
      return select(selector, false);
    }
    if (expr instanceof Expr.Call call) {
      EdgeRanges.check(call);
      return call.function().vector(this, call);
    }
    if (expr instanceof Expr.Aggregate aggregate) {
      return Aggregation.of(this, aggregate);
    }
    if (expr instanceof Expr.Binary binary) {
      return VectorOperation.of(this, binary);
    }
    if (expr instanceof Expr.Unary unary) {
      return unary(unary);
    }
    throw new AssertionError("not a vector: " + expr);
  }

  /** The value of a scalar expression at each step. */
  double[] scalar(Expr wrapped) {
    Expr expr = unwrap(wrapped);
    run.hold(steps);
    if (expr instanceof Expr.Num number) {
      return filled(number.value());
    }
    if (steps > 1 && Invariance.holds(expr)) {
      long before = run.read();
      double value = new Evaluation(run, startMillis, stepMillis, 1).scalar(expr)[0];
      run.read((run.read() - before) * (steps - 1));
      return filled(value);
    }
    if (expr instanceof Expr.Call call) {
      return call.function().scalar(this, call);
    }
    if (expr instanceof Expr.Unary unary) {
      double[] values = scalar(unary.expr());
      for (int i = 0; unary.negative() && i < steps; i++) {
        values[i] = -values[i];
      }
      return values;
    }
    if (expr instanceof Expr.Binary binary) {
      double[] left = scalar(binary.left());
      double[] right = scalar(binary.right());
      BinaryOp op = binary.op();
      if (op.isTrim()) {
        throw failed("operator " + Strings.quote(op.text()) + " not allowed for Scalar operations");
      }
      for (int i = 0; i < steps; i++) {
        left[i] =
            op.isComparison()
                ? (op.compare(left[i], right[i]) ? 1 : 0)
                : op.compute(left[i], right[i]);
      }
      return left;
    }
    throw new AssertionError("not a scalar: " + expr);
  }

  double[] filled(double value) {
    double[] values = new double[steps];
    Arrays.fill(values, value);
    return values;
  }

  /** The text of a string argument. */
  static String text(Expr expr) {
    return ((Expr.Text) unwrap(expr)).value();
  }

  static Expr unwrap(Expr expr) {
    Expr inner = expr;
    while (inner instanceof Expr.Paren paren) {
      inner = paren.expr();
    }
    return inner;
  }

  private Block spread(Block single) {
    run.hold((long) single.rows() * (steps - 1));
    Block all = new Block(steps, single.rows());
    for (int row = 0; row < single.rows(); row++) {
      if (single.has(row, 0)) {
        int added = all.add(single.labels(row), single.dropsName(row));
        for (int step = 0; step < steps; step++) {
          all.set(added, step, single, row);
        }
      }
    }
    return all;
  }

  private Block unary(Expr.Unary unary) {
    Block block = vector(unary.expr());
    if (!unary.negative()) {
      return block;
    }
    for (int row = 0; row < block.rows(); row++) {
      for (int step = 0; step < steps; step++) {
        Histogram histogram = block.histogram(row, step);
        if (histogram != null) {
          block.set(row, step, histogram.times(-1));
        } else if (block.has(row, step)) {
          block.set(row, step, -block.get(row, step));
        }
      }
    }
    return withoutNamesOnce(block);
  }

  /** An instant selector: the newest sample of each series, or, if asked for, its time. */
  Block select(Expr.VectorSelector selector, boolean timestamps) {
    if (selector.edges() != Expr.Edges.PLAIN) {
      return smoothed(selector);
    }
    long lookback = run.options.lookback().toMillis();
    long first = reference(selector.shift(), 0);
    long last = reference(selector.shift(), steps - 1);
    Coarse coarse =
        timestamps
            ? null
            : coarse(Coarse.Column.INSTANT, true, Long.MAX_VALUE, first - lookback + 1, last);
    long back = coarse == null ? lookback : Math.max(lookback, coarse.resolutionMillis());
    List<Series> found = find(selector, first - back + 1, last, coarse);
    run.hold((long) found.size() * steps);
    Block block = new Block(steps, found.size());
    for (Series series : found) {
      run.tick();
      int row = block.add(series.labels(), false);
      SampleIterator samples = series.iterator();
      long coarseUntil = series.coarseUntilMillis();
      long coarseBack = Math.max(lookback, series.resolutionMillis());
      long read = 0;
      for (int step = 0; step < steps; step++) {
        long reference = reference(selector.shift(), step);
        if (samples.last(reference)
            && samples.time()
                > reference - (samples.time() < coarseUntil ? coarseBack : lookback)) {
          double value = samples.value();
          if (Double.isNaN(value)) {
            read += setNan(block, row, step, samples, timestamps, selector, series);
          } else {
            block.set(row, step, timestamps ? samples.time() / 1000.0 : value);
            read++;
          }
        }
      }
      if (read == 0) {
        block.removeLast();
      }
      run.read(read);
    }
    return block;
  }

  /** An instant selector that takes what lies between the samples around each step. */
  private Block smoothed(Expr.VectorSelector selector) {
    if (selector.edges() == Expr.Edges.ANCHORED) {
      throw failed("anchored modifier can only be used with a range selector");
    }
    long lookback = run.options.lookback().toMillis();
    long first = reference(selector.shift(), 0) - lookback;
    long last = reference(selector.shift(), steps - 1) + lookback;
    Expr.MatrixSelector around = new Expr.MatrixSelector(selector.span(), selector, 2 * lookback);
    List<Series> found = run.select(first + 1, last, selector.matchers());
    run.hold((long) found.size() * steps);
    RangeInput input = RangeInput.of(run, around, found);
    HistogramNotes notes = new HistogramNotes(run, selector.span());
    Block block = new Block(steps, found.size());
    Window window = new Window();
    for (int row = 0; row < input.rows(); row++) {
      window.clear();
      input.load(row, window);
      long weight = window.weight();
      run.hold(weight);
      notes.of(input.labels(row));
      int added = block.add(input.labels(row), false);
      for (int step = 0; step < steps; step++) {
        long time = reference(selector.shift(), step);
        window.move(time - lookback, time + lookback, time);
        run.work(1 + window.size());
        if (window.size() > 0) {
          double value = EdgeRanges.at(window, notes);
          Histogram histogram = Block.isHistogram(value) ? window.result : null;
          if (histogram == null) {
            block.set(added, step, value);
          } else {
            run.hold(histogram.size());
            block.set(added, step, histogram);
          }
        }
      }
      if (!block.hasAny(added)) {
        block.removeLast();
      }
      run.release(weight);
    }
    return block;
  }

  /**
   * A sample whose value is NaN: a histogram, the end of the series, or just NaN. Gives as how many
   * samples it counts, 0 for the end.
   */
  private long setNan(
      Block block,
      int row,
      int step,
      SampleIterator samples,
      boolean timestamps,
      Expr.VectorSelector selector,
      Series series) {
    Histogram histogram = samples.histogram();
    if (histogram == null && Block.isAbsent(samples.value())) {
      return 0;
    }
    if (timestamps) {
      block.set(row, step, samples.time() / 1000.0);
    } else if (histogram == null) {
      block.set(row, step, Double.NaN);
    } else {
      if (run.readsOnlyCounts(selector)) {
        long lookback = run.options.lookback().toMillis();
        long reference = reference(selector.shift(), step);
        histogram = CountedHistograms.newest(series, reference - lookback + 1, samples.time());
        run.checkTime(); // that unpacked a chunk
      }
      run.hold(histogram.size());
      block.set(row, step, histogram);
      return Run.weight(histogram);
    }
    return 1;
  }

  /** The time that a selector or subquery with this shift reads at a step. */
  long reference(Expr.Shift shift, int step) {
    Expr.At at = shift.at();
    long base =
        at == null
            ? time(step)
            : switch (at.anchor()) {
              case TIME -> at.millis();
              case START -> run.startMillis;
              case END -> run.endMillis;
            };
    return base - shift.offsetMillis();
  }

  /**
   * How series may be read whose steps are long; null for sample by sample.
   *
   * @param mostMillis a range, in which values for longer times would say nothing
   */
  private @Nullable Coarse coarse(
      Coarse.Column column, boolean always, long mostMillis, long from, long to) {
    long resolution = Math.min(Coarse.COARSEST_MILLIS, Math.min(stepMillis, mostMillis));
    if (resolution < Coarse.FINEST_MILLIS) {
      return null;
    }
    Coarse wanted = new Coarse(column, resolution, always);
    return run.hasCoarse(from, to, wanted) ? wanted : null;
  }

  /** The coarsest values of which there are two in, or at the ends of, each range; 0 for none. */
  private long counterMillis(long rangeMillis, long lastMillis) {
    for (long every : new long[] {Coarse.COARSEST_MILLIS, Coarse.FINEST_MILLIS}) {
      boolean aligned =
          Math.floorMod(lastMillis, every) == 0 && (steps == 1 || stepMillis % every == 0);
      if (stepMillis >= every && rangeMillis >= (aligned ? every : 2 * every)) {
        return every;
      }
    }
    return 0;
  }

  private List<Series> find(
      Expr.VectorSelector selector, long from, long to, @Nullable Coarse coarse) {
    if (coarse == null) {
      return run.select(from, to, selector.matchers());
    }
    List<Series> found = run.select(from, to, selector.matchers(), coarse);
    long resolution = found.stream().mapToLong(Series::resolutionMillis).max().orElse(0);
    if (resolution > 0) {
      run.inform(
          (coarse.always() ? "" : "approximately: ")
              + "answered from values for each "
              + Durations.format(Duration.ofMillis(resolution))
              + " where samples are old",
          selector.span());
    }
    return found;
  }

  /** What a range selector or subquery reads. */
  RangeInput range(Expr wrapped) {
    return range(wrapped, Coarse.Column.LAST, false);
  }

  /** As above, of this column where values are down-sampled. */
  RangeInput range(Expr wrapped, Coarse.Column column, boolean always) {
    Expr expr = unwrap(wrapped);
    if (expr instanceof Expr.MatrixSelector matrix) {
      Expr.Shift shift = matrix.vector().shift();
      long lookback = run.options.lookback().toMillis();
      Expr.Edges edges = matrix.vector().edges();
      long before = edges == Expr.Edges.PLAIN ? 0 : lookback;
      long after = edges == Expr.Edges.SMOOTHED ? lookback : 0;
      long first = reference(shift, 0) - matrix.rangeMillis() - before;
      long last = reference(shift, steps - 1) + after;
      boolean ofCounter = column == Coarse.Column.COUNTER;
      long most = ofCounter ? counterMillis(matrix.rangeMillis(), last) : matrix.rangeMillis();
      Coarse coarse =
          edges == Expr.Edges.PLAIN ? coarse(column, always, most, first + 1, last) : null;
      boolean counter = coarse != null && ofCounter;
      List<Series> found = find(matrix.vector(), counter ? first : first + 1, last, coarse);
      RangeInput input = RangeInput.of(run, matrix, found);
      input.beforeMillis = before;
      input.afterMillis = after;
      input.isCoarse = coarse != null;
      input.isCoarseCounter = counter;
      return input;
    }
    Expr.Subquery subquery = (Expr.Subquery) expr;
    long step =
        subquery.stepMillis() == 0 ? run.options.subqueryStep().toMillis() : subquery.stepMillis();
    long before = reference(subquery.shift(), 0) - subquery.rangeMillis();
    long first = Math.floorDiv(before, step) * step + step;
    long last = reference(subquery.shift(), steps - 1);
    int count = last < first ? 0 : Engine.steps(first, last, step);
    run.hold(count);
    Evaluation inner = new Evaluation(run, first, step, count);
    long read = run.read();
    Block block = count == 0 ? new Block(0, 0) : inner.vector(subquery.expr());
    // Its results are counted instead, as Prometheus does it.
    run.read(read - run.read());
    return RangeInput.of(inner, block, subquery.rangeMillis(), subquery.shift());
  }

  /** The block without metric names: at once, or marked so for the end of the query. */
  Block withoutNames(Block block) {
    return withoutNames(block, false);
  }

  /**
   * As {@link #withoutNames(Block)}, and two series that now have the same labels are a fault even
   * if they are never there at the same step: so it is with functions of ranges and with signs.
   */
  Block withoutNamesOnce(Block block) {
    return withoutNames(block, true);
  }

  private Block withoutNames(Block block, boolean once) {
    if (isDelayed()) {
      for (int row = 0; row < block.rows(); row++) {
        block.setDropsName(row, true);
      }
      return block;
    }
    boolean several = false;
    for (int row = 0; row < block.rows(); row++) {
      Labels labels = block.labels(row);
      several |= row > 0 && !labels.metricName().equals(block.labels(row - 1).metricName());
    }
    for (int row = 0; row < block.rows(); row++) {
      block.setLabels(row, block.labels(row).withoutMetric());
    }
    if (!several) {
      return block;
    }
    return once ? mergedOnce(block) : merged(block);
  }

  /**
   * As {@link #merged}, and two series with the same labels are a fault even if they are never
   * there at the same step.
   */
  Block mergedOnce(Block block) {
    Block merged = merged(block);
    if (merged.rows() < block.rows() && !isDelayed()) {
      Set<Labels> seen = new HashSet<>();
      for (int row = 0; row < block.rows(); row++) {
        if (block.hasAny(row) && !seen.add(block.labels(row))) {
          throw sameLabels();
        }
      }
    }
    return merged;
  }

  /** The block with rows of the same labels made one; they must not both be there at any step. */
  Block merged(Block block) {
    Map<Labels, Integer> rowOf = new HashMap<>(block.rows() * 2);
    boolean same = false;
    for (int row = 0; row < block.rows(); row++) {
      same |= rowOf.putIfAbsent(block.labels(row), row) != null;
    }
    if (!same) {
      return block;
    }
    rowOf.clear();
    Block merged = new Block(steps, block.rows());
    for (int row = 0; row < block.rows(); row++) {
      Integer known = rowOf.get(block.labels(row));
      if (known == null) {
        rowOf.put(block.labels(row), merged.copy(block, row));
        continue;
      }
      for (int step = 0; step < steps; step++) {
        if (block.has(row, step)) {
          if (merged.has(known, step)) {
            throw sameLabels();
          }
          merged.set(known, step, block, row);
        }
      }
    }
    return merged;
  }

  static PromqlException sameLabels() {
    return failed("vector cannot contain metrics with the same labelset");
  }

  static PromqlException failed(String what) {
    return PromqlException.evaluation(PromqlException.Kind.EXECUTION, what);
  }
}
