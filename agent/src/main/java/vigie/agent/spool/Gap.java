package vigie.agent.spool;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;

/**
 * Events that never reach the collector.
 *
 * @param from the first one's seq
 * @param to the last one's seq
 * @param reason {@code full}, {@code age}, {@code damage} or {@code torn}
 */
record Gap(long from, long to, String reason) {
  private static final Map<String, String> CAUSES =
      Map.of(
          "full", "the spool was full",
          "age", "they waited too long in the spool",
          "damage", "the spool's files are damaged",
          "torn", "the end of the spool was cut off while it was written");

  /** The event that tells of it. */
  Event event(Instant now) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("from", Long.toString(from));
    fields.put("to", Long.toString(to));
    fields.put("count", Long.toString(to - from + 1));
    fields.put("reason", reason);
    return new Event(
        now,
        Severity.WARNING,
        EventType.AGENT_GAP,
        fields,
        "events " + from + " to " + to + " are lost: " + CAUSES.getOrDefault(reason, reason));
  }
}
