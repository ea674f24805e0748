package vigie.collector.sample;

import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/** Walks over samples without an object for each. Not safe for several threads. */
public interface SampleIterator {
  /** Moves to the next sample; false when there is none, and time and value then mean nothing. */
  boolean next();

  /**
   * Moves on to the first sample at or after the time, staying where it is if that is one already.
   */
  boolean seek(long timeMillis);

  /**
   * Moves on to the last sample at or before the time, or stays where it is if that is one already.
   * False where there is none at or before the time; what was passed over is gone.
   */
  boolean last(long timeMillis);

  long time();

  /** The number; NaN where the sample is a native histogram. */
  double value();

  /**
   * The native histogram; null where the sample is a number. To be asked only where {@link
   * #value()} is NaN: there is none otherwise, and samples that are numbers shall not cost a call.
   */
  default @Nullable Histogram histogram() {
    return null;
  }
}
