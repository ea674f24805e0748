package vigie.collector.store.event;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.syslog.SyslogNames;
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
 * </pre>
 *
 * What is larger than any receiver lets through is cut, never refused, since its sender would bring
 * it again for ever.
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares these
record EventRecord(Event event, byte[] raw) {
  static final int MOST_BYTES = 1 << 20;
  private static final int LONGEST_TEXT = 256 << 10;
  private static final int LONGEST_NAME = 1 << 10;
  private static final int MOST_FIELDS = 1_000;

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

  /** The record of each event, one behind the other in one array. */
  static List<ByteBuffer> encode(List<EventSink.Arrival> arrivals) {
    int room = 0;
    for (EventSink.Arrival arrival : arrivals) {
      room += 160 + arrival.raw().length;
    }
    Output out = new Output(room);
    int[] ends = new int[arrivals.size()];
    for (int i = 0; i < ends.length; i++) {
      write(out, arrivals.get(i));
      ends[i] = out.length;
    }
    List<ByteBuffer> records = new ArrayList<>(ends.length);
    for (int i = 0, start = 0; i < ends.length; start = ends[i++]) {
      records.add(ByteBuffer.wrap(out.bytes, start, ends[i] - start));
    }
    return records;
  }

  ByteBuffer encode() {
    return encode(List.of(new EventSink.Arrival(event, raw))).get(0).slice();
  }

  private static void write(Output out, EventSink.Arrival arrival) {
    Event event = arrival.event();
    byte[] raw = arrival.raw();
    out.int64(micros(event.time()));
    out.int64(micros(event.received()));
    out.int8(event.facility());
    out.int8(event.severity());
    out.string(event.node(), LONGEST_NAME);
    out.string(event.app(), LONGEST_NAME);
    out.string(event.type(), LONGEST_NAME);
    int rawLength = Math.min(raw.length, LONGEST_TEXT);
    if (arrival.textBytes() >= 0 && rawLength == raw.length) {
      out.int32(-1 - arrival.textBytes());
    } else {
      out.text(event.text(), raw, rawLength);
    }
    writeFields(out, event.fields());
    Event.Origin origin = event.origin();
    out.int8(origin == null ? 0 : 1);
    if (origin != null) {
      out.string(origin.spool(), LONGEST_NAME);
      out.int64(origin.seq());
      out.string(origin.boot(), LONGEST_NAME);
    }
    out.bytes(raw, rawLength);
  }

  private static void writeFields(Output out, Map<String, String> fields) {
    int count = 0;
    int at = out.length;
    out.int16(0);
    int room = LONGEST_TEXT;
    for (Map.Entry<String, String> field : fields.entrySet()) {
      // Three bytes a character at most, and the two lengths.
      room -= 8 + 3 * (field.getKey().length() + field.getValue().length());
      if (room < 0 || count == MOST_FIELDS) {
        break;
      }
      out.string(field.getKey(), LONGEST_TEXT);
      out.string(field.getValue(), LONGEST_TEXT);
      count++;
    }
    out.bytes[at] = (byte) (count >> 8);
    out.bytes[at + 1] = (byte) count;
  }

  /** Bytes that grow. */
  private static final class Output {
    private static final VarHandle LONG =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT =
        MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    byte[] bytes;
    int length;

    Output(int room) {
      bytes = new byte[room];
    }

    private void require(int more) {
      if (bytes.length - length < more) {
        bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length * 2));
      }
    }

    void int64(long value) {
      require(8);
      LONG.set(bytes, length, value);
      length += 8;
    }

    void int32(int value) {
      require(4);
      INT.set(bytes, length, value);
      length += 4;
    }

    void int16(int value) {
      int8(value >> 8);
      int8(value);
    }

    void int8(int value) {
      require(1);
      bytes[length++] = (byte) value;
    }

    void bytes(byte[] from, int count) {
      int32(count);
      require(count);
      System.arraycopy(from, 0, bytes, length, count);
      length += count;
    }

    void string(String text, int most) {
      if (text.length() > most || !ascii(text)) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        bytes(utf8, whole(utf8, most));
      }
    }

    /** Writes the string if it is ASCII, as nearly all are, without a copy of it. */
    private boolean ascii(String text) {
      int count = text.length();
      require(4 + count);
      int at = length + 4;
      for (int i = 0; i < count; i++) {
        char c = text.charAt(i);
        if (c >= 0x80) {
          return false;
        }
        bytes[at + i] = (byte) c;
      }
      int32(count);
      length += count;
      return true;
    }

    /** The text, or only how long it is where the raw record ends with it, as nearly all do. */
    void text(String text, byte[] raw, int rawLength) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      int count = whole(utf8, LONGEST_TEXT);
      int from = rawLength - count;
      if (from >= 0 && Arrays.equals(utf8, 0, count, raw, from, rawLength)) {
        int32(-1 - count);
      } else {
        bytes(utf8, count);
      }
    }

    /** So many bytes at most, and never half a character. */
    private static int whole(byte[] utf8, int most) {
      int count = utf8.length;
      if (count > most) {
        count = most;
        while ((utf8[count] & 0xc0) == 0x80) {
          count--;
        }
      }
      return count;
    }
  }

  /**
   * @throws IllegalArgumentException if the bytes are no such record
   */
  static EventRecord decode(ByteBuffer record) {
    return decode(record, new SyslogNames());
  }

  /** The same with one string for each name that comes again and again. */
  static EventRecord decode(ByteBuffer record, SyslogNames names) {
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
      Map<String, String> fields = count > 0 ? new LinkedHashMap<>() : Map.of();
      for (; count > 0; count--) {
        fields.put(name(in, names), string(in));
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
          new Event(time, received, node, facility, severity, app, type, fields, text, origin),
          raw);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException("the record ends too early", e);
    }
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
