package vigie.collector.store.event;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogNames;
import vigie.base.syslog.SyslogParser;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;

/**
 * An event as one record of the receive log, and the record it came as. Numbers are big-endian, a
 * string is its length in bytes (4) and UTF-8; times are microseconds since the epoch.
 *
 * <pre>
 * time 8, received 8, facility 1, severity 1, node, app, type,
 * text, or its length in bytes as -1 - length (4) where the raw record ends with it,
 * fields 2 × (name, value), origin 0 or 1 (1) [spool, seq 8, boot], raw length 4, raw
 *
 * or, where {@link Event#ofPlain} makes the event of the record alone:
 * 128 (1), received 8, raw
 * </pre>
 *
 * No time in range begins with the byte 128. Version 1 of the layout had the first kind only. In a
 * storm the disk is what holds the collector up: the second kind has 70 bytes less.
 *
 * <p>What is larger than any receiver lets through is cut, never refused, since its sender would
 * bring it again for ever.
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares these
record EventRecord(Event event, byte[] raw) {
  static final int MOST_BYTES = 1 << 20;
  static final int LONGEST_TEXT = 256 << 10;
  static final int LONGEST_NAME = Event.LONGEST_NAME;
  static final byte PLAIN = (byte) 128;
  private static final int PLAIN_HEADER = 9;
  static final int MOST_FIELDS = 1_000;

  /** Seconds that fit into a long as microseconds, with room to spare. */
  private static final long MOST_SECONDS = 9_000_000_000_000L;

  static long micros(Instant time) {
    long seconds = Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, time.getEpochSecond()));
    return seconds * 1_000_000 + time.getNano() / 1_000;
  }

  static Instant micros(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), 1_000L * Math.floorMod(micros, 1_000_000L));
  }

  ByteBuffer encode() {
    return new EventEncoder().encode(List.of(new EventSink.Arrival(event, raw))).get(0).slice();
  }

  /**
   * @throws IllegalArgumentException if the bytes are no such record
   */
  static EventRecord decode(ByteBuffer record) {
    return decode(record, new SyslogNames());
  }

  /** The same with one string for each name that comes again and again. */
  static EventRecord decode(ByteBuffer record, SyslogNames names) {
    if (record.remaining() > PLAIN_HEADER && record.get(record.position()) == PLAIN) {
      return plain(record, names);
    }
    byte[] bytes = new byte[record.remaining()];
    record.get(record.position(), bytes);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    try {
      Instant time = micros(in.getLong());
      Instant received = micros(in.getLong());
      int facility = in.get();
      int severity = in.get();
      String node = name(in, names);
      String app = name(in, names);
      String type = name(in, names);
      int textLength = in.getInt(in.position());
      String text = "";
      if (textLength < 0) {
        in.getInt();
      } else {
        text = string(in);
      }
      int count = in.getShort();
      List<String> fields = new ArrayList<>(4);
      for (; count > 0; count--) {
        fields.add(name(in, names));
        fields.add(string(in));
      }
      Event.@Nullable Origin origin =
          in.get() == 0 ? null : new Event.Origin(string(in), in.getLong(), string(in));
      int length = length(in);
      byte[] raw = Arrays.copyOfRange(bytes, in.position(), in.position() + length);
      if (textLength < 0) {
        int from = raw.length - (-1 - textLength);
        if (from < 0) {
          throw new IllegalArgumentException("a text of " + (-1 - textLength) + " in " + length);
        }
        text = new String(raw, from, raw.length - from, StandardCharsets.UTF_8);
      }
      return new EventRecord(
          new Event(
              time,
              received,
              node,
              facility,
              severity,
              app,
              type,
              Event.fields(fields.toArray(String[]::new)),
              text,
              origin),
          raw);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("the record ends too early", e);
    }
  }

  private static EventRecord plain(ByteBuffer in, SyslogNames names) {
    Instant received = micros(in.getLong(in.position() + 1));
    byte[] raw = new byte[in.remaining() - PLAIN_HEADER];
    in.get(in.position() + PLAIN_HEADER, raw);
    SyslogMessage message = new SyslogParser(ZoneOffset.UTC, names).parse(raw, received);
    if (message == null) {
      throw new IllegalArgumentException("an empty record");
    }
    return new EventRecord(Event.ofPlain(message, received), raw);
  }

  private static String name(ByteBuffer in, SyslogNames names) {
    int length = length(in);
    int from = in.position();
    in.position(from + length);
    return length == 0 ? "" : names.of(in.array(), from, from + length);
  }

  private static String string(ByteBuffer in) {
    int length = length(in);
    int from = in.position();
    in.position(from + length);
    return new String(in.array(), from, length, StandardCharsets.UTF_8);
  }

  private static int length(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("a length of " + length + " in " + in.remaining());
    }
    return length;
  }
}
