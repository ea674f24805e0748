package vigie.collector.event;

import java.util.List;
import java.util.Optional;

/** Keeps events and finds them again. Safe for all threads. */
public interface EventStore {
  /**
   * Gives back what earlier lives took; to be called once, before the first append. Events that
   * were durable when a kill kept them from being told are told to {@code untold} now, in order: a
   * kill may have fallen between the telling and the record of it, so the last second may be told
   * twice.
   *
   * @return what was taken up to now, for de-duplication
   */
  SpoolMarks recover(EventListener untold);

  /**
   * Appends the event; {@code whenDurable} runs once, in the order of appends, after the sync that
   * covers it. Blocks while the queue before the disk is full (bounded by bytes); see {@link
   * EventSink#accept} for a disk that refuses.
   */
  void append(Event event, byte[] raw, Runnable whenDurable);

  /** What matches, newest first, at most {@code query.limit()}. */
  List<StoredEvent> search(EventQuery query);

  /** One event by its id. */
  Optional<StoredEvent> find(String id);
}
