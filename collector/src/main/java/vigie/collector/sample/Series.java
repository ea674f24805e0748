package vigie.collector.sample;

import vigie.collector.label.Labels;

/** The samples of one series within the time that was asked for, stale markers included. */
public interface Series {
  Labels labels();

  /** How much time each value stands for, before {@link #coarseUntilMillis}; the longest. */
  default long resolutionMillis() {
    return 0;
  }

  /** Before this, values are down-sampled; the smallest long where none is. */
  default long coarseUntilMillis() {
    return Long.MIN_VALUE;
  }

  /** The samples in time order, from the start. */
  SampleIterator iterator();
}
