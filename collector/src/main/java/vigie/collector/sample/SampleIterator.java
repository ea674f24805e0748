package vigie.collector.sample;

/** Walks over samples without an object for each. Not safe for several threads. */
public interface SampleIterator {
  /** Moves to the next sample; false when there is none, and time and value then mean nothing. */
  boolean next();

  /**
   * Moves on to the first sample at or after the time, staying where it is if that is one already.
   */
  boolean seek(long timeMillis);

  long time();

  double value();
}
