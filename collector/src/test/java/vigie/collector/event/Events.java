package vigie.collector.event;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Events for tests. */
public final class Events {
  public static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");

  private Events() {}

  /** An agent's, a second after the one before it. */
  public static Event agent(String node, String spool, long seq, String type, String... fields) {
    Event event = foreign(node, type, node + "/" + spool + "/" + seq);
    Map<String, String> map = new java.util.LinkedHashMap<>();
    for (int i = 0; i < fields.length; i += 2) {
      map.put(fields[i], fields[i + 1]);
    }
    Instant time = T0.plusSeconds(seq);
    return new Event(
        time,
        time,
        node,
        event.facility(),
        event.severity(),
        "vigie",
        type,
        map,
        event.text(),
        new Event.Origin(spool, seq, "boot"));
  }

  public static Event foreign(String node, String type, String text) {
    return new Event(T0, T0, node, 1, 5, "app", type, Map.of(), text, null);
  }

  public static Event at(Event e, Instant time, Instant received) {
    return new Event(
        time.truncatedTo(ChronoUnit.MICROS),
        received.truncatedTo(ChronoUnit.MICROS),
        e.node(),
        e.facility(),
        e.severity(),
        e.app(),
        e.type(),
        e.fields(),
        e.text(),
        e.origin());
  }

  static Event from(Event e, Event.Origin origin) {
    return new Event(
        e.time(),
        e.received(),
        e.node(),
        e.facility(),
        e.severity(),
        e.app(),
        e.type(),
        e.fields(),
        e.text(),
        origin);
  }

  /** Foreign records of just now: of each line all is text, its first word the node's name. */
  public static SyslogRecords records(Instant received, List<String> lines) {
    SyslogRecords records = new SyslogRecords();
    for (String line : lines) {
      byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
      int start = records.frames().length();
      records.frames().add(Unpooled.wrappedBuffer(bytes), bytes.length, false);
      records.add(
          ChronoUnit.MICROS.between(Instant.EPOCH, T0),
          13,
          line.substring(0, line.indexOf(' ')),
          "app",
          start,
          start + bytes.length,
          bytes.length,
          new String[0],
          false);
    }
    records.received(received);
    return records;
  }

  /** All that the store has, page by page, newest first. */
  public static List<StoredEvent> all(EventStore store) {
    List<StoredEvent> all = new ArrayList<>();
    EventPage page = store.search(EventQuery.newest(EventQuery.MOST));
    // Each search waits a second for what is not moved yet, which a busy machine may not do in one.
    for (int turn = 0; turn < 60 && String.valueOf(page.warnings()).contains("ask again"); turn++) {
      page = store.search(EventQuery.newest(EventQuery.MOST));
    }
    all.addAll(page.events());
    while (!page.next().isEmpty()) {
      page = store.search(EventQuery.newest(EventQuery.MOST).before(page.next()));
      all.addAll(page.events());
    }
    return all;
  }

  public static Event severity(Event e, int severity) {
    return new Event(
        e.time(),
        e.received(),
        e.node(),
        e.facility(),
        severity,
        e.app(),
        e.type(),
        e.fields(),
        e.text(),
        e.origin());
  }
}
