package vigie.base.time;

/**
 * Notices that the wall clock was stepped, by NTP or a person: it then moved by another amount than
 * the monotonic clock did. Not safe for several threads.
 */
public final class ClockSteps {
  /** Below this it was slewed, or nothing but the moment between two readings. */
  private static final long LEAST_MILLIS = 1000;

  private final Clock clock;
  private long lastWall;
  private long lastNanos;

  public ClockSteps(Clock clock) {
    this.clock = clock;
    this.lastWall = clock.millis();
    this.lastNanos = clock.nanos();
  }

  /** By how many milliseconds it was stepped since the last call; 0 where it was not. */
  public long take() {
    return take(clock.millis(), clock.nanos());
  }

  /** The same for who has read the clock already: its milliseconds and nanoseconds. */
  public long take(long wall, long nanos) {
    long stepped = (wall - lastWall) - (nanos - lastNanos) / 1_000_000;
    lastWall = wall;
    lastNanos = nanos;
    return Math.abs(stepped) < LEAST_MILLIS ? 0 : stepped;
  }
}
