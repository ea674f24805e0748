package vigie.collector.promql;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;

/**
 * A vector at every step of a query: one row of values for each series, all rows in one array. What
 * is not there is the stale marker, which no computation can give and no selector lets through.
 * Native histograms stand in an array beside the values, made when the first one comes; the value
 * is then another NaN that no computation can give. One query's, so one thread's.
 */
final class Block {
  /** Stands where a row has no value. */
  static final double ABSENT = Staleness.MARKER;

  /** Stands where a row has a histogram. Signaling, so that arithmetic makes a plain NaN of it. */
  static final double HISTOGRAM = Double.longBitsToDouble(0x7ff0000000004e48L);

  private static final long HISTOGRAM_BITS = 0x7ff0000000004e48L;

  private final int steps;
  private int rows;
  private Labels[] labels;

  /** Whether {@code __name__} is still to be dropped at the end of the query. */
  private boolean[] dropName;

  private double[] values;
  private @Nullable Histogram @Nullable [] histograms;

  Block(int steps, int capacity) {
    this.steps = steps;
    this.labels = new Labels[capacity];
    this.dropName = new boolean[capacity];
    this.values = new double[Math.multiplyExact(steps, capacity)];
  }

  static boolean isAbsent(double value) {
    return Double.isNaN(value) && Staleness.isStale(value);
  }

  static boolean isHistogram(double value) {
    return Double.isNaN(value) && Double.doubleToRawLongBits(value) == HISTOGRAM_BITS;
  }

  int steps() {
    return steps;
  }

  int rows() {
    return rows;
  }

  /** Adds a row in which nothing is there yet. */
  int add(Labels rowLabels, boolean rowDropsName) {
    if (rows == labels.length) {
      int capacity = Math.max(4, 2 * rows);
      labels = Arrays.copyOf(labels, capacity);
      dropName = Arrays.copyOf(dropName, capacity);
      values = Arrays.copyOf(values, Math.multiplyExact(steps, capacity));
      if (histograms != null) {
        histograms = Arrays.copyOf(histograms, values.length);
      }
    }
    labels[rows] = rowLabels;
    dropName[rows] = rowDropsName;
    Arrays.fill(values, rows * steps, (rows + 1) * steps, ABSENT);
    return rows++;
  }

  /** Takes the newest row back. */
  void removeLast() {
    rows--;
  }

  Labels labels(int row) {
    return labels[row];
  }

  void setLabels(int row, Labels rowLabels) {
    labels[row] = rowLabels;
  }

  boolean dropsName(int row) {
    return dropName[row];
  }

  void setDropsName(int row, boolean drops) {
    dropName[row] = drops;
  }

  double get(int row, int step) {
    return values[row * steps + step];
  }

  /** The histogram; null where there is none. */
  @Nullable Histogram histogram(int row, int step) {
    int at = row * steps + step;
    return histograms != null && isHistogram(values[at]) ? histograms[at] : null;
  }

  boolean has(int row, int step) {
    return !isAbsent(values[row * steps + step]);
  }

  void set(int row, int step, double value) {
    values[row * steps + step] = value;
  }

  void set(int row, int step, Histogram histogram) {
    if (histograms == null) {
      histograms = new Histogram[values.length];
    }
    values[row * steps + step] = HISTOGRAM;
    histograms[row * steps + step] = histogram;
  }

  /** Sets what another block has in a row at this step; one of a single step, at that. */
  void set(int row, int step, Block from, int fromRow) {
    int fromStep = from.steps == 1 ? 0 : step;
    Histogram histogram = from.histogram(fromRow, fromStep);
    if (histogram == null) {
      set(row, step, from.get(fromRow, fromStep));
    } else {
      set(row, step, histogram);
    }
  }

  /** Whether a histogram may be anywhere. */
  boolean hasHistograms() {
    return histograms != null;
  }

  /** This block with nothing where histograms were: what functions of numbers see. */
  Block numbers() {
    if (histograms != null) {
      for (int i = 0; i < rows * steps; i++) {
        if (isHistogram(values[i])) {
          values[i] = ABSENT;
        }
      }
      histograms = null;
    }
    return this;
  }

  /** Whether the row has a value at any step. */
  boolean hasAny(int row) {
    for (int i = row * steps; i < (row + 1) * steps; i++) {
      if (!isAbsent(values[i])) {
        return true;
      }
    }
    return false;
  }

  /** Whether the row has a number at any step. */
  boolean hasNumber(int row) {
    for (int i = row * steps; i < (row + 1) * steps; i++) {
      if (!isAbsent(values[i]) && !isHistogram(values[i])) {
        return true;
      }
    }
    return false;
  }

  /** Whether any row has a value at the step. */
  boolean hasAnyAt(int step) {
    for (int row = 0; row < rows; row++) {
      if (has(row, step)) {
        return true;
      }
    }
    return false;
  }

  /** Copies a row of another block with as many steps to the end of this one. */
  int copy(Block from, int row) {
    int added = add(from.labels[row], from.dropName[row]);
    System.arraycopy(from.values, row * steps, values, added * steps, steps);
    if (from.histograms != null) {
      if (histograms == null) {
        histograms = new Histogram[values.length];
      }
      System.arraycopy(from.histograms, row * steps, histograms, added * steps, steps);
    }
    return added;
  }
}
