package vigie.agent.source;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Places;

/** A spool in memory, for tests. */
final class Kept implements EventSink, Places {
  private final List<Event> events = new CopyOnWriteArrayList<>();
  private final Map<String, String> cursors = new ConcurrentHashMap<>();

  @Override
  public void accept(Event event) {
    events.add(event);
    event.places().forEach(place -> cursors.put(place.source(), place.cursor()));
  }

  @Override
  public @Nullable String cursor(String source) {
    return cursors.get(source);
  }

  List<Event> all() {
    return List.copyOf(events);
  }

  /** Those of a type whose field has the value. */
  List<Event> of(EventType type, String field, String value) {
    return events.stream()
        .filter(e -> e.type() == type && value.equals(e.fields().get(field)))
        .toList();
  }
}
