package vigie.collector.alert;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import vigie.base.time.Clock;

/**
 * Who has taken on which firing alert. An acknowledgement lasts until its alert resolves; the next
 * time that it fires it has none. Safe for all threads.
 */
public final class Acknowledgements {
  private final AcknowledgementStore store;
  private final AlertHistory history;
  private final Clock clock;
  private final Map<String, Acknowledgement> live = new ConcurrentHashMap<>();
  private final List<Consumer<Set<String>>> listeners = new CopyOnWriteArrayList<>();

  /**
   * @param history is told of each, too
   */
  public Acknowledgements(
      AcknowledgementStore store, AlertHistory history, Clock clock, MeterRegistry meters) {
    this.store = store;
    this.history = history;
    this.clock = clock;
    store.load().forEach(each -> live.put(each.fingerprint(), each));
    meters.gauge("vigie.acknowledgements", live, Map::size);
  }

  /** Forgets those whose alerts do not fire; for once after a start. */
  public void keepOnly(Collection<Alert> firing) {
    Set<String> fingerprints = new HashSet<>();
    firing.forEach(alert -> fingerprints.add(alert.fingerprint()));
    remove(live.keySet().stream().filter(each -> !fingerprints.contains(each)).toList());
  }

  /**
   * Takes the alerts on, or says anew who has; durable when this returns. That an alert fires is
   * the caller's to know.
   *
   * @throws java.io.UncheckedIOException if the disk refuses; then nothing has changed
   */
  public void acknowledge(Collection<Acknowledgement> acknowledgements) {
    store.save(acknowledgements);
    for (Acknowledgement each : acknowledgements) {
      live.put(each.fingerprint(), each);
      history.append(
          HistoryEntry.of(HistoryKind.ACKNOWLEDGED, each.at(), each.fingerprint())
              .by(each.by())
              .saying(each.note()));
    }
    tell(acknowledgements.stream().map(Acknowledgement::fingerprint).toList());
  }

  /**
   * Takes an acknowledgement back; durable when this returns.
   *
   * @param by who does
   * @return false where there is none
   * @throws java.io.UncheckedIOException if the disk refuses; then nothing has changed
   */
  public boolean withdraw(String fingerprint, String by) {
    if (!live.containsKey(fingerprint)) {
      return false;
    }
    remove(List.of(fingerprint));
    history.append(HistoryEntry.of(HistoryKind.UNACKNOWLEDGED, clock.now(), fingerprint).by(by));
    return true;
  }

  /** The acknowledgement of the alert, where it has one. */
  public Optional<Acknowledgement> of(String fingerprint) {
    return Optional.ofNullable(live.get(fingerprint));
  }

  /** Whether somebody has taken on every one of these alerts, of which there is one at least. */
  public boolean cover(Collection<Alert> alerts) {
    return !alerts.isEmpty()
        && alerts.stream().allMatch(alert -> live.containsKey(alert.fingerprint()));
  }

  /** All, in no order. */
  public List<Acknowledgement> list() {
    return List.copyOf(live.values());
  }

  /**
   * Has the listener told of the fingerprints whose acknowledgement came, changed or went, after
   * that is durable. It must not block.
   */
  public void listen(Consumer<Set<String>> listener) {
    listeners.add(listener);
  }

  /** Ends those of alerts that have resolved. */
  void ended(Collection<Alert> changes) {
    if (live.isEmpty()) {
      return;
    }
    List<String> over = new ArrayList<>();
    for (Alert alert : changes) {
      if (alert.state() == AlertState.RESOLVED && live.containsKey(alert.fingerprint())) {
        over.add(alert.fingerprint());
      }
    }
    remove(over);
  }

  private void remove(Collection<String> fingerprints) {
    if (!fingerprints.isEmpty()) {
      store.remove(fingerprints);
      fingerprints.forEach(live::remove);
      tell(fingerprints);
    }
  }

  private void tell(Collection<String> fingerprints) {
    Set<String> changed = Set.copyOf(fingerprints);
    listeners.forEach(listener -> listener.accept(changed));
  }
}
