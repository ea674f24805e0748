package vigie.collector.promql;

import java.util.Arrays;

/** Quantiles of plain values. */
final class Quantile {
  private Quantile() {}

  /** Sorts the first values, NaN before all numbers. */
  static void sort(double[] values, int count) {
    int nans = 0;
    for (int i = 0; i < count; i++) {
      if (Double.isNaN(values[i])) {
        double swapped = values[nans];
        values[nans++] = values[i];
        values[i] = swapped;
      }
    }
    Arrays.sort(values, nans, count);
  }

  /** The quantile of the first values, which are sorted; interpolated between two of them. */
  static double of(double q, double[] sorted, int count) {
    if (count == 0 || Double.isNaN(q)) {
      return Double.NaN;
    }
    if (q < 0) {
      return Double.NEGATIVE_INFINITY;
    }
    if (q > 1) {
      return Double.POSITIVE_INFINITY;
    }
    double rank = q * (count - 1);
    int lower = (int) Math.max(0, Math.floor(rank));
    int upper = Math.min(count - 1, lower + 1);
    double weight = rank - Math.floor(rank);
    return sorted[lower] * (1 - weight) + sorted[upper] * weight;
  }

  static boolean isValid(double q) {
    return q >= 0 && q <= 1;
  }

  static void warn(Run run, double q, Span span) {
    run.warn("quantile value should be between 0 and 1, got " + Numbers.format(q), span);
  }
}
