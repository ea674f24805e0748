package vigie.collector.sample;

import vigie.collector.label.Labels;

/** The samples of one series within the time that was asked for, stale markers included. */
public interface Series {
  Labels labels();

  /** The samples in time order, from the start. */
  SampleIterator iterator();
}
