package vigie.agent.event;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened on this node.
 *
 * @param time when it happened, by this node's clock
 * @param severity how bad, in syslog's terms
 * @param type what kind
 * @param fields structured facts such as {@code probe}, {@code target}, {@code reason}; names of
 *     ASCII letters, digits and {@code _}, at most 32 long; values any text
 * @param text one line for a person
 * @param places how far the source was read that this came from; empty where there is nothing to go
 *     on from. The agent's last event has those of all sources. They stay on the node.
 */
public record Event(
    Instant time,
    Severity severity,
    EventType type,
    Map<String, String> fields,
    String text,
    List<Place> places) {
  public Event {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    places = List.copyOf(places);
  }

  /**
   * An event of one source.
   *
   * @param place null where there is nothing to go on from
   */
  public Event(
      Instant time,
      Severity severity,
      EventType type,
      Map<String, String> fields,
      String text,
      @Nullable Place place) {
    this(time, severity, type, fields, text, place == null ? List.of() : List.of(place));
  }

  /** An event that needs no place. */
  public Event(
      Instant time, Severity severity, EventType type, Map<String, String> fields, String text) {
    this(time, severity, type, fields, text, List.of());
  }

  /** The same with another place. */
  public Event at(@Nullable Place place) {
    return new Event(time, severity, type, fields, text, place);
  }
}
