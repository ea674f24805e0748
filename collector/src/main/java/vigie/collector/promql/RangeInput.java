package vigie.collector.promql;

import java.util.List;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/** Series for a range function: read from the store, or the result of a subquery. */
abstract class RangeInput {
  final long rangeMillis;
  final Expr.Shift shift;

  /** How far the windows reach beyond the range. */
  long beforeMillis;

  long afterMillis;

  /** Whether values may be down-sampled: what {@link vigie.collector.sample.Coarse.Column} says. */
  boolean isCoarse;

  /** Whether it is of counters that may be down-sampled. */
  boolean isCoarseCounter;

  private RangeInput(long rangeMillis, Expr.Shift shift) {
    this.rangeMillis = rangeMillis;
    this.shift = shift;
  }

  abstract int rows();

  abstract Labels labels(int row);

  abstract boolean dropsName(int row);

  /**
   * Before this a range of the row has its start in it: the value of a down-sampled counter at a
   * time is what it was then, and not one that came in the range.
   */
  long startsInsideUntil(int row) {
    return Long.MIN_VALUE;
  }

  /** Adds all samples of the row, without stale markers. */
  abstract void load(int row, Window window);

  static RangeInput of(Run run, Expr.MatrixSelector matrix, List<Series> series) {
    return new RangeInput(matrix.rangeMillis(), matrix.vector().shift()) {
      @Override
      int rows() {
        return series.size();
      }

      @Override
      Labels labels(int row) {
        return series.get(row).labels();
      }

      @Override
      boolean dropsName(int row) {
        return false;
      }

      @Override
      long startsInsideUntil(int row) {
        return isCoarseCounter ? series.get(row).coarseUntilMillis() : Long.MIN_VALUE;
      }

      @Override
      void load(int row, Window window) {
        SampleIterator samples = series.get(row).iterator();
        CountedHistograms counted = null;
        while (samples.next()) {
          double value = samples.value();
          if (!Double.isNaN(value)) {
            window.add(samples.time(), value);
          } else {
            Histogram histogram = samples.histogram();
            if (histogram != null) {
              if (counted == null && run.readsOnlyCounts(matrix.vector())) {
                counted = new CountedHistograms();
              }
              window.add(samples.time(), counted == null ? histogram : counted.next(histogram));
            } else if (!Block.isAbsent(value)) {
              window.add(samples.time(), Double.NaN);
            }
          }
        }
      }
    };
  }

  static RangeInput of(Evaluation grid, Block block, long rangeMillis, Expr.Shift shift) {
    return new RangeInput(rangeMillis, shift) {
      @Override
      int rows() {
        return block.rows();
      }

      @Override
      Labels labels(int row) {
        return block.labels(row);
      }

      @Override
      boolean dropsName(int row) {
        return block.dropsName(row);
      }

      @Override
      void load(int row, Window window) {
        for (int step = 0; step < grid.steps; step++) {
          Histogram histogram = block.histogram(row, step);
          if (histogram != null) {
            // Its hint is about another sample than that of the step before.
            boolean gauge = histogram.isGauge();
            window.add(
                grid.time(step), gauge ? histogram : histogram.withHint(Histogram.Hint.UNKNOWN));
          } else if (block.has(row, step)) {
            window.add(grid.time(step), block.get(row, step));
          }
        }
      }
    };
  }
}
