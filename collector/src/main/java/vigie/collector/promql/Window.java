package vigie.collector.promql;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/**
 * The samples of one series that a range selector sees, moved along from step to step over one
 * reused buffer. Functions read {@code times} and {@code values} from {@code from} to before {@code
 * to} and keep neither. A histogram stands beside its place, where the value is {@link
 * Block#HISTOGRAM}.
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

  /** The result of a function that gave {@link Block#HISTOGRAM}. */
  @Nullable Histogram result;

  private int count;

  /** Null while there is no histogram in the buffer. */
  private @Nullable Histogram @Nullable [] histograms;

  /** Histograms in range. */
  private int mixed;

  private @Nullable Window numbers;
  private double[] scratch = new double[0];

  /** Empties the buffer for the next series. */
  void clear() {
    count = 0;
    mixed = 0;
    histograms = null;
    from = 0;
    to = 0;
  }

  void add(long time, double value) {
    if (count == times.length) {
      times = Arrays.copyOf(times, 2 * count);
      values = Arrays.copyOf(values, 2 * count);
      if (histograms != null) {
        histograms = Arrays.copyOf(histograms, values.length);
      }
    }
    times[count] = time;
    values[count++] = value;
  }

  void add(long time, Histogram histogram) {
    add(time, Block.HISTOGRAM);
    if (histograms == null) {
      histograms = new Histogram[values.length];
    }
    histograms[count - 1] = histogram;
  }

  /** What samples in the buffer weigh against the limit of a query. */
  long weight() {
    if (histograms == null) {
      return count;
    }
    long weight = count;
    for (int i = 0; i < count; i++) {
      Histogram histogram = histograms[i];
      weight += histogram == null ? 0 : histogram.size();
    }
    return weight;
  }

  /** As how many samples those in range count. */
  long read() {
    long read = size();
    for (int i = from; mixed > 0 && histograms != null && i < to; i++) {
      Histogram histogram = histograms[i];
      read += histogram == null ? 0 : Run.weight(histogram) - 1;
    }
    return read;
  }

  /** How many of the samples in range are histograms. */
  int histograms() {
    return mixed;
  }

  /** The histogram at a place; null for a number. */
  @Nullable Histogram histogram(int at) {
    return histograms == null ? null : histograms[at];
  }

  /** Those in range, in parallel to the values; empty where there is none. */
  @Nullable Histogram[] histogramsInRange() {
    return mixed == 0 || histograms == null
        ? new Histogram[0]
        : Arrays.copyOfRange(histograms, from, to);
  }

  /** The same range with only its numbers; valid until the next call. */
  Window numbers() {
    Window only = numbers == null ? new Window() : numbers;
    numbers = only;
    only.clear();
    for (int i = from; i < to; i++) {
      if (!Block.isHistogram(values[i])) {
        only.add(times[i], values[i]);
      }
    }
    only.move(start, end, evaluation);
    return only;
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
    if (histograms != null) {
      mixed = 0;
      for (int i = from; i < to; i++) {
        mixed += histograms[i] == null ? 0 : 1;
      }
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
