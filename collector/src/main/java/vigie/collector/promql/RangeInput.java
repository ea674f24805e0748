package vigie.collector.promql;

import java.util.List;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/** Series for a range function: read from the store, or the result of a subquery. */
abstract class RangeInput {
  final long rangeMillis;
  final Expr.Shift shift;

  private RangeInput(long rangeMillis, Expr.Shift shift) {
    this.rangeMillis = rangeMillis;
    this.shift = shift;
  }

  abstract int rows();

  abstract Labels labels(int row);

  abstract boolean dropsName(int row);

  /** Adds all samples of the row, without stale markers. */
  abstract void load(int row, Window window);

  static RangeInput of(List<Series> series, long rangeMillis, Expr.Shift shift) {
    return new RangeInput(rangeMillis, shift) {
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
      void load(int row, Window window) {
        SampleIterator samples = series.get(row).iterator();
        while (samples.next()) {
          double value = samples.value();
          if (!Block.isAbsent(value)) {
            window.add(samples.time(), value);
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
          if (block.has(row, step)) {
            window.add(grid.time(step), block.get(row, step));
          }
        }
      }
    };
  }
}
