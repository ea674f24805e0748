package vigie.collector.outbox;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When the next request on a lane may go, on the monotonic clock. One request at a time; after a
 * fault waits of 1 s growing to 60 s, and for a while at most one request a second even when it
 * goes well again. Guarded by the lock of the {@link Outbox}.
 */
final class LaneState {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_WAIT = 60 * SECOND;
  private static final Duration FIRST_PROBE = Duration.ofMinutes(10);
  private static final Duration RAREST_PROBE = Duration.ofHours(6);

  /** How long after a fault requests stay a second apart. */
  private static final long CALM = 10 * SECOND;

  private boolean busy;
  private int faults;
  private int probes;
  private @Nullable String stuck;
  private long notBefore;
  private long faultAt;
  private boolean everFaulty;

  LaneState(long now) {
    notBefore = now;
  }

  boolean isBusy() {
    return busy;
  }

  /** Faults in a row. */
  int faults() {
    return faults;
  }

  /** Why nothing is taken here, or null. */
  @Nullable String stuck() {
    return stuck;
  }

  long notBefore() {
    return notBefore;
  }

  void begin(long now) {
    busy = true;
    if (everFaulty && now - faultAt < CALM) {
      waitUntil(now + SECOND);
    }
  }

  /** The request was cut short by our own stop, or belongs to no lane any more. */
  void end() {
    busy = false;
  }

  void wentWell(long now, Duration pause) {
    busy = false;
    faults = 0;
    probes = 0;
    stuck = null;
    waitUntil(now + pause.toNanos());
  }

  /**
   * @param random within 0 to 1, spreads the waits of many
   */
  void failed(long now, @Nullable Duration retryAfter, DoubleSupplier random) {
    fault(now);
    long grown = Math.min(LONGEST_WAIT, SECOND << Math.min(6, faults - 1));
    long spread = (long) (grown * (0.75 + 0.25 * random.getAsDouble()));
    waitUntil(now + Math.max(SECOND, spread));
    if (retryAfter != null) {
      waitUntil(now + retryAfter.toNanos() + (long) (SECOND * 0.25 * random.getAsDouble()));
    }
  }

  /** The payload was wrong, not the lane: only slow down. */
  void refused(long now) {
    fault(now);
    waitUntil(now + SECOND);
    faults = 0;
  }

  void stuck(long now, String reason) {
    fault(now);
    stuck = reason;
    Duration probe = FIRST_PROBE.multipliedBy(1L << Math.min(6, probes++));
    waitUntil(now + (probe.compareTo(RAREST_PROBE) < 0 ? probe : RAREST_PROBE).toNanos());
  }

  void waitUntil(long nanos) {
    notBefore = Math.max(notBefore, nanos);
  }

  private void fault(long now) {
    busy = false;
    faults++;
    faultAt = now;
    everFaulty = true;
  }
}
