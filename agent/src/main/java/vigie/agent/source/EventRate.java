package vigie.agent.source;

import java.time.Duration;
import vigie.base.time.Clock;

/** How many events a source may make: so many a second, and more for a moment. One thread. */
final class EventRate {
  static final int PER_SECOND = 50;
  static final int BURST = 500;
  private static final long COST = Duration.ofSeconds(1).toNanos() / PER_SECOND;

  private final Clock clock;
  private long fullAt; // when the bucket is full again, monotonic

  EventRate(Clock clock) {
    this.clock = clock;
    this.fullAt = clock.nanos();
  }

  /** Takes one where there is one; else how long until there is. */
  Duration take() {
    long now = clock.nanos();
    long full = fullAt - now < 0 ? now : fullAt;
    long wait = full + COST - now - BURST * COST;
    if (wait > 0) {
      return Duration.ofNanos(wait);
    }
    fullAt = full + COST;
    return Duration.ZERO;
  }
}
