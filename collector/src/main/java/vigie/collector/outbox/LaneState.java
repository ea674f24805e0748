package vigie.collector.outbox;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When the next request on a lane may go, on the monotonic clock. One request at a time; after a
 * fault waits of 1 s growing to 60 s, and for a while at most one request a second even when it
 * goes well again. Within a lane each kind of request waits for its own bucket, which several kinds
 * may share. Guarded by the lock of the {@link Outbox}.
 */
final class LaneState {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long LONGEST_WAIT = 60 * SECOND;
  private static final Duration FIRST_PROBE = Duration.ofMinutes(10);
  private static final Duration RAREST_PROBE = Duration.ofHours(6);

  /** How long after a fault requests stay a second apart. */
  private static final long CALM = 10 * SECOND;

  private boolean busy;
  private boolean tested;
  private int faults;
  private int probes;
  private @Nullable String stuck;
  private final Map<Work, String> buckets = new EnumMap<>(Work.class);
  private final Map<String, Long> bucketNotBefore = new HashMap<>();
  private long notBefore;
  private @Nullable Instant troubledSince;
  private String trouble = "";
  private long faultAt;
  private boolean everFaulty;

  LaneState(long now) {
    notBefore = now;
  }

  boolean isBusy() {
    return busy;
  }

  /** Whether any request was answered since the start. */
  boolean isTested() {
    return tested;
  }

  /** Faults in a row. */
  int faults() {
    return faults;
  }

  /** Why nothing is taken here, or null. */
  @Nullable String stuck() {
    return stuck;
  }

  /** Since when requests fail here, without one that went well; null while they go well. */
  @Nullable Instant troubledSince() {
    return troubledSince;
  }

  /** What the last fault was, in words. */
  String trouble() {
    return trouble;
  }

  /** When that kind of request may go. */
  long notBefore(Work work) {
    return Math.max(notBefore, bucketNotBefore.getOrDefault(bucket(work), notBefore));
  }

  /** Posts and messages share one until the other side has named both. */
  private String bucket(Work work) {
    String named = buckets.get(work);
    if (named != null || work == Work.EDIT) {
      return named == null ? work.name() : named;
    }
    return buckets.getOrDefault(work == Work.POST ? Work.TELL : Work.POST, Work.POST.name());
  }

  void begin(long now) {
    busy = true;
    if (everFaulty && now - faultAt < CALM) {
      waitUntil(now + SECOND);
    }
  }

  /**
   * @param bucket as the other side names it; {@code ""} where it does not
   */
  void wentWell(long now, Work work, String bucket, Duration pause) {
    answered();
    if (!bucket.isEmpty()) {
      buckets.put(work, bucket);
    }
    bucketNotBefore.put(bucket(work), now + pause.toNanos());
  }

  /** It works, whatever it said of one card. */
  void answered() {
    busy = false;
    tested = true;
    faults = 0;
    probes = 0;
    stuck = null;
    troubledSince = null;
    trouble = "";
  }

  /**
   * @param random within 0 to 1, spreads the waits of many
   */
  void failed(long now, Instant at, Work work, Outcome.Later later, DoubleSupplier random) {
    fault(now, at, later.reason());
    long grown = Math.min(LONGEST_WAIT, SECOND << Math.min(6, faults - 1));
    long wait = Math.max(SECOND, (long) (grown * (0.75 + 0.25 * random.getAsDouble())));
    Duration named = later.retryAfter();
    if (named != null) {
      long asked = named.toNanos() + (long) (SECOND * 0.25 * random.getAsDouble());
      wait = Math.max(wait, asked);
    }
    if (later.scope() == Outcome.Scope.BUCKET) {
      // What waits there says nothing about the other kinds, which only slow down.
      bucketNotBefore.put(bucket(work), now + wait);
      waitUntil(now + SECOND);
    } else {
      waitUntil(now + wait);
    }
  }

  /** The payload was wrong, not the lane: only slow down. */
  void refused(long now) {
    answered();
    faultAt = now;
    everFaulty = true;
    waitUntil(now + SECOND);
  }

  void stuck(long now, Instant at, String reason) {
    fault(now, at, reason);
    stuck = reason;
    Duration probe = FIRST_PROBE.multipliedBy(1L << Math.min(6, probes++));
    waitUntil(now + (probe.compareTo(RAREST_PROBE) < 0 ? probe : RAREST_PROBE).toNanos());
  }

  /** Where only a person can help, the next request may go at once. */
  void probe(long now) {
    if (stuck != null) {
      notBefore = now;
    }
  }

  void waitUntil(long nanos) {
    notBefore = Math.max(notBefore, nanos);
  }

  private void fault(long now, Instant at, String reason) {
    busy = false;
    tested = true;
    trouble = reason;
    if (troubledSince == null) {
      troubledSince = at;
    }
    faults++;
    faultAt = now;
    everFaulty = true;
  }
}
