package vigie.collector.promql;

import java.util.Arrays;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;

/**
 * A vector at every step of a query: one row of values for each series, all rows in one array. What
 * is not there is the stale marker, which no computation can give and no selector lets through.
 * Native histograms will stand in a column beside the values. One query's, so one thread's.
 */
final class Block {
  /** Stands where a row has no value. */
  static final double ABSENT = Staleness.MARKER;

  private final int steps;
  private int rows;
  private Labels[] labels;

  /** Whether {@code __name__} is still to be dropped at the end of the query. */
  private boolean[] dropName;

  private double[] values;

  Block(int steps, int capacity) {
    this.steps = steps;
    this.labels = new Labels[capacity];
    this.dropName = new boolean[capacity];
    this.values = new double[Math.multiplyExact(steps, capacity)];
  }

  static boolean isAbsent(double value) {
    return Double.isNaN(value) && Staleness.isStale(value);
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

  boolean has(int row, int step) {
    return !isAbsent(values[row * steps + step]);
  }

  void set(int row, int step, double value) {
    values[row * steps + step] = value;
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

  /** Copies a row of another block with as many steps to the end of this one. */
  int copy(Block from, int row) {
    int added = add(from.labels[row], from.dropName[row]);
    System.arraycopy(from.values, row * steps, values, added * steps, steps);
    return added;
  }
}
