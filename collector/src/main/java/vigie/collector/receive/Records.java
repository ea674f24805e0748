package vigie.collector.receive;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogNames;
import vigie.base.syslog.SyslogParser;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.event.EventText;
import vigie.collector.event.SyslogRecords;

/**
 * From syslog records to events. An agent's own carry {@code [vigie@32473 node= spool= seq= boot=
 * type= …]}; all others are foreign, of type {@code syslog}. The node of a foreign record is the
 * name that its sender proved, else the one in its header, else the sender's address; the header's
 * is kept as the field {@code host} where it is another.
 */
public final class Records {
  private static final String ELEMENT = "vigie@32473";

  /** While a node starts, its clock may still be that of its last shutdown. */
  private static final long EARLY_MILLIS = 5 * 60_000;

  private final SyslogNames names = new SyslogNames();
  private final int elements;
  private final int params;
  private final int fieldBytes;
  private final ReceiveMeters meters;

  /**
   * @param meters count what does not become fields
   */
  public Records(ReceiveLimits limits, ReceiveMeters meters) {
    this.meters = meters;
    this.elements = limits.of(Limit.SD_ELEMENTS);
    this.params = limits.of(Limit.SD_PARAMS);
    this.fieldBytes = limits.of(Limit.FIELD_BYTES);
  }

  /** A parser for one thread at a time; all of these share the strings of names. */
  public SyslogParser parser() {
    return new SyslogParser(ZoneId.systemDefault(), names);
  }

  /**
   * Makes the event of an agent's own record. Whether the peer may tell of its node is not looked
   * at.
   *
   * @param arrived is the time of a record without one
   * @param received when it is taken, perhaps long behind that where the disk lags
   * @param cut whether the record was longer than the limit; told in the field {@code cut}
   * @return null where the record is foreign
   */
  public @Nullable Event own(
      SyslogMessage message, Instant arrived, Instant received, Peer peer, boolean cut) {
    Map<String, String> fields = "vigie".equals(message.app()) ? message.element(ELEMENT) : null;
    String type = fields == null ? "" : taken(fields, "type");
    if (fields == null || type.isEmpty() || type.equals("syslog")) {
      return null;
    }
    String node = taken(fields, "node");
    Event.Origin origin =
        origin(taken(fields, "spool"), taken(fields, "seq"), taken(fields, "boot"));
    if (mono(fields) < EARLY_MILLIS) {
      Map<String, String> quality = message.element("timeQuality");
      if (quality != null && !"1".equals(quality.get("isSynced"))) {
        fields.putIfAbsent("clock", "unverified");
      }
    }
    if (cut) {
      fields.put("cut", "true");
    }
    return new Event(
        time(message, arrived),
        received,
        node.isEmpty() ? node(message, peer) : node,
        message.facility(),
        message.severity(),
        message.app(),
        type,
        fields,
        text(message),
        origin);
  }

  /** How long the node's kernel had been running; the greatest number where it does not say. */
  private static long mono(Map<String, String> fields) {
    try {
      return Long.parseLong(fields.getOrDefault("mono", ""));
    } catch (NumberFormatException none) {
      return Long.MAX_VALUE;
    }
  }

  /**
   * Makes the event of a record that is no agent's, whatever it says; see {@link #own}.
   *
   * @param bound the only name that the peer may use, {@code ""} for any
   */
  public Event foreign(
      SyslogMessage message,
      Instant arrived,
      Instant received,
      Peer peer,
      String bound,
      boolean cut) {
    String host = cut(message.host());
    return new Event(
        time(message, arrived),
        received,
        node(host, peer, bound),
        message.facility(),
        message.severity(),
        cut(message.app()),
        "syslog",
        Event.fields(fields(message, renamed(host, bound), cut)),
        text(message),
        null);
  }

  /**
   * Adds the same to others.
   *
   * @param message lies in the frames of {@code to}
   */
  public void addForeign(
      SyslogRecords to,
      SyslogMessage message,
      Instant arrived,
      Peer peer,
      String bound,
      boolean cut) {
    String host = cut(message.host());
    to.add(
        message.hasTime()
            ? message.timeMicros()
            : ChronoUnit.MICROS.between(Instant.EPOCH, arrived),
        message.pri(),
        node(host, peer, bound),
        cut(message.app()),
        message.recordStart(),
        message.recordEnd(),
        message.textLength(),
        fields(message, renamed(host, bound), cut),
        isPlain(message, bound, cut));
  }

  /** An event and what it came as. */
  public EventSink.Arrival arrival(Event event, SyslogMessage message, String bound, boolean cut) {
    boolean plain = event.origin() == null && isPlain(message, bound, cut);
    return new EventSink.Arrival(event, message.record(), message.textLength(), plain);
  }

  /** Whether nothing is cut, renamed or added. */
  private boolean isPlain(SyslogMessage message, String bound, boolean cut) {
    int longest = Math.min(fieldBytes, Event.LONGEST_NAME);
    return !cut
        && bound.isEmpty()
        && message.textStart() - message.recordStart() <= longest
        && Event.isPlain(message);
  }

  private static String node(String host, Peer peer, String bound) {
    return !bound.isEmpty() ? bound : host.isEmpty() ? peer.name() : host;
  }

  /** What the record calls its host where it has a better name, else {@code ""}. */
  private static String renamed(String host, String bound) {
    return bound.isEmpty() || host.equalsIgnoreCase(bound) ? "" : host;
  }

  /**
   * What a foreign record says besides: name, value, name, value …
   *
   * @param host {@code ""} where it is no field
   */
  private String[] fields(SyslogMessage message, String host, boolean cut) {
    String procId = cut(message.procId());
    String msgId = cut(message.msgId());
    Map<String, String> data = message.hasData() ? data(message) : Map.of();
    int count = one(host) + one(procId) + one(msgId) + data.size() + (cut ? 1 : 0);
    String[] pairs = new String[2 * count];
    int at = putNonEmpty(pairs, 0, "host", host);
    at = putNonEmpty(pairs, at, "procid", procId);
    at = putNonEmpty(pairs, at, "msgid", msgId);
    for (Map.Entry<String, String> field : data.entrySet()) {
      pairs[at++] = field.getKey();
      pairs[at++] = field.getValue();
    }
    putNonEmpty(pairs, at, "cut", cut ? "true" : "");
    return pairs;
  }

  private static int one(String value) {
    return value.isEmpty() ? 0 : 1;
  }

  /** Returns where the next one goes. */
  private static int putNonEmpty(String[] pairs, int at, String name, String value) {
    if (value.isEmpty()) {
      return at;
    }
    pairs[at] = name;
    pairs[at + 1] = value;
    return at + 2;
  }

  /** Structured data as fields {@code SD-ID.NAME}; of a repeated name the values joined. */
  private Map<String, String> data(SyslogMessage message) {
    Map<String, String> all = new LinkedHashMap<>(); // two names may be one once they are cut
    Map<String, Map<String, List<String>>> data = message.data(elements, params);
    if (data.size() >= elements && message.data(elements + 1, params).size() > elements) {
      meters.hit(Limit.SD_ELEMENTS);
    }
    if (params(data) >= params && params(message.data(elements, params + 1)) > params) {
      meters.hit(Limit.SD_PARAMS);
    }
    for (Map.Entry<String, Map<String, List<String>>> element : data.entrySet()) {
      for (Map.Entry<String, List<String>> param : element.getValue().entrySet()) {
        all.put(
            cut(element.getKey() + "." + param.getKey()), cut(String.join(", ", param.getValue())));
      }
    }
    return all;
  }

  private static int params(Map<String, Map<String, List<String>>> data) {
    int count = 0;
    for (Map<String, List<String>> element : data.values()) {
      for (List<String> values : element.values()) {
        count += values.size();
      }
    }
    return count;
  }

  /** In characters, which is at most the bytes; half a character could not be written. */
  private String cut(String value) {
    if (value.length() <= fieldBytes) {
      return value;
    }
    meters.hit(Limit.FIELD_BYTES);
    boolean splits = Character.isHighSurrogate(value.charAt(fieldBytes - 1));
    return value.substring(0, splits ? fieldBytes - 1 : fieldBytes);
  }

  private static EventText text(SyslogMessage message) {
    return EventText.endOf(message.record(), message.textLength());
  }

  /** A record's own time is kept however far off it is; {@code received} tells the difference. */
  private static Instant time(SyslogMessage message, Instant arrived) {
    Instant time = message.time();
    return time == null ? arrived : time;
  }

  private static String node(SyslogMessage message, Peer peer) {
    String host = message.host();
    return host.isEmpty() ? peer.name() : host;
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
}
