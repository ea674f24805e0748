package vigie.collector.sample;

/** What became of a sample that was offered to a store. */
public enum Outcome {
  APPENDED,
  /** The same sample is there already. */
  SAME,
  /** Another value is there at this time. */
  CONFLICT,
  /** A newer sample of the series is there, and it was to be appended in order. */
  OUT_OF_ORDER,
  /** Older than what may still be added. */
  TOO_OLD,
  /** Too far ahead of the clock. */
  TOO_FAR_AHEAD,
  /** There are as many series as there may be, or the labels of this one are too long. */
  SERIES_LIMIT
}
