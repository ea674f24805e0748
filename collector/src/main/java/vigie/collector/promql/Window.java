package vigie.collector.promql;

import java.util.Arrays;

/**
 * The samples of one series that a range selector sees, moved along from step to step over one
 * reused buffer. Functions read {@code times} and {@code values} from {@code from} to before {@code
 * to} and keep neither.
 */
final class Window {
  long[] times = new long[256];
  double[] values = new double[256];
  int from;
  int to;

  /** The range: after {@code start}, to {@code end}. */
  long start;

  long end;

  /** The step's own time, which an offset or {@code @} sets apart from {@code end}. */
  long evaluation;

  private int count;
  private double[] scratch = new double[0];

  /** Empties the buffer for the next series. */
  void clear() {
    count = 0;
    from = 0;
    to = 0;
  }

  void add(long time, double value) {
    if (count == times.length) {
      times = Arrays.copyOf(times, 2 * count);
      values = Arrays.copyOf(values, 2 * count);
    }
    times[count] = time;
    values[count++] = value;
  }

  /** Samples in the buffer. */
  int count() {
    return count;
  }

  /** Moves on to a range that begins and ends no earlier than the one before. */
  void move(long newStart, long newEnd, long newEvaluation) {
    start = newStart;
    end = newEnd;
    evaluation = newEvaluation;
    while (to < count && times[to] <= end) {
      to++;
    }
    while (from < to && times[from] <= start) {
      from++;
    }
  }

  int size() {
    return to - from;
  }

  double rangeSeconds() {
    return (end - start) / 1000.0;
  }

  /** A copy of the values in range, sorted, NaN first; valid until the next call. */
  double[] sorted() {
    if (scratch.length < size()) {
      scratch = new double[Math.max(2 * scratch.length, size())];
    }
    System.arraycopy(values, from, scratch, 0, size());
    Quantile.sort(scratch, size());
    return scratch;
  }
}
