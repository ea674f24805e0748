package vigie.collector.event;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened on a node, as the collector took it.
 *
 * @param time when it happened, by the node's clock
 * @param received when the collector took it, by its own clock
 * @param node who says so
 * @param facility 0 to 23, as in syslog
 * @param severity 0 (emergency) to 7 (debug), as in syslog
 * @param app APP-NAME, {@code vigie} for an agent's own, {@code ""} where there is none
 * @param type such as {@code probe.down}; {@code syslog} for foreign records
 * @param fields structured facts, such as {@code probe}, {@code target}, {@code reason}; without
 *     the identity that {@code origin} holds
 * @param text one line for a person; from outside: whoever shows it escapes it
 * @param origin the agent's identity of this event; null for foreign records, which cannot be told
 *     apart
 */
public record Event(
    Instant time,
    Instant received,
    String node,
    int facility,
    int severity,
    String app,
    String type,
    Map<String, String> fields,
    String text,
    @Nullable Origin origin) {
  public Event {
    if (facility < 0 || facility > 23 || severity < 0 || severity > 7) {
      throw new IllegalArgumentException(
          "facility " + facility + ", severity " + severity + " out of range");
    }
    fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
  }

  /** The field's value, {@code ""} where it is absent. */
  public String field(String name) {
    return fields.getOrDefault(name, "");
  }

  /**
   * What makes an agent's event unique: (node, spool, seq).
   *
   * @param spool the identity of the agent's spool
   * @param seq counts up by one for ever
   * @param boot the kernel's boot id
   */
  public record Origin(String spool, long seq, String boot) {}
}
