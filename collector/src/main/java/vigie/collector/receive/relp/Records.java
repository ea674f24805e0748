package vigie.collector.receive.relp;

import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.syslog.SyslogMessage;
import vigie.collector.event.Event;

/**
 * From syslog records to events. An agent's own carry {@code [vigie@32473 node= spool= seq= boot=
 * type= …]}; all others are foreign, of type {@code syslog}.
 */
final class Records {
  private static final String ELEMENT = "vigie@32473";

  private Records() {}

  /**
   * @param peer stands for the node where the record names none
   * @param cut whether the record was longer than the limit; told in the field {@code cut}
   */
  static Event event(SyslogMessage message, Instant received, String peer, boolean cut) {
    Map<String, String> element = "vigie".equals(message.app()) ? message.element(ELEMENT) : null;
    return element == null || !element.containsKey("type")
        ? foreign(message, received, peer, cut)
        : own(message, element, received, peer, cut);
  }

  private static Event own(
      SyslogMessage message,
      Map<String, String> element,
      Instant received,
      String peer,
      boolean cut) {
    Map<String, String> fields = new LinkedHashMap<>(element);
    String node = taken(fields, "node");
    String type = taken(fields, "type");
    Event.Origin origin =
        origin(taken(fields, "spool"), taken(fields, "seq"), taken(fields, "boot"));
    if (cut) {
      fields.put("cut", "true");
    }
    return new Event(
        time(message, received),
        received,
        node.isEmpty() ? node(message, peer) : node,
        message.facility(),
        message.severity(),
        message.app(),
        type,
        fields,
        message.text(),
        origin);
  }

  private static Event foreign(SyslogMessage message, Instant received, String peer, boolean cut) {
    Map<String, String> fields = Map.of();
    String procId = message.procId();
    String msgId = message.msgId();
    if (!procId.isEmpty() || !msgId.isEmpty() || cut) {
      fields = new HashMap<>(4);
      putNonEmpty(fields, "procid", procId);
      putNonEmpty(fields, "msgid", msgId);
      putNonEmpty(fields, "cut", cut ? "true" : "");
    }
    return new Event(
        time(message, received),
        received,
        node(message, peer),
        message.facility(),
        message.severity(),
        message.app(),
        "syslog",
        fields,
        message.text(),
        null);
  }

  /** A record's own time is kept however far off it is; {@code received} tells the difference. */
  private static Instant time(SyslogMessage message, Instant received) {
    Instant time = message.time();
    return time == null ? received : time;
  }

  private static String node(SyslogMessage message, String peer) {
    String host = message.host();
    return host.isEmpty() ? peer : host;
  }

  private static Event.@Nullable Origin origin(String spool, String seq, String boot) {
    if (spool.isEmpty() || seq.isEmpty() || seq.length() > 18) {
      return null;
    }
    long number = 0;
    for (int i = 0; i < seq.length(); i++) {
      char c = seq.charAt(i);
      if (c < '0' || c > '9') {
        return null;
      }
      number = number * 10 + c - '0';
    }
    return new Event.Origin(spool, number, boot);
  }

  private static String taken(Map<String, String> fields, String name) {
    String value = fields.remove(name);
    return value == null ? "" : value;
  }

  private static void putNonEmpty(Map<String, String> fields, String name, String value) {
    if (!value.isEmpty()) {
      fields.put(name, value);
    }
  }
}
