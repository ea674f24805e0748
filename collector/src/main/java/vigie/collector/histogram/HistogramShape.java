package vigie.collector.histogram;

import java.util.List;

/**
 * What a histogram says of how its observations are distributed. Within a bucket they are taken as
 * spread evenly, on a logarithmic scale if the buckets are exponential; the zero bucket ends at 0
 * on the side that has no buckets.
 */
public final class HistogramShape {
  private final Histogram histogram;
  private final double[] lower;
  private final double[] upper;
  private final double[] counts;

  public HistogramShape(Histogram histogram) {
    this.histogram = histogram;
    List<Histogram.Bucket> all = histogram.buckets();
    lower = new double[all.size()];
    upper = new double[lower.length];
    counts = new double[lower.length];
    for (int i = 0; i < lower.length; i++) {
      Histogram.Bucket bucket = all.get(i);
      lower[i] = bucket.lower();
      upper[i] = bucket.upper();
      counts[i] = bucket.count();
    }
  }

  /** Whether observations were NaN: they are counted, and in no bucket. */
  public boolean hasNan() {
    return Double.isNaN(histogram.sum()) && inBuckets() < histogram.count();
  }

  private double inBuckets() {
    double all = 0;
    for (double count : counts) {
      all += count;
    }
    return all;
  }

  /** The value below which a share of the observations lies; NaN counts as the highest. */
  public double quantile(double q) {
    double all = histogram.count();
    if (Double.isNaN(q) || (q >= 0 && q <= 1 && all == 0)) {
      return Double.NaN;
    }
    if (q < 0 || q > 1) {
      return q < 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    boolean nan = Double.isNaN(histogram.sum());
    boolean up = nan || q < 0.5;
    double rank = (up ? q : 1 - q) * all;
    double passed = 0;
    int at = up ? -1 : counts.length;
    do {
      int next = up ? at + 1 : at - 1;
      if (next < 0 || next >= counts.length) {
        break;
      }
      at = next;
      passed += counts[at];
    } while (counts[at] == 0 || !(passed >= rank));
    boolean found = at >= 0 && at < counts.length;
    double low = found ? lower[at] : 0;
    double high = found ? upper[at] : 0;
    if (histogram.isCustom()) {
      if (low == Double.NEGATIVE_INFINITY) {
        if (high <= 0) {
          return high;
        }
        low = 0;
      } else if (high == Double.POSITIVE_INFINITY) {
        return low;
      }
    } else if (low < 0 && high > 0) {
      low = lowerOfZero(low);
      high = upperOfZero(high);
    }
    passed = Math.min(passed, all);
    if (passed < rank) {
      return nan ? Double.NaN : high;
    }
    double inBucket = up ? rank - (passed - counts[at]) : passed - rank;
    double share = inBucket / counts[at];
    if (histogram.isCustom() || (low <= 0 && high >= 0)) {
      return low + (high - low) * share;
    }
    double logLow = log2(Math.abs(low));
    double logHigh = log2(Math.abs(high));
    return low > 0
        ? Math.pow(2, logLow + (logHigh - logLow) * share)
        : -Math.pow(2, logHigh + (logLow - logHigh) * (1 - share));
  }

  private double lowerOfZero(double low) {
    return histogram.negative().size() == 0 && histogram.positive().size() > 0 ? 0 : low;
  }

  private double upperOfZero(double high) {
    return histogram.positive().size() == 0 && histogram.negative().size() > 0 ? 0 : high;
  }

  /** The share of the observations between two values; those that are NaN are outside. */
  public double fraction(double from, double to) {
    double all = histogram.count();
    if (all == 0 || Double.isNaN(from) || Double.isNaN(to)) {
      return Double.NaN;
    }
    if (from >= to) {
      return 0;
    }
    double most = Double.isNaN(histogram.sum()) ? inBuckets() : all;
    return (Math.min(most, below(to, most)) - Math.min(most, below(from, most))) / all;
  }

  private double below(double value, double otherwise) {
    double rank = 0;
    for (int i = 0; i < counts.length; i++) {
      double low = lower[i];
      double high = upper[i];
      boolean zero = low <= 0 && high >= 0;
      if (zero) {
        low = lowerOfZero(low);
        high = upperOfZero(high);
      }
      if (low >= value) {
        return rank;
      }
      if (high > value) {
        if (zero || histogram.isCustom()) {
          return low == Double.NEGATIVE_INFINITY
              ? counts[i]
              : rank + counts[i] * (value - low) / (high - low);
        }
        return rank + counts[i] * logShare(low, high, value);
      }
      rank += counts[i];
    }
    return otherwise;
  }

  /** How much of an exponential bucket, which has no 0 in it, is below the value. */
  static double logShare(double low, double high, double value) {
    double logLow = log2(Math.abs(low));
    double logHigh = log2(Math.abs(high));
    double log = log2(Math.abs(value));
    return low >= 0
        ? (log - logLow) / (logHigh - logLow)
        : 1 - (log - logHigh) / (logLow - logHigh);
  }

  private static double log2(double value) {
    int exponent = Math.getExponent(value);
    if (value > 0 && exponent >= Double.MIN_EXPONENT && exponent <= Double.MAX_EXPONENT) {
      double fraction = Math.scalb(value, -exponent);
      return exponent + (fraction == 1 ? 0 : Math.log(fraction) / Math.log(2));
    }
    return Math.log(value) / Math.log(2);
  }

  /** The mean square of the distances from the mean, each bucket standing for its middle. */
  public double variance() {
    double mean = histogram.sum() / histogram.count();
    double sum = 0;
    double compensation = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 0) {
        continue;
      }
      double middle;
      if (histogram.isCustom()) {
        middle = (upper[i] + lower[i]) / 2;
      } else if (lower[i] <= 0 && upper[i] >= 0) {
        middle = 0;
      } else {
        middle = Math.copySign(Math.sqrt(upper[i] * lower[i]), upper[i]);
      }
      double term = counts[i] * (middle - mean) * (middle - mean);
      double next = sum + term;
      if (Double.isInfinite(next)) {
        compensation = 0;
      } else if (Math.abs(sum) >= Math.abs(term)) {
        compensation += (sum - next) + term;
      } else {
        compensation += (term - next) + sum;
      }
      sum = next;
    }
    return (sum + compensation) / histogram.count();
  }
}
