package vigie.collector.histogram;

import java.math.BigDecimal;
import java.math.MathContext;

/**
 * The bounds of exponential buckets. Of schema n, a bound is the one before it times 2 to the power
 * of 2 to the power of -n, and bucket 0 ends at 1.
 */
final class Bounds {
  /** As many bounds from 1 up to 2 as the finest schema has, rounded right to the last bit. */
  private static final double[] FINEST = finest();

  private Bounds() {}

  private static double[] finest() {
    MathContext exact = new MathContext(40);
    BigDecimal factor = BigDecimal.valueOf(2);
    for (int i = 0; i < Histogram.MOST_SCHEMA; i++) {
      factor = factor.sqrt(exact);
    }
    double[] bounds = new double[1 << Histogram.MOST_SCHEMA];
    BigDecimal bound = BigDecimal.ONE;
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = bound.doubleValue();
      bound = bound.multiply(factor, exact);
    }
    return bounds;
  }

  /** The upper bound of a positive bucket. */
  static double upper(int schema, int index) {
    long place = 0;
    long exponent;
    if (schema <= 0) {
      exponent = (long) index << -schema;
    } else {
      place = index & ((1 << schema) - 1);
      exponent = index >> schema;
    }
    if (place == 0 && exponent == 1024) {
      // Infinity has a bucket of its own behind this one.
      return Double.MAX_VALUE;
    }
    double fraction = FINEST[(int) (place << (Histogram.MOST_SCHEMA - Math.max(0, schema)))];
    return Math.scalb(fraction, (int) Math.max(-2000, Math.min(2000, exponent)));
  }

  /** The index that a bucket has in a coarser schema. */
  static int coarser(int index, int schema, int coarserSchema) {
    return ((index - 1) >> (schema - coarserSchema)) + 1;
  }
}
