package vigie.collector.promql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import vigie.base.time.Clock;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;

/**
 * Evaluates queries over a store, with the semantics of Prometheus 3. Safe for all threads: a query
 * runs on the thread that asks, and shares nothing with others.
 */
public final class Engine {
  private static final Histogram[] NONE = new Histogram[0];

  private final SampleStore store;
  private final EngineOptions options;
  private final Clock clock;

  /** When the query came, in the clock's nanoseconds; {@link #ANEW} where it comes when asked. */
  private final long cameNanos;

  private static final long ANEW = Long.MIN_VALUE;

  private final BooleanSupplier abandoned;

  public Engine(SampleStore store, EngineOptions options) {
    this(store, options, Clock.system());
  }

  /** The clock measures only how long a query takes. */
  public Engine(SampleStore store, EngineOptions options, Clock clock) {
    this(store, options, clock, ANEW, () -> false);
  }

  private Engine(
      SampleStore store,
      EngineOptions options,
      Clock clock,
      long cameNanos,
      BooleanSupplier abandoned) {
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.cameNanos = cameNanos;
    this.abandoned = abandoned;
  }

  public EngineOptions options() {
    return options;
  }

  /**
   * An engine over the same store for one query with options of its own.
   *
   * @param came when the query came, in the clock's nanoseconds; its time runs from there
   * @param abandoned whether nobody waits for the answer any more, so that it ends; asked often
   */
  public Engine with(EngineOptions others, long came, BooleanSupplier abandoned) {
    return new Engine(store, others, clock, came, abandoned);
  }

  /** As above, for one that is waited for. */
  public Engine with(EngineOptions others, long came) {
    return with(others, came, () -> false);
  }

  private Run run(Expr query, long startMillis, long endMillis) {
    long came = cameNanos == ANEW ? clock.nanos() : cameNanos;
    return new Run(query, store, options, clock, came, abandoned, startMillis, endMillis);
  }

  /**
   * The value at one time: a vector, a scalar, a string, or a matrix for a range selector.
   *
   * @throws PromqlException if the data don't fit the query, or a limit is hit
   */
  public QueryResult instant(Expr expr, long timeMillis) {
    Run run = run(expr, timeMillis, timeMillis);
    Evaluation evaluation = new Evaluation(run, timeMillis, 1, 1);
    return run.result(
        switch (expr.type()) {
          case STRING -> new QueryResult.Text(timeMillis, Evaluation.text(expr));
          case SCALAR -> new QueryResult.Scalar(timeMillis, evaluation.scalar(expr)[0]);
          case VECTOR -> vector(evaluation.vector(expr), timeMillis);
          case MATRIX -> samples(evaluation, expr);
        });
  }

  /**
   * The values at each step from start to end, both included, as a matrix.
   *
   * @param stepMillis positive
   * @throws PromqlException if the data don't fit the query, or a limit is hit
   */
  public QueryResult range(Expr expr, long startMillis, long endMillis, long stepMillis) {
    if (expr.type() != ValueType.SCALAR && expr.type() != ValueType.VECTOR) {
      throw Evaluation.failed(
          "invalid expression type \""
              + expr.type().documented()
              + "\" for range query, must be Scalar or instant Vector");
    }
    if (stepMillis <= 0 || endMillis < startMillis) {
      throw new IllegalArgumentException(
          "a range query needs a positive step and an end not before its start: step "
              + stepMillis
              + " ms, from "
              + startMillis
              + " to "
              + endMillis);
    }
    Run run = run(expr, startMillis, endMillis);
    int steps = steps(startMillis, endMillis, stepMillis);
    run.hold(steps);
    Evaluation evaluation = new Evaluation(run, startMillis, stepMillis, steps);
    Block block;
    if (expr.type() == ValueType.VECTOR) {
      block = evaluation.vector(expr);
    } else {
      double[] values = evaluation.scalar(expr);
      block = new Block(steps, 1);
      block.add(Labels.EMPTY, false);
      for (int step = 0; step < steps; step++) {
        block.set(0, step, values[step]);
      }
    }
    return run.result(matrix(evaluation, block));
  }

  /** How many steps there are; more than an array holds are as many as one. */
  static int steps(long startMillis, long endMillis, long stepMillis) {
    return (int) Math.min(Integer.MAX_VALUE / 16, (endMillis - startMillis) / stepMillis + 1);
  }

  private static QueryResult.Vector vector(Block block, long timeMillis) {
    List<QueryResult.Sample> samples = new ArrayList<>(block.rows());
    Set<Labels> seen = new HashSet<>(2 * block.rows());
    for (int row = 0; row < block.rows(); row++) {
      if (block.has(row, 0)) {
        Labels labels = finalLabels(block, row);
        if (!seen.add(labels)) {
          throw Evaluation.sameLabels();
        }
        Histogram histogram = block.histogram(row, 0);
        double value = histogram == null ? block.get(row, 0) : Double.NaN;
        samples.add(new QueryResult.Sample(labels, timeMillis, value, histogram));
      }
    }
    return new QueryResult.Vector(List.copyOf(samples));
  }

  private static Labels finalLabels(Block block, int row) {
    return block.dropsName(row) ? block.labels(row).withoutMetric() : block.labels(row);
  }

  private static QueryResult.Matrix matrix(Evaluation evaluation, Block block) {
    for (int row = 0; row < block.rows(); row++) {
      block.setLabels(row, finalLabels(block, row));
    }
    Block merged = evaluation.merged(block);
    List<QueryResult.Row> rows = new ArrayList<>(merged.rows());
    long[] times = new long[evaluation.steps];
    double[] values = new double[evaluation.steps];
    boolean mixed = merged.hasHistograms();
    for (int row = 0; row < merged.rows(); row++) {
      int count = 0;
      Histogram[] histograms = mixed ? new Histogram[evaluation.steps] : NONE;
      for (int step = 0; step < evaluation.steps; step++) {
        if (merged.has(row, step)) {
          times[count] = evaluation.time(step);
          Histogram histogram = merged.histogram(row, step);
          if (histogram != null) {
            histograms[count] = histogram;
          }
          values[count++] = histogram == null ? merged.get(row, step) : Double.NaN;
        }
      }
      if (count > 0) {
        rows.add(
            new QueryResult.Row(
                merged.labels(row),
                Arrays.copyOf(times, count),
                Arrays.copyOf(values, count),
                mixed ? Arrays.copyOf(histograms, count) : histograms));
      }
    }
    return sorted(rows);
  }

  /** The samples themselves that a range selector or a subquery gives. */
  private static QueryResult.Matrix samples(Evaluation evaluation, Expr expr) {
    RangeInput input = evaluation.range(expr);
    Window window = new Window();
    List<QueryResult.Row> rows = new ArrayList<>();
    for (int row = 0; row < input.rows(); row++) {
      window.clear();
      input.load(row, window);
      evaluation.run.hold(window.weight());
      long end = evaluation.reference(input.shift, 0);
      window.move(end - input.rangeMillis, end, end);
      evaluation.run.read(window.read());
      if (window.size() > 0) {
        Labels labels = input.labels(row);
        rows.add(
            new QueryResult.Row(
                input.dropsName(row) ? labels.withoutMetric() : labels,
                Arrays.copyOfRange(window.times, window.from, window.to),
                Arrays.copyOfRange(window.values, window.from, window.to),
                window.histogramsInRange()));
      }
    }
    return sorted(rows);
  }

  private static QueryResult.Matrix sorted(List<QueryResult.Row> rows) {
    rows.sort(Comparator.comparing(QueryResult.Row::labels));
    return new QueryResult.Matrix(List.copyOf(rows));
  }
}
