package vigie.collector.histogram;

import java.util.Arrays;

/**
 * Brings two histograms into one layout, each losing as little as it must: the wider zero bucket,
 * the coarser schema, the custom bounds that both have.
 */
final class Layouts {
  /** Two histograms of the same kind in the same layout. */
  record Pair(Histogram one, Histogram other) {}

  private Layouts() {}

  static Pair common(Histogram one, Histogram other) {
    if (one.isCustom()) {
      if (Arrays.equals(one.customBounds(), other.customBounds())) {
        return new Pair(one, other);
      }
      double[] bounds = intersection(one.customBounds(), other.customBounds());
      return new Pair(toBounds(one, bounds), toBounds(other, bounds));
    }
    Histogram a = one;
    Histogram b = other;
    while (a.zeroThreshold() != b.zeroThreshold()) {
      if (a.zeroThreshold() < b.zeroThreshold()) {
        a = toThreshold(a, b.zeroThreshold());
      } else {
        b = toThreshold(b, a.zeroThreshold());
      }
    }
    int schema = Math.min(a.schema(), b.schema());
    return new Pair(toSchema(a, schema), toSchema(b, schema));
  }

  /**
   * With a zero bucket that reaches at least so far, and to the end of a bucket that it reaches
   * into unless that is empty.
   */
  static Histogram toThreshold(Histogram h, double threshold) {
    if (threshold == h.zeroThreshold()) {
      return h;
    }
    double reach = threshold;
    double before;
    do {
      before = reach;
      reach = reachWithin(h, h.positive(), reach);
      reach = reachWithin(h, h.negative(), reach);
    } while (reach != before);
    double zeroCount = h.zeroCount();
    int up = below(h, h.positive(), reach);
    for (int i = 0; i < up; i++) {
      zeroCount += h.positive().count(i);
    }
    int down = below(h, h.negative(), reach);
    for (int i = 0; i < down; i++) {
      zeroCount += h.negative().count(i);
    }
    return new Histogram(
        h.schema(),
        h.hint(),
        reach,
        zeroCount,
        h.count(),
        h.sum(),
        h.positive().from(up),
        h.negative().from(down),
        h.customBounds());
  }

  private static double reachWithin(Histogram h, Buckets buckets, double reach) {
    int inside = below(h, buckets, reach);
    if (inside == 0) {
      return reach;
    }
    double end = h.upper(buckets.index(inside - 1));
    return end > reach && buckets.count(inside - 1) != 0 ? end : reach;
  }

  /** How many buckets begin below the value. */
  private static int below(Histogram h, Buckets buckets, double value) {
    int count = 0;
    while (count < buckets.size() && h.lower(buckets.index(count)) < value) {
      count++;
    }
    return count;
  }

  static Histogram toSchema(Histogram h, int schema) {
    if (schema == h.schema()) {
      return h;
    }
    return new Histogram(
        schema,
        h.hint(),
        h.zeroThreshold(),
        h.zeroCount(),
        h.count(),
        h.sum(),
        coarser(h.positive(), h.schema(), schema),
        coarser(h.negative(), h.schema(), schema),
        h.customBounds());
  }

  private static Buckets coarser(Buckets buckets, int schema, int coarserSchema) {
    int[] indexes = new int[buckets.size()];
    double[] counts = new double[buckets.size()];
    int size = 0;
    for (int i = 0; i < buckets.size(); i++) {
      int index = Bounds.coarser(buckets.index(i), schema, coarserSchema);
      if (size == 0 || indexes[size - 1] != index) {
        indexes[size++] = index;
      }
      counts[size - 1] += buckets.count(i);
    }
    return Buckets.of(indexes, counts, size);
  }

  /** The bounds that both have. */
  static double[] intersection(double[] one, double[] other) {
    double[] both = new double[Math.min(one.length, other.length)];
    int size = 0;
    int k = 0;
    for (double bound : one) {
      while (k < other.length && other[k] < bound) {
        k++;
      }
      if (k < other.length && other[k] == bound) {
        both[size++] = bound;
      }
    }
    return Arrays.copyOf(both, size);
  }

  /** With fewer custom bounds: each bucket goes to the one that ends where it does or behind it. */
  static Histogram toBounds(Histogram h, double[] bounds) {
    int[] indexes = new int[h.positive().size()];
    double[] counts = new double[indexes.length];
    int size = 0;
    int target = 0;
    for (int i = 0; i < h.positive().size(); i++) {
      double upper = h.upper(h.positive().index(i));
      while (target < bounds.length && bounds[target] < upper) {
        target++;
      }
      if (size == 0 || indexes[size - 1] != target) {
        indexes[size++] = target;
      }
      counts[size - 1] += h.positive().count(i);
    }
    return new Histogram(
        Histogram.CUSTOM,
        h.hint(),
        0,
        0,
        h.count(),
        h.sum(),
        Buckets.of(indexes, counts, size),
        Buckets.EMPTY,
        bounds);
  }
}
