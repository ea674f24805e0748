package vigie.agent.spool;

import java.util.Map;
import java.util.Set;
import vigie.agent.event.Event;
import vigie.base.syslog.SyslogWriter;

/**
 * Writes events as the RFC 5424 records that travel: facility local0, APP-NAME {@code vigie}, MSGID
 * the type, and one element {@code vigie@32473} with the identity and the event's fields. Not safe
 * for several threads.
 */
final class EventWriter {
  private static final int LOCAL0 = 16;
  private static final Set<String> RESERVED =
      Set.of("node", "spool", "seq", "boot", "mono", "was", "type");

  private final SyslogWriter writer = new SyslogWriter();
  private final Host host;
  private final String process = Long.toString(ProcessHandle.current().pid());

  EventWriter(Host host) {
    this.host = host;
  }

  /**
   * @param seq the event's number, or 0 for one that is in no spool: it then names neither
   * @param booted when the kernel was started by the clock that stamped the event, milliseconds
   *     since the epoch; 0 where that is not known
   */
  @SuppressWarnings("EnumOrdinal") // a severity's ordinal is its code
  byte[] write(Event event, String spool, long seq, long booted, boolean synced) {
    String type = event.type().wire();
    writer
        .begin(
            LOCAL0 * 8 + event.severity().ordinal(),
            event.time(),
            host.node(),
            "vigie",
            process,
            type)
        .element("vigie@32473")
        .param("node", host.node());
    if (seq > 0) {
      writer.param("spool", spool).param("seq", seq);
    }
    writer.param("boot", host.boot());
    long mono = event.time().toEpochMilli() - booted;
    if (booted != 0 && mono >= 0) {
      writer.param("mono", mono);
    }
    writer.param("type", type);
    for (Map.Entry<String, String> field : event.fields().entrySet()) {
      if (!RESERVED.contains(field.getKey())) {
        writer.param(field.getKey(), field.getValue());
      }
    }
    writer.element("timeQuality").param("tzKnown", "1");
    if (synced) {
      writer.param("isSynced", "1");
    }
    return writer.end(event.text());
  }
}
