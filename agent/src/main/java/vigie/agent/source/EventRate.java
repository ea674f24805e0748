package vigie.agent.source;

import java.time.Duration;
import vigie.base.time.Clock;

/** How many events a source may make: so many a second, ten times that in a moment. One thread. */
final class EventRate {
  static final int PER_SECOND = 50;
  private static final int BURST = 10;

  private final Clock clock;
  private final long cost;
  private final long most;
  private long fullAt; // when the bucket is full again, monotonic

  EventRate(Clock clock, int perSecond) {
    this.clock = clock;
    this.cost = Duration.ofSeconds(1).toNanos() / perSecond;
    this.most = BURST * Duration.ofSeconds(1).toNanos();
    this.fullAt = clock.nanos();
  }

  /** Takes one where there is one; else how long until there is. */
  Duration take() {
    long now = clock.nanos();
    long full = fullAt - now < 0 ? now : fullAt;
    long wait = full + cost - now - most;
    if (wait > 0) {
      return Duration.ofNanos(wait);
    }
    fullAt = full + cost;
    return Duration.ZERO;
  }
}
