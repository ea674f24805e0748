package vigie.base.time;

import java.time.Instant;

/** The machine's clock: CLOCK_REALTIME and CLOCK_MONOTONIC as the JVM reads them. */
final class SystemClock implements Clock {
  static final SystemClock INSTANCE = new SystemClock();

  private SystemClock() {}

  @Override
  public Instant now() {
    return Instant.now();
  }

  @Override
  public long nanos() {
    return System.nanoTime();
  }

  @Override
  public long millis() {
    return System.currentTimeMillis();
  }
}
