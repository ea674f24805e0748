package vigie.collector.outbox;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Keeps cards over a restart. What is saved is durable when the call returns; a disk that refuses
 * throws {@link java.io.UncheckedIOException}. Safe for all threads.
 */
public interface OutboxStore {
  /** All cards kept, in no order. */
  List<Card> load();

  /** Replaces or adds these, with one sync. */
  void save(Collection<Card> cards);

  /** Forgets the card, if it is there. */
  void remove(String key);

  /** Until when the other sides asked for silence, by lane or origin. */
  Map<String, Instant> loadWaits();

  /** Replaces all waits. */
  void saveWaits(Map<String, Instant> waits);
}
