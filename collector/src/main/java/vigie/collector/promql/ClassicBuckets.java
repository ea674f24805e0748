package vigie.collector.promql;

/** The buckets of one histogram, by rising bound; those with the same bound are one. */
final class ClassicBuckets {
  /** Differences this small, of the count, are rounding. */
  private static final double TOLERANCE = 1e-12;

  private final double[] bounds;
  private final double[] counts;
  int size;

  /** Whether the last quantile needed a count raised so that counts don't fall. */
  boolean forced;

  ClassicBuckets(int capacity) {
    bounds = new double[capacity];
    counts = new double[capacity];
  }

  void clear() {
    size = 0;
    forced = false;
  }

  void add(double bound, double count) {
    if (size > 0 && bounds[size - 1] == bound) {
      counts[size - 1] += count;
      return;
    }
    bounds[size] = bound;
    counts[size++] = count;
  }

  /** Where the quantile lies, taking each bucket's observations as spread evenly. */
  double quantile(double q) {
    if (Double.isNaN(q)) {
      return Double.NaN;
    }
    if (q < 0 || q > 1) {
      return q < 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    }
    int last = size - 1;
    if (bounds[last] != Double.POSITIVE_INFINITY) {
      return Double.NaN;
    }
    smooth();
    if (size < 2 || counts[last] == 0 || Double.isNaN(counts[last])) {
      return Double.NaN;
    }
    double rank = q * counts[last];
    int at = 0;
    while (at < last && !(counts[at] >= rank)) {
      at++;
    }
    if (at == last) {
      return bounds[last - 1];
    }
    if (at == 0) {
      return bounds[0] <= 0 ? bounds[0] : bounds[0] * (rank / counts[0]);
    }
    double inBucket = counts[at] - counts[at - 1];
    double width = bounds[at] - bounds[at - 1];
    return bounds[at - 1] + width * ((rank - counts[at - 1]) / inBucket);
  }

  /** Takes rounding out of the counts and raises those that are below an earlier one. */
  private void smooth() {
    double before = counts[0];
    for (int i = 1; i < size; i++) {
      boolean rounded = isNear(counts[i], before);
      forced |= !rounded && counts[i] < before;
      if (rounded || counts[i] < before) {
        counts[i] = before;
      } else {
        before = counts[i];
      }
    }
  }

  private static boolean isNear(double a, double b) {
    double size = Math.min(Math.abs(a) + Math.abs(b), Double.MAX_VALUE);
    return a == b || (a != 0 && b != 0 && Math.abs(a - b) / size < TOLERANCE);
  }

  /** The share of the observations between two values. */
  double fraction(double lower, double upper) {
    double all = counts[size - 1];
    if (bounds[size - 1] != Double.POSITIVE_INFINITY
        || all == 0
        || Double.isNaN(lower)
        || Double.isNaN(upper)) {
      return Double.NaN;
    }
    // Buckets that don't count up could say that more are below than there are.
    double between = Math.min(all, below(upper)) - Math.min(all, below(lower));
    return lower >= upper ? 0 : between / all;
  }

  /** How many observations are below a value; none are taken from within an endless bucket. */
  private double below(double value) {
    double start = bounds[0] > 0 ? 0 : Double.NEGATIVE_INFINITY;
    double counted = 0;
    for (int i = 0; i < size; i++) {
      if (start >= value) {
        return counted;
      }
      if (bounds[i] > value) {
        if (start == Double.NEGATIVE_INFINITY) {
          return counts[i];
        }
        return counted + (counts[i] - counted) * (value - start) / (bounds[i] - start);
      }
      counted = counts[i];
      start = bounds[i];
    }
    return counts[size - 1];
  }
}
