package vigie.collector.dispatch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;

/**
 * How often alerts opened within the hour, over restarts; of the 10,000 that opened last. Guarded
 * by the lock of the {@link Dispatcher}.
 */
final class Flaps {
  private static final Logger log = LoggerFactory.getLogger(Flaps.class);
  private static final int MOST = 10_000;

  private final DispatchStore store;
  private final Keeper keeper;
  private final Clock clock;

  /** By fingerprint, the one that opened last at the end. */
  private final Map<String, Flap> all;

  Flaps(DispatchStore store, Keeper keeper, Clock clock) {
    this.store = store;
    this.keeper = keeper;
    this.clock = clock;
    this.all = new LinkedHashMap<>(store.flaps());
  }

  Flap of(String fingerprint) {
    return all.getOrDefault(fingerprint, Flap.NONE);
  }

  boolean isFlapping(String fingerprint) {
    return of(fingerprint).isFlapping();
  }

  /** It opened; told of the same opening again nothing changes. */
  void opened(Alert alert, Flap.Limits limits) {
    String fingerprint = alert.fingerprint();
    Instant firedAt = alert.firedAt();
    Flap before = of(fingerprint);
    Flap after = before.opened(firedAt == null ? clock.now() : firedAt, limits);
    if (after.equals(before)) {
      return;
    }
    all.remove(fingerprint);
    all.put(fingerprint, after);
    Map<String, Flap> kept = after.openings().size() > 1 ? Map.of(fingerprint, after) : Map.of();
    List<String> gone = new ArrayList<>();
    Instant now = clock.now();
    all.entrySet().stream()
        .limit(2) // the oldest stand first: two go for one that comes
        .filter(old -> old.getValue().isOver(now) || all.size() > MOST)
        .forEach(old -> gone.add(old.getKey()));
    all.keySet().removeAll(gone);
    if (after.isFlapping() && !before.isFlapping()) {
      log.info("alert flaps openings={} labels={}", after.times(), alert.labels());
    }
    keep(kept, gone);
  }

  /** It was quiet for long enough: counting begins anew. */
  void over(String fingerprint) {
    all.remove(fingerprint);
    keep(Map.of(), List.of(fingerprint));
  }

  private void keep(Map<String, Flap> changed, List<String> gone) {
    if (!changed.isEmpty() || !gone.isEmpty()) {
      keeper.keep("how often alerts opened", () -> store.saveFlaps(changed, gone));
    }
  }
}
