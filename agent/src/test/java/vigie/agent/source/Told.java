package vigie.agent.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;

/** Keeps the events it is told; refuses them while {@link #broken}. */
final class Told implements EventSink {
  final List<Event> events = new CopyOnWriteArrayList<>();
  final List<List<String>> groups = new CopyOnWriteArrayList<>();
  volatile boolean broken;

  @Override
  public void accept(Event event) {
    if (broken) {
      throw new UncheckedIOException(new IOException("disk full"));
    }
    events.add(event);
  }

  @Override
  public void acceptAll(List<Event> together) {
    together.forEach(this::accept);
    groups.add(together.stream().map(Event::text).toList());
  }

  List<String> texts() {
    return events.stream().map(Event::text).toList();
  }

  Event last() {
    return events.get(events.size() - 1);
  }
}
