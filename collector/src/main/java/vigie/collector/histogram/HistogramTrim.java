package vigie.collector.histogram;

/**
 * Leaves out the observations above or below a value. A bucket that has the value in it keeps a
 * part, as {@link HistogramShape} would interpolate; count and sum are then estimated from what is
 * left, and observations that are NaN are gone.
 */
public final class HistogramTrim {
  private final Histogram histogram;
  private final double value;
  private final boolean below;
  private double count;
  private double sum;
  private boolean changed;

  private HistogramTrim(Histogram histogram, double value, boolean below) {
    this.histogram = histogram;
    this.value = value;
    this.below = below;
  }

  /** What is at most the value. */
  public static Histogram below(Histogram histogram, double value) {
    return new HistogramTrim(histogram, value, true).trimmed();
  }

  /** What is at least the value. */
  public static Histogram above(Histogram histogram, double value) {
    return new HistogramTrim(histogram, value, false).trimmed();
  }

  private Histogram trimmed() {
    Buckets positive = side(histogram.positive(), true);
    Buckets negative = side(histogram.negative(), false);
    double zero = histogram.zeroCount() > 0 ? zero() : histogram.zeroCount();
    return changed ? histogram.with(zero, count, sum, positive, negative).compacted() : histogram;
  }

  private Buckets side(Buckets buckets, boolean up) {
    int[] indexes = new int[buckets.size()];
    double[] counts = new double[buckets.size()];
    for (int i = 0; i < counts.length; i++) {
      indexes[i] = buckets.index(i);
      double low = up ? histogram.lower(indexes[i]) : -histogram.upper(indexes[i]);
      double high = up ? histogram.upper(indexes[i]) : -histogram.lower(indexes[i]);
      counts[i] = kept(low, high, buckets.count(i), up);
      changed |= counts[i] != buckets.count(i);
    }
    return Buckets.of(indexes, counts);
  }

  /** How much of a bucket is kept; counts it. */
  private double kept(double low, double high, double all, boolean up) {
    if (all == 0) {
      return 0;
    }
    if (below ? high <= value : low >= value) {
      return keep(all, middle(low, high, up));
    }
    if (!(below ? low < value : high > value)) {
      return 0;
    }
    if (Double.isInfinite(low)) {
      return ofFirst(high, all);
    }
    if (Double.isInfinite(high)) {
      // How much of it is below the value nobody knows; none is taken to be.
      return below ? 0 : keep(all, value);
    }
    double share =
        histogram.isCustom()
            ? (value - low) / (high - low)
            : HistogramShape.logShare(low, high, value);
    return below
        ? keep(all * share, middle(low, value, up))
        : keep(all - all * share, middle(value, high, up));
  }

  /** Of a bucket without lower bound, which is taken as beginning at 0 if it ends above. */
  private double ofFirst(double high, double all) {
    if (below && high <= 0) {
      return keep(all, value);
    }
    if (Double.isInfinite(high) || (below ? value <= 0 : value < 0)) {
      return 0;
    }
    return below
        ? keep(all * value / high, value / 2)
        : high > value ? keep(all * (1 - value / high), (value + high) / 2) : 0;
  }

  private double keep(double kept, double middle) {
    count += kept;
    sum += middle * kept;
    return kept;
  }

  private double middle(double low, double high, boolean up) {
    if (Double.isInfinite(low)) {
      return Double.isInfinite(high) ? 0 : high > 0 ? high / 2 : high;
    }
    if (Double.isInfinite(high)) {
      return low;
    }
    if (histogram.isCustom()) {
      return (low + high) / 2;
    }
    double middle = Math.sqrt(Math.abs(low * high));
    return up ? middle : -middle;
  }

  private double zero() {
    boolean up = histogram.positive().compacted().size() > 0;
    boolean down = histogram.negative().compacted().size() > 0;
    double low = up && !down ? 0 : -histogram.zeroThreshold();
    double high = down && !up ? 0 : histogram.zeroThreshold();
    double all = histogram.zeroCount();
    double from = below ? low : Math.max(low, value);
    double to = below ? Math.min(high, value) : high;
    if (below ? value <= low : value >= high) {
      changed = true;
      return 0;
    }
    if (below ? value >= high : value <= low) {
      return keep(all, (low + high) / 2);
    }
    changed = true;
    return keep(all * ((to - from) / (high - low)), (from + to) / 2);
  }
}
