package vigie.collector.event;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Events in memory, durable at once. Safe for all threads. */
public class MemoryEventStore implements EventStore {
  /** Oldest first; imported ones before all others. */
  private final List<StoredEvent> imported = new ArrayList<>();

  private final List<StoredEvent> events = new ArrayList<>();
  private final SpoolMarks marks = new SpoolMarks();

  @Override
  public synchronized SpoolMarks recover(EventListener untold) {
    return SpoolMarks.decode(marks.encode());
  }

  @Override
  public void append(List<EventSink.Arrival> arrivals, Runnable whenDurable) {
    synchronized (this) {
      for (EventSink.Arrival arrival : arrivals) {
        marks.take(arrival.event());
        String id = Integer.toString(events.size() + 1);
        events.add(new StoredEvent(id, arrival.event(), ByteBuffer.wrap(arrival.raw()), ""));
      }
    }
    whenDurable.run();
  }

  private List<StoredEvent> newestFirst() {
    List<StoredEvent> all = new ArrayList<>(imported);
    all.addAll(events);
    java.util.Collections.reverse(all);
    return all;
  }

  @Override
  public synchronized EventPage search(EventQuery query) {
    long before = query.before().isEmpty() ? Long.MAX_VALUE : order(query.before());
    long after = query.after().isEmpty() ? Long.MIN_VALUE : order(query.after());
    List<StoredEvent> found = new ArrayList<>();
    List<StoredEvent> all = newestFirst();
    for (StoredEvent stored : all) {
      long id = order(stored.id());
      if (found.size() < query.limit()
          && id < before
          && id > after
          && query.matches(stored.event())) {
        found.add(stored);
      }
    }
    return new EventPage(
        found,
        found.size() == query.limit() ? found.get(found.size() - 1).id() : "",
        all.isEmpty() ? "" : all.get(0).id(),
        List.of());
  }

  private static long order(String id) {
    try {
      return id.startsWith("i")
          ? Long.parseLong(id.substring(1)) - Long.MAX_VALUE
          : Long.parseLong(id);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + id + "\" is no event's id", e);
    }
  }

  @Override
  public synchronized List<String> scan(EventQuery query, Predicate<Event> visitor) {
    for (StoredEvent stored : newestFirst()) {
      if (query.matches(stored.event()) && !visitor.test(stored.event())) {
        break;
      }
    }
    return List.of();
  }

  @Override
  public synchronized Optional<StoredEvent> find(String id) {
    return newestFirst().stream().filter(stored -> stored.id().equals(id)).findFirst();
  }

  @Override
  public synchronized Set<EventStream> streams(Instant since, Instant until) {
    Set<EventStream> all = new LinkedHashSet<>();
    newestFirst().forEach(stored -> all.add(EventStream.of(stored.event())));
    return all;
  }

  @Override
  public synchronized Imported insertHistory(List<StoredEvent> fresh) {
    int taken = 0;
    for (StoredEvent event : fresh) {
      if (newestFirst().stream().noneMatch(known -> isSame(known, event))) {
        String id = "i" + (imported.size() + 1);
        imported.add(new StoredEvent(id, event.event(), event.raw(), event.id()));
        taken++;
      }
    }
    return new Imported(taken, fresh.size() - taken, 0);
  }

  private static boolean isSame(StoredEvent known, StoredEvent fresh) {
    String id = known.imported().isEmpty() ? known.id() : known.imported();
    Event.Origin origin = fresh.event().origin();
    Event.Origin other = known.event().origin();
    return (id.equals(fresh.id()) && known.event().received().equals(fresh.event().received()))
        || (origin != null
            && other != null
            && origin.spool().equals(other.spool())
            && origin.seq() == other.seq()
            && known.event().node().equals(fresh.event().node()));
  }
}
