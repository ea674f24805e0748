package vigie.base.time;

import java.time.Instant;

/**
 * The one source of time. Wall time tells when something happened and may step; {@link #nanos()}
 * measures how long something took and never steps. Safe for all threads.
 */
public interface Clock {
  /** Wall time now. */
  Instant now();

  /** Monotonic nanoseconds since an arbitrary moment; only differences mean anything. */
  long nanos();

  /** Wall time in milliseconds since the epoch, the unit of sample timestamps. */
  default long millis() {
    return now().toEpochMilli();
  }

  /** The machine's clock. */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
