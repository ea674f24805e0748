package vigie.collector.alert;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import vigie.base.time.Clock;

/**
 * Who has taken on which firing alert. An acknowledgement lasts until its alert is over for those
 * who are told of it, which one that flaps or whose node is silent is not when its expression no
 * longer holds; the next time that it fires it has none. Safe for all threads.
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

  /** Forgets those of other alerts than these fingerprints; for once after a start. */
  public void keepOnly(Set<String> open) {
    remove(live.keySet().stream().filter(each -> !open.contains(each)).toList());
  }

  /**
   * Takes the alerts on, or says anew who has; durable when this returns. One that ended while that
   * was written is not taken on.
   *
   * @param firing whether the alert with that fingerprint fires, asked once it is on the disk
   * @return those that were taken on
   * @throws java.io.UncheckedIOException if the disk refuses; then nothing has changed
   */
  public List<Acknowledgement> acknowledge(
      Collection<Acknowledgement> acknowledgements, Predicate<String> firing) {
    store.save(acknowledgements);
    acknowledgements.forEach(each -> live.put(each.fingerprint(), each));
    // Whoever ended one before this found nothing to end.
    Set<String> late =
        acknowledgements.stream()
            .map(Acknowledgement::fingerprint)
            .filter(firing.negate())
            .collect(Collectors.toSet());
    remove(late);
    List<Acknowledgement> taken =
        acknowledgements.stream().filter(each -> !late.contains(each.fingerprint())).toList();
    for (Acknowledgement each : taken) {
      history.append(
          HistoryEntry.of(HistoryKind.ACKNOWLEDGED, each.at(), each.fingerprint())
              .by(each.by())
              .saying(each.note()));
    }
    tell(taken.stream().map(Acknowledgement::fingerprint).toList());
    return taken;
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

  /** Ends those of the alerts with these fingerprints: they are over. */
  public void ended(Collection<String> over) {
    remove(over.stream().filter(live::containsKey).toList());
  }

  private void remove(Collection<String> fingerprints) {
    if (!fingerprints.isEmpty()) {
      store.remove(fingerprints);
      fingerprints.forEach(live::remove);
      tell(fingerprints);
    }
  }

  private void tell(Collection<String> fingerprints) {
    if (fingerprints.isEmpty()) {
      return;
    }
    Set<String> changed = Set.copyOf(fingerprints);
    listeners.forEach(listener -> listener.accept(changed));
  }
}
