package vigie.collector.outbox;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All cards, in memory and on the disk. Each is known by its key and its incident; pending are
 * those with something left to be sent. What the disk refuses is kept in mind for the next time.
 * Guarded by the lock of the {@link Outbox}.
 */
final class Deck {
  private static final Logger log = LoggerFactory.getLogger(Deck.class);

  /** Cards of incidents that are over and never reached anybody go first beyond this. */
  private static final int MOST_CARDS = 10_000;

  private final OutboxStore store;
  private final MeterRegistry meters;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, List<Entry>> incidents = new HashMap<>();
  private final Set<Entry> pending = new LinkedHashSet<>();
  private final Set<Entry> unsaved = new LinkedHashSet<>();

  /** With what the store kept. */
  Deck(OutboxStore store, MeterRegistry meters) {
    this.store = store;
    this.meters = meters;
    store.load().forEach(this::add);
  }

  /**
   * Takes a card whose key is not there yet; what is to be on the disk is saved by {@link #save}.
   */
  Entry add(Card card) {
    Entry entry = new Entry(card);
    entries.put(card.key(), entry);
    incidents.computeIfAbsent(card.wanted().incident(), i -> new ArrayList<>()).add(entry);
    if (!card.isDone()) {
      pending.add(entry);
    }
    return entry;
  }

  boolean has(Card card) {
    return entries.containsKey(card.key());
  }

  /** In the order in which they came. */
  Collection<Entry> all() {
    return entries.values();
  }

  /** A copy. */
  List<Entry> of(String incident) {
    return List.copyOf(incidents.getOrDefault(incident, List.of()));
  }

  /** Those with something left to be sent; a copy. */
  List<Entry> pending() {
    return List.copyOf(pending);
  }

  int countPending() {
    return pending.size();
  }

  /** Whether there is anything left to do, also at the disk. */
  boolean isAtRest() {
    return pending.isEmpty() && unsaved.isEmpty();
  }

  /**
   * Whether it is pending follows from what is left to do.
   *
   * @return whether it is over: seen to its end, and forgotten
   */
  boolean settled(Entry entry) {
    if (!entry.card.isDone()) {
      pending.add(entry);
      return false;
    }
    pending.remove(entry);
    if (entry.card.wanted().isResolved()) {
      forget(entry);
      return true;
    }
    return false;
  }

  void forget(Entry entry) {
    String key = entry.card.key();
    pending.remove(entry);
    unsaved.remove(entry);
    entries.remove(key);
    incidents.computeIfPresent(
        entry.card.wanted().incident(),
        (incident, all) -> {
          all.remove(entry);
          return all.isEmpty() ? null : all;
        });
    try {
      store.remove(key);
    } catch (UncheckedIOException e) {
      // It is then edited once more after a restart, to what it already shows.
      log.warn("cannot remove a finished card from the disk cause={}", e.getMessage());
    }
  }

  /** Drops the oldest cards that are over and that nobody ever saw. */
  void makeRoom() {
    if (entries.size() <= MOST_CARDS) {
      return;
    }
    List<Entry> over =
        pending.stream()
            .filter(e -> e.card.wanted().isResolved() && e.card.posted() == null && !e.sending)
            .sorted(Comparator.comparing(e -> e.card.wantedAt()))
            .limit(entries.size() - MOST_CARDS)
            .toList();
    for (Entry entry : over) {
      forget(entry);
      meters.counter("vigie.outbox.dropped", "reason", "full").increment();
    }
  }

  /** Writes those that are still there; what the disk refuses is tried again by {@link #retry}. */
  void save(Collection<Entry> changed) {
    List<Entry> present = changed.stream().filter(e -> has(e.card)).distinct().toList();
    if (present.isEmpty()) {
      return;
    }
    try {
      store.save(present.stream().map(entry -> entry.card).toList());
      present.forEach(unsaved::remove);
    } catch (UncheckedIOException e) {
      if (unsaved.isEmpty()) {
        log.error(
            "cards are not on the disk and would be lost in a crash cards={} cause={}",
            present.size(),
            e.getMessage());
      }
      unsaved.addAll(present);
      meters.counter("vigie.outbox.save.failures").increment();
    }
  }

  /** Writes what the disk refused before. */
  void retry() {
    save(List.copyOf(unsaved));
  }
}
