package vigie.base.syslog;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One record as {@link SyslogParser} read it: the bytes and where its fields lie in them. Strings
 * are made when asked for. A field that is absent or {@code -} is {@code ""}. What is not UTF-8
 * comes out as U+FFFD; {@link #textBytes()} gives the exact bytes. Safe for all threads as long as
 * nobody writes to the bytes or reads another record into it; what it gave out stays as it is.
 */
public final class SyslogMessage {
  /** By which rules the record was read. */
  public enum Format {
    RFC5424("rfc5424"),
    RFC3164("rfc3164"),
    /** No PRI: user.notice, and all of it is text. */
    NONE("none");

    private final String wire;

    Format(String wire) {
      this.wire = wire;
    }

    /** {@code rfc5424}, {@code rfc3164} or {@code none}. */
    public String wire() {
      return wire;
    }
  }

  private static final byte[] NOTHING = {};

  /** Elements and parameters beyond these stay in the bytes alone. */
  static final int MAX_ELEMENTS = 64;

  static final int MAX_PARAMS = 256;

  private final SyslogNames names;
  byte[] bytes;
  private int start;
  private boolean shared;
  private byte @Nullable [] copy;
  Format format;
  int pri;
  boolean timed;
  long second;
  int nano;
  int hostStart;
  int hostEnd;
  int appStart;
  int appEnd;
  int procIdStart;
  int procIdEnd;
  int msgIdStart;
  int msgIdEnd;
  int dataStart;
  int dataEnd;
  int textStart;
  int textEnd;

  SyslogMessage(SyslogNames names) {
    this.names = names;
    begin(NOTHING, 0, 0, false);
  }

  /**
   * Forgets the record before: until more is known of this one, all of it is text.
   *
   * @param shared whether the array may be written to once this message is done with
   */
  void begin(byte[] array, int from, int end, boolean shared) {
    bytes = array;
    this.shared = shared;
    copy = null;
    start = from;
    format = Format.NONE;
    pri = 13;
    timed = false;
    second = 0;
    nano = 0;
    hostStart = 0;
    hostEnd = 0;
    appStart = 0;
    appEnd = 0;
    procIdStart = 0;
    procIdEnd = 0;
    msgIdStart = 0;
    msgIdEnd = 0;
    dataStart = 0;
    dataEnd = 0;
    textStart = from;
    textEnd = end;
  }

  public Format format() {
    return format;
  }

  /** 0 to 191: facility × 8 + severity. */
  public int pri() {
    return pri;
  }

  /** 0 to 23. */
  public int facility() {
    return pri >> 3;
  }

  /** 0 (emergency) to 7 (debug). */
  public int severity() {
    return pri & 7;
  }

  /** The record's own time; null where it has none or one that cannot be. */
  public @Nullable Instant time() {
    return timed ? Instant.ofEpochSecond(second, nano) : null;
  }

  /** Whether it has a {@link #time}. */
  public boolean hasTime() {
    return timed;
  }

  /** {@link #time} in microseconds since the epoch; 0 where it has none. */
  public long timeMicros() {
    return timed ? second * 1_000_000 + nano / 1_000 : 0;
  }

  /** HOSTNAME as written. */
  public String host() {
    return name(hostStart, hostEnd);
  }

  /** APP-NAME, or the TAG of RFC 3164. */
  public String app() {
    return name(appStart, appEnd);
  }

  public String procId() {
    return name(procIdStart, procIdEnd);
  }

  /** MSGID; always {@code ""} in RFC 3164. */
  public String msgId() {
    return name(msgIdStart, msgIdEnd);
  }

  public String text() {
    return textStart == textEnd
        ? ""
        : new String(bytes, textStart, textEnd - textStart, StandardCharsets.UTF_8);
  }

  /** How many bytes the text has: the last of {@link #record}. */
  public int textLength() {
    return textEnd - textStart;
  }

  /** The whole record without trailing LF, CR and NUL; not to be written to; may be kept. */
  public byte[] record() {
    if (!shared && start == 0 && textEnd == bytes.length) {
      return bytes;
    }
    byte[] record = copy;
    if (record == null) {
      record = Arrays.copyOfRange(bytes, start, textEnd);
      copy = record;
    }
    return record;
  }

  /** Where the record begins in the array that was read. */
  public int recordStart() {
    return start;
  }

  /** Where its text begins there. */
  public int textStart() {
    return textStart;
  }

  /** Where it ends there, without trailing LF, CR and NUL. */
  public int recordEnd() {
    return textEnd;
  }

  /** A copy of the text's exact bytes. */
  public byte[] textBytes() {
    return Arrays.copyOfRange(bytes, textStart, textEnd);
  }

  /** Whether it has structured data. */
  public boolean hasData() {
    return dataStart < dataEnd;
  }

  /** Structured data: SD-ID to parameter names to values, all in the order written. */
  public Map<String, Map<String, List<String>>> data() {
    return data(MAX_ELEMENTS, MAX_PARAMS);
  }

  /** The same with at most so many elements, and parameters in all. */
  public Map<String, Map<String, List<String>>> data(int maxElements, int maxParams) {
    Map<String, Map<String, List<String>>> data = new LinkedHashMap<>();
    StructuredData walk = new StructuredData(bytes, dataStart, dataEnd);
    int params = 0;
    while (walk.nextElement()) {
      String id = name(walk.nameStart, walk.nameEnd);
      if (data.size() == maxElements && !data.containsKey(id)) {
        break;
      }
      Map<String, List<String>> element = data.computeIfAbsent(id, key -> new LinkedHashMap<>());
      while (params < maxParams && walk.nextParam()) {
        params++;
        element
            .computeIfAbsent(name(walk.nameStart, walk.nameEnd), key -> new ArrayList<>(1))
            .add(walk.value());
      }
    }
    return data;
  }

  /**
   * The parameters of one element; of a repeated name the first value.
   *
   * @return null where the record has no such element
   */
  public @Nullable Map<String, String> element(String id) {
    if (dataStart == dataEnd) {
      return null;
    }
    Map<String, String> element = null;
    StructuredData walk = new StructuredData(bytes, dataStart, dataEnd);
    while (walk.nextElement()) {
      if (!SyslogNames.isAscii(id, bytes, walk.nameStart, walk.nameEnd)) {
        continue;
      }
      element = element == null ? new LinkedHashMap<>() : element;
      while (element.size() < MAX_PARAMS && walk.nextParam()) {
        element.putIfAbsent(name(walk.nameStart, walk.nameEnd), walk.value());
      }
    }
    return element;
  }

  private String name(int start, int end) {
    return start == end ? "" : names.of(bytes, start, end);
  }
}
