package vigie.collector.outbox;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.collector.outbox.Notifier.Lane;

/**
 * All lanes, and the waits that the other side named: those of a lane, those of an origin that
 * several lanes lead to. They outlast a restart. Guarded by the lock of the {@link Outbox}.
 */
final class Lanes {
  private static final Logger log = LoggerFactory.getLogger(Lanes.class);
  private static final Duration LONGEST_KEPT_WAIT = Duration.ofHours(1);

  private final OutboxStore store;
  private final Clock clock;
  private final Map<String, LaneState> states = new HashMap<>();
  private final Map<String, Long> originNotBefore = new HashMap<>();

  /** As on the disk, by a lane's or an origin's name. */
  private final Map<String, Instant> waits = new HashMap<>();

  Lanes(OutboxStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
    Instant now = clock.now();
    store
        .loadWaits()
        .forEach(
            (name, until) -> {
              Duration left = Duration.between(now, until);
              // The wall clock may have been stepped since: no wait is for ever.
              if (left.isNegative() || left.compareTo(LONGEST_KEPT_WAIT) > 0) {
                return;
              }
              waits.put(name, until);
              of(name).waitUntil(clock.nanos() + left.toNanos());
              originNotBefore.put(name, clock.nanos() + left.toNanos());
            });
  }

  LaneState of(Lane lane) {
    return of(lane.name());
  }

  private LaneState of(String name) {
    return states.computeIfAbsent(name, n -> new LaneState(clock.nanos()));
  }

  /** Where the entry went or would go last; null where that was nowhere yet. */
  @Nullable LaneState known(Entry entry) {
    return entry.lane == null ? null : states.get(entry.lane.name());
  }

  /** Where only a person can help, the next request may go at once. */
  void probe() {
    states.values().forEach(state -> state.probe(clock.nanos()));
  }

  /** When that kind of request may go, on the monotonic clock. */
  long notBefore(Lane lane, Work work) {
    long own = of(lane).notBefore(work);
    Long origin = originNotBefore.get(lane.origin());
    return origin == null ? own : Math.max(own, origin);
  }

  /** A restart must not ask before the time that the other side named. */
  void keepWait(Lane lane, Outcome.Later later) {
    Duration wait = later.retryAfter();
    if (wait == null) {
      return;
    }
    Instant now = clock.now();
    waits.values().removeIf(until -> until.isBefore(now));
    boolean everywhere = later.scope() == Outcome.Scope.ORIGIN;
    if (everywhere) {
      originNotBefore.merge(lane.origin(), clock.nanos() + wait.toNanos(), Math::max);
    }
    waits.merge(
        everywhere ? lane.origin() : lane.name(), now.plus(wait), (a, b) -> a.isAfter(b) ? a : b);
    try {
      store.saveWaits(waits);
    } catch (UncheckedIOException e) {
      log.warn("cannot keep a wait on the disk cause={}", e.getMessage());
    }
  }
}
