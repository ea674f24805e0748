package vigie.collector.promql;

/** Functions of the samples in a window, none of which is ever empty. */
final class RangeFunctions {
  /** A function of a window and of the scalar argument, 0 where there is none. */
  interface Of {
    /** The result, {@link Block#ABSENT} for none. */
    double of(Window window, double parameter);
  }

  private RangeFunctions() {}

  /**
   * How much the series changed in the range, extrapolated to its ends where the samples come close
   * to them.
   */
  static double extrapolated(Window w, boolean counter, boolean perSecond) {
    if (w.size() < 2) {
      return Block.ABSENT;
    }
    double[] values = w.values;
    int last = w.to - 1;
    double first = values[w.from];
    double change = values[last] - first;
    if (counter) {
      for (int i = w.from + 1; i <= last; i++) {
        if (values[i] < values[i - 1]) {
          change += values[i - 1];
        }
      }
    }
    return change * extrapolation(w, first, change, counter, perSecond);
  }

  /**
   * By how much the change between the first and the last sample is to be multiplied.
   *
   * @param first the value of the first
   */
  static double extrapolation(
      Window w, double first, double change, boolean counter, boolean perSecond) {
    int last = w.to - 1;
    double toStart = (w.times[w.from] - w.start) / 1000.0;
    double toEnd = (w.end - w.times[last]) / 1000.0;
    double sampled = (w.times[last] - w.times[w.from]) / 1000.0;
    double between = sampled / (last - w.from);
    // A gap of more than this to an end says that the series began or ended within the range.
    double close = between * 1.1;
    if (toStart >= close) {
      toStart = between / 2;
    }
    if (counter && change > 0 && first >= 0) {
      // A counter was never below zero, so it did not begin before it would have been zero.
      toStart = Math.min(toStart, sampled * (first / change));
    }
    if (toEnd >= close) {
      toEnd = between / 2;
    }
    double factor = (sampled + toStart + toEnd) / sampled;
    if (perSecond) {
      factor /= w.rangeSeconds();
    }
    return factor;
  }

  /** The change between the last two samples, per second as of a counter. */
  static double lastTwo(Window w, boolean rate) {
    if (w.size() < 2) {
      return Block.ABSENT;
    }
    double last = w.values[w.to - 1];
    double before = w.values[w.to - 2];
    if (!rate) {
      return last - before;
    }
    double change = last < before ? last : last - before;
    return change / ((w.times[w.to - 1] - w.times[w.to - 2]) / 1000.0);
  }

  static double changes(Window w, double unused) {
    int changes = 0;
    for (int i = w.from + 1; i < w.to; i++) {
      double before = w.values[i - 1];
      double now = w.values[i];
      changes += now != before && !(Double.isNaN(now) && Double.isNaN(before)) ? 1 : 0;
    }
    return changes;
  }

  static double resets(Window w, double unused) {
    int resets = 0;
    for (int i = w.from + 1; i < w.to; i++) {
      resets += w.values[i] < w.values[i - 1] ? 1 : 0;
    }
    return resets;
  }

  static double max(Window w, double unused) {
    double max = w.values[w.from];
    for (int i = w.from + 1; i < w.to; i++) {
      if (w.values[i] > max || Double.isNaN(max)) {
        max = w.values[i];
      }
    }
    return max;
  }

  static double min(Window w, double unused) {
    double min = w.values[w.from];
    for (int i = w.from + 1; i < w.to; i++) {
      if (w.values[i] < min || Double.isNaN(min)) {
        min = w.values[i];
      }
    }
    return min;
  }

  static double sum(Window w, double unused) {
    double sum = 0;
    double compensation = 0;
    for (int i = w.from; i < w.to; i++) {
      double next = sum + w.values[i];
      compensation = Kahan.compensation(sum, compensation, w.values[i], next);
      sum = next;
    }
    return Double.isInfinite(sum) ? sum : sum + compensation;
  }

  /** The sum by the count; where the sum overflows, a running mean from there on. */
  static double avg(Window w, double unused) {
    double sum = w.values[w.from];
    double compensation = 0;
    boolean running = false;
    for (int i = w.from + 1; i < w.to; i++) {
      double value = w.values[i];
      double count = i - w.from + 1;
      if (!running) {
        double next = sum + value;
        if (!Double.isInfinite(next)) {
          compensation = Kahan.compensation(sum, compensation, value, next);
          sum = next;
          continue;
        }
        running = true;
        sum /= count - 1;
        compensation /= count - 1;
      }
      double share = (count - 1) / count;
      double mean = share * sum;
      double next = mean + value / count;
      compensation = Kahan.compensation(mean, share * compensation, value / count, next);
      sum = next;
    }
    return running ? sum + compensation : sum / w.size() + compensation / w.size();
  }

  static double variance(Window w) {
    Kahan mean = new Kahan();
    Kahan squares = new Kahan();
    int count = 0;
    for (int i = w.from; i < w.to; i++) {
      count++;
      double delta = w.values[i] - (mean.sum + mean.compensation);
      mean.add(delta / count);
      squares.add(delta * (w.values[i] - (mean.sum + mean.compensation)));
    }
    return (squares.sum + squares.compensation) / count;
  }

  static double deriv(Window w, double unused) {
    // The first sample's time as origin keeps the numbers small, and so exact.
    return w.size() < 2 ? Block.ABSENT : regression(w, w.times[w.from], Double.NaN);
  }

  /** Where the line through the samples is, some seconds after the evaluation. */
  static double predict(Window w, double seconds) {
    return w.size() < 2 ? Block.ABSENT : regression(w, w.evaluation, seconds);
  }

  /** Least squares: the line's value at some seconds after the origin; its slope for NaN. */
  private static double regression(Window w, long origin, double seconds) {
    boolean slopeOnly = Double.isNaN(seconds);
    Kahan sumX = new Kahan();
    Kahan sumY = new Kahan();
    Kahan sumXy = new Kahan();
    Kahan sumXx = new Kahan();
    double first = w.values[w.from];
    boolean constant = true;
    for (int i = w.from; i < w.to; i++) {
      double y = w.values[i];
      constant &= i == w.from || y == first;
      double x = (w.times[i] - origin) / 1000.0;
      sumX.add(x);
      sumY.add(y);
      sumXy.add(x * y);
      sumXx.add(x * x);
    }
    if (constant) {
      return Double.isInfinite(first) ? Double.NaN : slopeOnly ? 0 : 0 * seconds + first;
    }
    int n = w.size();
    double x = sumX.sum + sumX.compensation;
    double y = sumY.sum + sumY.compensation;
    double covariance = sumXy.sum + sumXy.compensation - x * y / n;
    double variance = sumXx.sum + sumXx.compensation - x * x / n;
    double slope = covariance / variance;
    return slopeOnly ? slope : slope * seconds + (y / n - slope * x / n);
  }
}
