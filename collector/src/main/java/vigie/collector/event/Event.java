package vigie.collector.event;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import vigie.base.syslog.SyslogMessage;

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
 * @param words the text: one line for a person; from outside: whoever shows it escapes it
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
    EventText words,
    @Nullable Origin origin) {
  /** What is longer of a node, program or type is stored cut, in bytes. */
  public static final int LONGEST_NAME = 1 << 10;

  public Event {
    if (facility < 0 || facility > 23 || severity < 0 || severity > 7) {
      throw new IllegalArgumentException(
          "facility " + facility + ", severity " + severity + " out of range");
    }
    fields = fields instanceof Fields ? fields : new Fields(fields);
  }

  public Event(
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
    this(time, received, node, facility, severity, app, type, fields, EventText.of(text), origin);
  }

  /** Whether {@link #ofPlain} can read the record, and nothing that it says is left out. */
  public static boolean isPlain(SyslogMessage message) {
    return message.format() == SyslogMessage.Format.RFC5424
        && message.hasTime()
        && !message.hasData()
        && !message.host().isEmpty();
  }

  /**
   * The event of a foreign record that says all by itself: RFC 5424 with a time and a host, without
   * structured data.
   *
   * @param received exact to the microsecond
   * @throws IllegalArgumentException if it is another
   */
  public static Event ofPlain(SyslogMessage message, Instant received) {
    if (!isPlain(message)) {
      throw new IllegalArgumentException("no plain record");
    }
    String procId = message.procId();
    String msgId = message.msgId();
    List<String> pairs = new ArrayList<>(4);
    if (!procId.isEmpty()) {
      pairs.addAll(List.of("procid", procId));
    }
    if (!msgId.isEmpty()) {
      pairs.addAll(List.of("msgid", msgId));
    }
    return new Event(
        Instant.EPOCH.plus(message.timeMicros(), ChronoUnit.MICROS),
        received,
        message.host(),
        message.facility(),
        message.severity(),
        message.app(),
        "syslog",
        fields(pairs.toArray(String[]::new)),
        EventText.endOf(message.record(), message.textLength()),
        null);
  }

  /** One line for a person. */
  public String text() {
    return words.toString();
  }

  /** The same, received at another time. */
  Event receivedAt(Instant now) {
    return new Event(time, now, node, facility, severity, app, type, fields, words, origin);
  }

  /** The field's value, {@code ""} where it is absent. */
  public String field(String name) {
    return fields.getOrDefault(name, "");
  }

  /** Whether it only tests the way: no sign of life, and in no count. */
  public boolean isDrill() {
    return type.startsWith("drill.");
  }

  /** Whether it is a fault that its node told while that went down: services end then. */
  public boolean isOfShutdown() {
    // A pattern's own fields may have any name.
    return origin != null && !type.equals("log.match") && !field("stopping").isEmpty();
  }

  /**
   * Fields without a map to copy them from, for where many events are made.
   *
   * @param pairs name, value, name, value …; belongs to the fields from now on, no name twice
   */
  public static Map<String, String> fields(String[] pairs) {
    return pairs.length == 0 ? NO_FIELDS : new Fields(pairs);
  }

  private static final Map<String, String> NO_FIELDS = new Fields(new String[0]);

  /**
   * A copy that nobody changes, so that a copy of the event needs no other: a name, its value, …
   */
  private static final class Fields extends AbstractMap<String, String> {
    private final String[] pairs;

    Fields(String[] pairs) {
      this.pairs = pairs;
    }

    Fields(Map<String, String> fields) {
      pairs = new String[2 * fields.size()];
      int at = 0;
      for (Map.Entry<String, String> field : fields.entrySet()) {
        pairs[at++] = Objects.requireNonNull(field.getKey());
        pairs[at++] = Objects.requireNonNull(field.getValue());
      }
    }

    @Override
    public @Nullable String get(@Nullable Object name) {
      for (int i = 0; i < pairs.length; i += 2) {
        if (pairs[i].equals(name)) {
          return pairs[i + 1];
        }
      }
      return null;
    }

    @Override
    public boolean containsKey(@Nullable Object name) {
      return get(name) != null;
    }

    @Override
    public int size() {
      return pairs.length / 2;
    }

    @Override
    public void forEach(BiConsumer<? super String, ? super String> each) {
      for (int i = 0; i < pairs.length; i += 2) {
        each.accept(pairs[i], pairs[i + 1]);
      }
    }

    @Override
    public Set<Map.Entry<String, String>> entrySet() {
      return new AbstractSet<>() {
        @Override
        public int size() {
          return Fields.this.size();
        }

        @Override
        public Iterator<Map.Entry<String, String>> iterator() {
          return new Iterator<>() {
            private int at;

            @Override
            public boolean hasNext() {
              return at < pairs.length;
            }

            @Override
            public Map.Entry<String, String> next() {
              if (at >= pairs.length) {
                throw new NoSuchElementException();
              }
              at += 2;
              return new SimpleImmutableEntry<>(pairs[at - 2], pairs[at - 1]);
            }
          };
        }
      };
    }
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
