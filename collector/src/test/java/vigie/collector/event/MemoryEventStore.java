package vigie.collector.event;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Events in memory, durable at once. Safe for all threads. */
public class MemoryEventStore implements EventStore {
  private final List<StoredEvent> events = new ArrayList<>();
  private final SpoolMarks marks = new SpoolMarks();

  @Override
  public synchronized SpoolMarks recover(EventListener untold) {
    return SpoolMarks.decode(marks.encode());
  }

  @Override
  public void append(Event event, byte[] raw, Runnable whenDurable) {
    synchronized (this) {
      marks.take(event);
      events.add(new StoredEvent(Integer.toString(events.size() + 1), event));
    }
    whenDurable.run();
  }

  @Override
  public synchronized List<StoredEvent> search(EventQuery query) {
    List<StoredEvent> found = new ArrayList<>();
    for (int i = events.size() - 1; i >= 0 && found.size() < query.limit(); i--) {
      StoredEvent stored = events.get(i);
      boolean before =
          query.before().isEmpty() || Long.parseLong(stored.id()) < Long.parseLong(query.before());
      if (before && query.matches(stored.event())) {
        found.add(stored);
      }
    }
    return found;
  }

  @Override
  public synchronized Optional<StoredEvent> find(String id) {
    return events.stream().filter(stored -> stored.id().equals(id)).findFirst();
  }
}
