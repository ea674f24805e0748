package vigie.collector.store.event;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;

/**
 * An event as one record of the receive log, and the record it came as. Numbers are big-endian, a
 * string is its length in bytes (4) and UTF-8; times are microseconds since the epoch.
 *
 * <pre>
 * time 8, received 8, facility 1, severity 1, node, app, type, text,
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

  ByteBuffer encode() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256 + 2 * raw.length);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(micros(event.time()));
      out.writeLong(micros(event.received()));
      out.writeByte(event.facility());
      out.writeByte(event.severity());
      write(out, event.node(), LONGEST_NAME);
      write(out, event.app(), LONGEST_NAME);
      write(out, event.type(), LONGEST_NAME);
      write(out, event.text(), LONGEST_TEXT);
      writeFields(out, event.fields());
      Event.Origin origin = event.origin();
      out.writeByte(origin == null ? 0 : 1);
      if (origin != null) {
        write(out, origin.spool(), LONGEST_NAME);
        out.writeLong(origin.seq());
        write(out, origin.boot(), LONGEST_NAME);
      }
      int length = Math.min(raw.length, LONGEST_TEXT);
      out.writeInt(length);
      out.write(raw, 0, length);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot encode an event", e);
    }
    return ByteBuffer.wrap(bytes.toByteArray());
  }

  private static void writeFields(DataOutputStream out, Map<String, String> fields)
      throws IOException {
    Map<String, String> kept = new LinkedHashMap<>();
    int room = LONGEST_TEXT;
    for (Map.Entry<String, String> field : fields.entrySet()) {
      // Three bytes a character at most, and the two lengths.
      room -= 8 + 3 * (field.getKey().length() + field.getValue().length());
      if (room < 0 || kept.size() == MOST_FIELDS) {
        break;
      }
      kept.put(field.getKey(), field.getValue());
    }
    out.writeShort(kept.size());
    for (Map.Entry<String, String> field : kept.entrySet()) {
      write(out, field.getKey(), LONGEST_TEXT);
      write(out, field.getValue(), LONGEST_TEXT);
    }
  }

  private static void write(DataOutputStream out, String text, int most) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int length = utf8.length;
    if (length > most) {
      length = most;
      while ((utf8[length] & 0xc0) == 0x80) {
        length--; // never within a character
      }
    }
    out.writeInt(length);
    out.write(utf8, 0, length);
  }

  /**
   * @throws IllegalArgumentException if the bytes are no such record
   */
  static EventRecord decode(ByteBuffer in) {
    try {
      Instant time = micros(in.getLong());
      Instant received = micros(in.getLong());
      int facility = in.get();
      int severity = in.get();
      String node = string(in);
      String app = string(in);
      String type = string(in);
      String text = string(in);
      Map<String, String> fields = new LinkedHashMap<>();
      for (int count = in.getShort(); count > 0; count--) {
        fields.put(string(in), string(in));
      }
      Event.@Nullable Origin origin =
          in.get() == 0 ? null : new Event.Origin(string(in), in.getLong(), string(in));
      byte[] raw = bytes(in);
      return new EventRecord(
          new Event(time, received, node, facility, severity, app, type, fields, text, origin),
          raw);
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("the record ends too early", e);
    }
  }

  private static String string(ByteBuffer in) {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("a length of " + length + " in " + in.remaining());
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }
}
