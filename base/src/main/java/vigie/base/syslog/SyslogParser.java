package vigie.base.syslog;

import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * Reads one record of RFC 5424 or RFC 3164 (framing is the transport's matter) in one pass over its
 * bytes. It takes any bytes and never throws: what cannot be read as fields stays text, so nothing
 * is lost. Not safe for several threads.
 *
 * <ul>
 *   <li>Without a good PRI ({@code <}, 1 to 3 digits, {@code >}, at most 191) all is text.
 *   <li>{@code <PRI>1 TIME HOST APP PROCID MSGID} with single spaces, then {@code -} or {@code [},
 *       is RFC 5424. Broken structured data is the beginning of the text.
 *   <li>All else is RFC 3164: a date if one is there, a host only behind a date, a tag if one is
 *       there.
 * </ul>
 */
public final class SyslogParser {
  private final Timestamp timestamp;
  private final SyslogNames names;

  /**
   * @param zone of dates that name none: the receiver's
   */
  public SyslogParser(ZoneId zone) {
    this(zone, new SyslogNames());
  }

  /**
   * @param names may be those of other parsers, too
   */
  public SyslogParser(ZoneId zone, SyslogNames names) {
    this.timestamp = new Timestamp(zone);
    this.names = names;
  }

  /** Where the bytes end without trailing LF, CR and NUL. */
  static int trimmed(byte[] bytes, int start, int length) {
    int end = length;
    while (end > start
        && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r' || bytes[end - 1] == 0)) {
      end--;
    }
    return end;
  }

  /**
   * Reads a whole array.
   *
   * @param bytes kept by the message, so not to be written to again
   * @param received decides the year of a date without one
   * @return null if nothing is left without trailing LF, CR and NUL: no record
   */
  public @Nullable SyslogMessage parse(byte[] bytes, Instant received) {
    SyslogMessage message = emptyMessage();
    return parse(bytes, 0, bytes.length, false, received, message) ? message : null;
  }

  /**
   * A message without a record yet, for {@link #parse(byte[], int, int, Instant, SyslogMessage)}.
   */
  public SyslogMessage emptyMessage() {
    return new SyslogMessage(names);
  }

  /**
   * Reads a part of an array into a message that may have held another record, for whoever reads
   * many and needs each of them only until the next.
   *
   * @param bytes kept by the message until it takes another record, not to be written to before
   *     that
   * @param end behind the last byte
   * @param received decides the year of a date without one
   * @param message keeps nothing of the record before this one; is empty where there is no record
   * @return false if nothing is left without trailing LF, CR and NUL: no record
   */
  public boolean parse(byte[] bytes, int start, int end, Instant received, SyslogMessage message) {
    return parse(bytes, start, end, true, received, message);
  }

  private boolean parse(
      byte[] bytes, int start, int end, boolean shared, Instant received, SyslogMessage message) {
    int trimmed = trimmed(bytes, start, end);
    message.begin(bytes, start, trimmed, shared);
    if (trimmed == start) {
      return false;
    }
    int behindPri = pri(message, start, trimmed);
    if (behindPri > start && !header(message, behindPri, trimmed)) {
      old(message, behindPri, trimmed, received);
    }
    return true;
  }

  /** Reads PRI and returns where it ends, {@code start} if there is none. */
  private static int pri(SyslogMessage message, int start, int end) {
    byte[] bytes = message.bytes;
    if (bytes[start] != '<') {
      return start;
    }
    int value = 0;
    int i = start + 1;
    while (i < end && i <= start + 3 && bytes[i] >= '0' && bytes[i] <= '9') {
      value = value * 10 + bytes[i++] - '0';
    }
    if (i == start + 1 || i == end || bytes[i] != '>' || value > 191) {
      return start;
    }
    message.pri = value;
    return i + 1;
  }

  /** Reads RFC 5424 from behind PRI; false, with nothing set that counts, if it is not that. */
  private boolean header(SyslogMessage message, int start, int end) {
    byte[] bytes = message.bytes;
    if (start + 1 >= end || bytes[start] != '1' || bytes[start + 1] != ' ') {
      return false;
    }
    int time = start + 2;
    int timeEnd = word(bytes, time, end);
    int hostEnd = word(bytes, timeEnd + 1, end);
    int appEnd = word(bytes, hostEnd + 1, end);
    int procIdEnd = word(bytes, appEnd + 1, end);
    int msgIdEnd = word(bytes, procIdEnd + 1, end);
    int data = msgIdEnd + 1;
    if (timeEnd == time
        || hostEnd <= timeEnd + 1
        || appEnd <= hostEnd + 1
        || procIdEnd <= appEnd + 1
        || msgIdEnd <= procIdEnd + 1
        || data >= end
        || !(bytes[data] == '[' || isNil(bytes, data, word(bytes, data, end)))
        || !looksLikeTime(bytes, time, timeEnd)) {
      return false;
    }
    message.format = SyslogMessage.Format.RFC5424;
    message.timed =
        timestamp.readIso(bytes, time, timeEnd)
            && timestamp.end == timeEnd
            && timestamp.zoned
            && timestamp.real;
    message.second = timestamp.second;
    message.nano = timestamp.nano;
    message.hostStart = isNil(bytes, timeEnd + 1, hostEnd) ? hostEnd : timeEnd + 1;
    message.hostEnd = hostEnd;
    message.appStart = isNil(bytes, hostEnd + 1, appEnd) ? appEnd : hostEnd + 1;
    message.appEnd = appEnd;
    message.procIdStart = isNil(bytes, appEnd + 1, procIdEnd) ? procIdEnd : appEnd + 1;
    message.procIdEnd = procIdEnd;
    message.msgIdStart = isNil(bytes, procIdEnd + 1, msgIdEnd) ? msgIdEnd : procIdEnd + 1;
    message.msgIdEnd = msgIdEnd;
    dataAndText(message, data, end);
    return true;
  }

  private static void dataAndText(SyslogMessage message, int data, int end) {
    byte[] bytes = message.bytes;
    int dataEnd = data + 1;
    if (bytes[data] == '[') {
      dataEnd = StructuredData.check(bytes, data, end);
      if (dataEnd < 0) {
        message.textStart = data;
        return;
      }
      message.dataStart = data;
      message.dataEnd = dataEnd;
    }
    int text = Math.min(dataEnd + 1, end);
    if (text + 2 < end
        && bytes[text] == (byte) 0xEF
        && bytes[text + 1] == (byte) 0xBB
        && bytes[text + 2] == (byte) 0xBF) {
      text += 3;
    }
    message.textStart = text;
  }

  /** Reads RFC 3164 from behind PRI. */
  private void old(SyslogMessage message, int start, int end, Instant received) {
    message.format = SyslogMessage.Format.RFC3164;
    byte[] bytes = message.bytes;
    int at = spaces(bytes, start, end);
    if (!date(message, at, end, received)) {
      message.textStart = tag(message, start, end);
      return;
    }
    at = timestamp.end;
    if (at < end && bytes[at] == ':') {
      at++;
    }
    at = spaces(bytes, at, end);
    int behindTag = tag(message, at, end);
    if (behindTag > at) {
      message.textStart = behindTag;
      return;
    }
    int hostEnd = word(bytes, at, end);
    if (hostEnd == at || (bytes[hostEnd - 1] == ':' && !isIpv6(bytes, at, hostEnd))) {
      message.textStart = at;
      return;
    }
    message.hostStart = at;
    message.hostEnd = hostEnd;
    int text = Math.min(hostEnd + 1, end);
    at = spaces(bytes, hostEnd, end);
    if (at < end && bytes[at] == ':' && (at + 1 == end || bytes[at + 1] == ' ')) {
      text = Math.min(at + 2, end);
      at = spaces(bytes, at + 1, end);
    }
    behindTag = tag(message, at, end);
    message.textStart = behindTag > at ? behindTag : text;
  }

  private boolean date(SyslogMessage message, int at, int end, Instant received) {
    if (at >= end) {
      return false;
    }
    byte[] bytes = message.bytes;
    boolean found =
        timestamp.readBsd(bytes, at, end, received) || timestamp.readIso(bytes, at, end);
    if (!found
        || (timestamp.end < end && bytes[timestamp.end] != ' ' && bytes[timestamp.end] != ':')) {
      return false;
    }
    message.timed = timestamp.real;
    message.second = timestamp.second;
    message.nano = timestamp.nano;
    return true;
  }

  /**
   * Reads {@code TAG[procid]:} or {@code TAG:} and one space at {@code start}; returns where the
   * text begins, {@code start} if there is none.
   */
  private static int tag(SyslogMessage message, int start, int end) {
    byte[] bytes = message.bytes;
    int i = start;
    boolean allDigits = true;
    while (i < end && bytes[i] != ' ' && bytes[i] != ':' && bytes[i] != '[' && bytes[i] != ']') {
      allDigits &= bytes[i] >= '0' && bytes[i] <= '9';
      i++;
    }
    if (i == start || i == end || allDigits || bytes[i] == ' ' || bytes[i] == ']') {
      return start;
    }
    int tagEnd = i;
    int procId = i;
    int procIdEnd = i;
    if (bytes[i] == '[') {
      procId = i + 1;
      while (i < end && bytes[i] != ']') {
        i++;
      }
      procIdEnd = i++;
      if (i >= end || (bytes[i] != ':' && bytes[i] != ' ')) {
        return start;
      }
      i += bytes[i] == ':' ? 1 : 0;
    } else {
      i++;
      if (i < end && bytes[i] != ' ' && bytes[i] != '\t') {
        return start;
      }
    }
    message.appStart = start;
    message.appEnd = tagEnd;
    message.procIdStart = procId;
    message.procIdEnd = procIdEnd;
    return i < end && bytes[i] == ' ' ? i + 1 : i;
  }

  /** Where the word at {@code start} ends: at the next space or {@code end}. */
  private static int word(byte[] bytes, int start, int end) {
    int i = start;
    while (i < end && bytes[i] != ' ') {
      i++;
    }
    return i;
  }

  private static int spaces(byte[] bytes, int start, int end) {
    int i = start;
    while (i < end && bytes[i] == ' ') {
      i++;
    }
    return i;
  }

  private static boolean isNil(byte[] bytes, int start, int end) {
    return end == start + 1 && bytes[start] == '-';
  }

  /** {@code -}, or four digits and {@code -}: enough to be meant as RFC 5424. */
  private static boolean looksLikeTime(byte[] bytes, int start, int end) {
    if (end - start < 5) {
      return isNil(bytes, start, end);
    }
    for (int i = start; i < start + 4; i++) {
      if (bytes[i] < '0' || bytes[i] > '9') {
        return false;
      }
    }
    return bytes[start + 4] == '-';
  }

  /** Whether a word that ends with a colon is an address: {@code fe80::}, 1 to 7 groups. */
  private static boolean isIpv6(byte[] bytes, int start, int end) {
    if (end - start < 2 || bytes[end - 2] != ':') {
      return false;
    }
    int groups = 0;
    int digits = 0;
    for (int i = start; i < end - 2; i++) {
      if (bytes[i] == ':') {
        if (digits == 0) {
          return false;
        }
        digits = 0;
      } else if (Character.digit(bytes[i], 16) < 0 || ++digits > 4) {
        return false;
      } else if (digits == 1) {
        groups++;
      }
    }
    return groups <= 7 && (digits > 0 || end - start == 2);
  }
}
