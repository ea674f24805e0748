package vigie.collector.sample;

/**
 * The value that says "this series has ended", told from other NaNs by its bits. As in Prometheus.
 */
public final class Staleness {
  private static final long BITS = 0x7ff0000000000002L;

  /** The stale marker; compare with {@link #isStale} only. */
  public static final double MARKER = Double.longBitsToDouble(BITS);

  private Staleness() {}

  public static boolean isStale(double value) {
    return Double.doubleToRawLongBits(value) == BITS;
  }
}
