package vigie.collector.sample;

/**
 * How a query may be answered from down-sampled series: one value for the samples of each {@code
 * resolutionMillis}, at the end of them, where a store has such instead of, or besides, the samples
 * themselves.
 *
 * @param column what the value tells
 * @param resolutionMillis the coarsest that will do
 * @param always whether these are as good as the samples; else they are taken only for times of
 *     which there are no samples any more
 */
public record Coarse(Column column, long resolutionMillis, boolean always) {
  /** Nothing finer is made, so no query that wants finer need ask. */
  public static final long FINEST_MILLIS = 300_000;

  public static final long COARSEST_MILLIS = 3_600_000;

  /** Samples that are not down-sampled count as their value; for {@link #COUNT} as 1. */
  public enum Column {
    MIN,
    MAX,
    SUM,
    COUNT,
    /** The newest number. */
    LAST,
    /** What an instant selector sees: the newest number, or the stale marker if one is newer. */
    INSTANT,
    /** A counter that goes on where the real one was reset. */
    COUNTER
  }
}
