package vigie.agent.event;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
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
 * @param place how far the source was read that this came from; null where there is nothing to go
 *     on from. Stays on the node.
 */
public record Event(
    Instant time,
    Severity severity,
    EventType type,
    Map<String, String> fields,
    String text,
    @Nullable Place place) {
  public Event {
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** An event that needs no place. */
  public Event(
      Instant time, Severity severity, EventType type, Map<String, String> fields, String text) {
    this(time, severity, type, fields, text, null);
  }
}
