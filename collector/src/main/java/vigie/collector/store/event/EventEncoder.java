package vigie.collector.store.event;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.event.SyslogRecords;

/**
 * Writes events as {@link EventRecord} draws them, one behind the other in one array. It can be
 * used again once nobody needs what it gave: that spares a storm a third of its garbage. Not safe
 * for several threads.
 */
final class EventEncoder {
  /** What is not larger is worth keeping for the next events. */
  private static final int KEPT_BYTES = 128 << 10;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  private byte[] bytes = new byte[0];
  private int length;

  /** Views of {@link #bytes}, of the last events and perhaps of more before. */
  private final List<ByteBuffer> views = new ArrayList<>();

  private int[] ends = new int[0];
  private int fields;
  private int fieldRoom;

  /** The record of each event, until the next call. */
  List<ByteBuffer> encode(List<EventSink.Arrival> arrivals) {
    int room = 0;
    for (EventSink.Arrival arrival : arrivals) {
      room += 160 + arrival.raw().length;
    }
    length = 0;
    require(room);
    int count = arrivals.size();
    ends = ends.length < count ? new int[count] : ends;
    for (int i = 0; i < count; i++) {
      write(arrivals.get(i));
      ends[i] = length;
    }
    return views(count);
  }

  /** The same of foreign records. */
  List<ByteBuffer> encode(SyslogRecords records) {
    int count = records.count();
    length = 0;
    require(records.frames().length() + 16 * count);
    ends = ends.length < count ? new int[count] : ends;
    for (int i = 0; i < count; i++) {
      if (records.length(i) > EventRecord.LONGEST_TEXT) {
        write(records.arrival(i)); // what is cut may not be the text's end any more
      } else if (records.isPlain(i)) {
        byte[] bytes = records.frames().bytes();
        plain(records.received(), bytes, records.start(i), records.length(i));
      } else {
        write(records, i);
      }
      ends[i] = length;
    }
    return views(count);
  }

  /** Whether it has not grown beyond what is kept. */
  boolean isSmall() {
    return bytes.length <= KEPT_BYTES;
  }

  private List<ByteBuffer> views(int count) {
    while (views.size() < count) {
      views.add(ByteBuffer.wrap(bytes));
    }
    int start = 0;
    for (int i = 0; i < count; i++) {
      views.get(i).limit(ends[i]).position(start);
      start = ends[i];
    }
    return views.subList(0, count);
  }

  private void write(EventSink.Arrival arrival) {
    Event event = arrival.event();
    byte[] raw = arrival.raw();
    if (arrival.plain() && raw.length <= EventRecord.LONGEST_TEXT) {
      plain(event.received(), raw, 0, raw.length);
      return;
    }
    times(EventRecord.micros(event.time()), event.received());
    names(event.facility(), event.severity(), event.node(), event.app(), event.type());
    int rawLength = Math.min(raw.length, EventRecord.LONGEST_TEXT);
    if (arrival.textBytes() >= 0 && rawLength == raw.length) {
      int32(-1 - arrival.textBytes());
    } else {
      text(event.text(), raw, rawLength);
    }
    fields(event);
    Event.Origin origin = event.origin();
    int8(origin == null ? 0 : 1);
    if (origin != null) {
      string(origin.spool(), EventRecord.LONGEST_NAME);
      int64(origin.seq());
      string(origin.boot(), EventRecord.LONGEST_NAME);
    }
    bytes(raw, 0, rawLength);
  }

  private void plain(Instant received, byte[] from, int start, int count) {
    int8(EventRecord.PLAIN);
    int64(EventRecord.micros(received));
    copy(from, start, count);
  }

  private void write(SyslogRecords records, int index) {
    times(records.timeMicros(index), records.received());
    names(
        records.facility(index),
        records.severity(index),
        records.node(index),
        records.app(index),
        "syslog");
    int32(-1 - records.textBytes(index));
    int at = beginFields();
    for (int i = 0; i < records.fields(index); i++) {
      field(records.fieldName(index, i), records.fieldValue(index, i));
    }
    endFields(at);
    int8(0);
    bytes(records.frames().bytes(), records.start(index), records.length(index));
  }

  private void times(long timeMicros, Instant received) {
    int64(timeMicros);
    int64(EventRecord.micros(received));
  }

  private void names(int facility, int severity, String node, String app, String type) {
    int8(facility);
    int8(severity);
    string(node, EventRecord.LONGEST_NAME);
    string(app, EventRecord.LONGEST_NAME);
    string(type, EventRecord.LONGEST_NAME);
  }

  private void fields(Event event) {
    int at = beginFields();
    event.fields().forEach(this::field);
    endFields(at);
  }

  private int beginFields() {
    int at = length;
    int16(0);
    fields = 0;
    fieldRoom = EventRecord.LONGEST_TEXT;
    return at;
  }

  private void endFields(int at) {
    bytes[at] = (byte) (fields >> 8);
    bytes[at + 1] = (byte) fields;
  }

  private void field(String name, String value) {
    // Three bytes a character at most, and the two lengths.
    fieldRoom -= 8 + 3 * (name.length() + value.length());
    if (fieldRoom >= 0 && fields < EventRecord.MOST_FIELDS) {
      string(name, EventRecord.LONGEST_TEXT);
      string(value, EventRecord.LONGEST_TEXT);
      fields++;
    }
  }

  private void require(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, bytes.length + bytes.length / 2));
      views.clear(); // they are of the old one
    }
  }

  private void int64(long value) {
    require(8);
    LONG.set(bytes, length, value);
    length += 8;
  }

  private void int32(int value) {
    require(4);
    INT.set(bytes, length, value);
    length += 4;
  }

  private void int16(int value) {
    int8(value >> 8);
    int8(value);
  }

  private void int8(int value) {
    require(1);
    bytes[length++] = (byte) value;
  }

  private void bytes(byte[] from, int start, int count) {
    int32(count);
    copy(from, start, count);
  }

  private void copy(byte[] from, int start, int count) {
    require(count);
    System.arraycopy(from, start, bytes, length, count);
    length += count;
  }

  private void string(String text, int most) {
    if (text.length() > most || !ascii(text)) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      bytes(utf8, 0, whole(utf8, most));
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
  private void text(String text, byte[] raw, int rawLength) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int count = whole(utf8, EventRecord.LONGEST_TEXT);
    int from = rawLength - count;
    if (from >= 0 && Arrays.equals(utf8, 0, count, raw, from, rawLength)) {
      int32(-1 - count);
    } else {
      bytes(utf8, 0, count);
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
