package vigie.base.syslog;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;

/**
 * Writes RFC 5424 records, one after the other, into a buffer that it keeps:
 *
 * <pre>{@code
 * writer.begin(29, now, "p1", "vigie", "812", "probe.up");
 * writer.element("vigie@32473").param("node", "p1").param("seq", 17);
 * byte[] record = writer.end("calculatrice answers again");
 * }</pre>
 *
 * What a header field or name may not hold is replaced by {@code _} and cut to the lengths of RFC
 * 5424, section 6; values and text are kept as they are, escaped as section 6.3.3 says. Not safe
 * for several threads.
 */
public final class SyslogWriter {
  /** The longest record that is written, in bytes: what receivers of ours take uncut. */
  public static final int MAX_RECORD = 65_536;

  private static final int ELEMENT_ROOM = 64;

  private byte[] buffer = new byte[512];
  private int length;
  private boolean inElement;
  private boolean anyElement;
  private boolean full;

  /**
   * Starts a record and forgets one that was not ended.
   *
   * @param pri 0 to 191: facility × 8 + severity
   * @param time written in UTC with microseconds; {@code -} outside the years 0 to 9999
   * @param host HOSTNAME; this and the following become {@code -} where empty
   * @throws IllegalArgumentException if pri is out of range
   */
  public SyslogWriter begin(
      int pri, Instant time, String host, String app, String procId, String msgId) {
    if (pri < 0 || pri > 191) {
      throw new IllegalArgumentException("pri " + pri + " is not within 0 to 191");
    }
    length = 0;
    inElement = false;
    anyElement = false;
    full = false;
    put('<');
    decimal(pri);
    put('>');
    put('1');
    putTime(time);
    header(host, 255);
    header(app, 48);
    header(procId, 128);
    header(msgId, 32);
    put(' ');
    return this;
  }

  /**
   * Starts a structured data element, such as {@code vigie@32473}; each id once in a record. One
   * for which no room is left is left out with its parameters.
   */
  public SyslogWriter element(String id) {
    closeElement();
    full = length > MAX_RECORD - ELEMENT_ROOM;
    if (!full) {
      put('[');
      name(id);
      inElement = true;
      anyElement = true;
    }
    return this;
  }

  /** Adds to the element begun last. One that would make the record too long is left out. */
  public SyslogWriter param(String name, String value) {
    if (full) {
      return this;
    }
    if (!inElement) {
      throw new IllegalStateException("BUG: parameter " + name + " outside of an element");
    }
    int before = length;
    if (length > MAX_RECORD - ELEMENT_ROOM) {
      return this;
    }
    put(' ');
    name(name);
    put('=');
    put('"');
    boolean whole = utf8(value, true, MAX_RECORD - 2);
    put('"');
    if (!whole) { // the two bytes left are for this quote and the element's end
      length = before;
    }
    return this;
  }

  /** The same for a number. */
  public SyslogWriter param(String name, long value) {
    return param(name, Long.toString(value));
  }

  /**
   * Ends the record.
   *
   * @param text cut where the record would be longer than {@link #MAX_RECORD}, between characters
   * @return a new array that belongs to the caller
   */
  public byte[] end(String text) {
    closeElement();
    if (!anyElement) {
      put('-');
    }
    if (!text.isEmpty() && length < MAX_RECORD) {
      put(' ');
      utf8(text, false, MAX_RECORD);
    }
    return Arrays.copyOf(buffer, length);
  }

  private void closeElement() {
    if (inElement) {
      put(']');
      inElement = false;
    }
  }

  /** A time as records have it: UTC with microseconds, or {@code -} outside the years 0 to 9999. */
  public static String time(Instant time) {
    SyslogWriter writer = new SyslogWriter();
    writer.putTime(time);
    return new String(writer.buffer, 1, writer.length - 1, StandardCharsets.US_ASCII);
  }

  private void putTime(Instant time) {
    put(' ');
    if (time.getEpochSecond() < -62_167_219_200L || time.getEpochSecond() > 253_402_300_799L) {
      put('-');
      return;
    }
    LocalDateTime utc =
        LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
    digits(utc.getYear(), 4);
    put('-');
    digits(utc.getMonthValue(), 2);
    put('-');
    digits(utc.getDayOfMonth(), 2);
    put('T');
    digits(utc.getHour(), 2);
    put(':');
    digits(utc.getMinute(), 2);
    put(':');
    digits(utc.getSecond(), 2);
    put('.');
    digits(utc.getNano() / 1000, 6);
    put('Z');
  }

  private void header(String value, int most) {
    put(' ');
    if (value.isEmpty()) {
      put('-');
    }
    int end = Math.min(value.length(), most);
    for (int i = 0; i < end; i++) {
      char c = value.charAt(i);
      put(c > ' ' && c < 127 ? c : '_');
    }
  }

  /** SD-NAME: like a header field, but also without the four characters that structure the data. */
  private void name(String name) {
    if (name.isEmpty()) {
      put('_');
    }
    int end = Math.min(name.length(), 32);
    for (int i = 0; i < end; i++) {
      char c = name.charAt(i);
      put(c > ' ' && c < 127 && c != '=' && c != ']' && c != '"' ? c : '_');
    }
  }

  /** Appends characters as long as they end at or before {@code limit}; says whether all did. */
  private boolean utf8(String text, boolean escape, int limit) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        boolean escaped = escape && (c == '"' || c == '\\' || c == ']');
        if (length + (escaped ? 2 : 1) > limit) {
          return false;
        }
        if (escaped) {
          put('\\');
        }
        put(c);
      } else {
        boolean pair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        byte[] bytes = text.substring(i, pair ? i + 2 : i + 1).getBytes(StandardCharsets.UTF_8);
        if (length + bytes.length > limit) {
          return false;
        }
        for (byte b : bytes) {
          put(b);
        }
        i += pair ? 1 : 0;
      }
    }
    return true;
  }

  private void decimal(int value) {
    digits(value, value > 99 ? 3 : value > 9 ? 2 : 1);
  }

  private void digits(int value, int count) {
    for (int scale = pow10(count - 1); scale > 0; scale /= 10) {
      put('0' + value / scale % 10);
    }
  }

  private static int pow10(int exponent) {
    int result = 1;
    for (int i = 0; i < exponent; i++) {
      result *= 10;
    }
    return result;
  }

  private void put(int b) {
    if (length == buffer.length) {
      buffer = Arrays.copyOf(buffer, length * 2);
    }
    buffer[length++] = (byte) b;
  }
}
