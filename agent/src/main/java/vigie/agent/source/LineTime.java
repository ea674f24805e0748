package vigie.agent.source;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * Finds when a line was written, for lines that are read later: {@code 2026-03-01 10:00:00.123
 * UTC}, {@code 2026-03-01T10:00:00Z}, {@code 2026/03/01 10:00:00} at the start, bracketed or not,
 * and {@code [01/Mar/2026:10:00:00 +0100]} of access logs. Without a zone it is the node's.
 */
final class LineTime {
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
  private static final int NEAR = 24;
  private static final int FAR = 300;

  private final String line;
  private final ZoneId zone;

  private LineTime(String line, ZoneId zone) {
    this.line = line;
    this.zone = zone;
  }

  /** Null where none is found. */
  static @Nullable Instant of(String line, ZoneId zone) {
    return new LineTime(line, zone).find();
  }

  private @Nullable Instant find() {
    try {
      for (int i = 0; i + 19 <= line.length() && i <= NEAR; i++) {
        if (is(i, "dddd") && (is(i + 4, "-dd-dd") || is(i + 4, "/dd/dd"))) {
          return iso(i);
        }
      }
      int open = line.indexOf('[');
      while (open >= 0 && open < FAR && open + 21 <= line.length()) {
        if (is(open + 1, "dd/aaa/dddd:dd:dd:dd")) {
          return common(open + 1);
        }
        open = line.indexOf('[', open + 1);
      }
    } catch (DateTimeException e) {
      // No such day or hour: no time.
    }
    return null;
  }

  private @Nullable Instant iso(int at) {
    if (!is(at + 11, "dd:dd:dd") || (line.charAt(at + 10) != ' ' && line.charAt(at + 10) != 'T')) {
      return null;
    }
    int end = at + 19;
    int nanos = 0;
    if (end + 1 < line.length() && ".,".indexOf(line.charAt(end)) >= 0 && isDigit(end + 1)) {
      end++;
      for (int unit = 100_000_000; isDigit(end); unit /= 10) {
        nanos += unit * (line.charAt(end++) - '0');
      }
    }
    return instant(number(at, 4), number(at + 5, 2), number(at + 8, 2), at + 11, nanos, end);
  }

  private @Nullable Instant common(int at) {
    int month = MONTHS.indexOf(line.substring(at + 3, at + 6));
    return month < 0 || month % 3 != 0
        ? null
        : instant(number(at + 7, 4), month / 3 + 1, number(at, 2), at + 12, 0, at + 20);
  }

  private Instant instant(int year, int month, int day, int clock, int nanos, int zoneAt) {
    LocalDateTime local =
        LocalDateTime.of(
            year,
            month,
            day,
            number(clock, 2),
            number(clock + 3, 2),
            Math.min(59, number(clock + 6, 2)),
            nanos);
    return local.atZone(zone(zoneAt)).toInstant();
  }

  private ZoneId zone(int at) {
    int start = at < line.length() && line.charAt(at) == ' ' ? at + 1 : at;
    if (line.startsWith("Z", start)
        || line.startsWith("UTC", start)
        || line.startsWith("GMT", start)) {
      return ZoneOffset.UTC;
    }
    boolean signed = start < line.length() && "+-".indexOf(line.charAt(start)) >= 0;
    boolean colon = is(start + 1, "dd:dd");
    if (!signed || (!colon && !is(start + 1, "dddd"))) {
      return zone;
    }
    int minutes = 60 * number(start + 1, 2) + number(start + (colon ? 4 : 3), 2);
    return ZoneOffset.ofTotalSeconds((line.charAt(start) == '-' ? -60 : 60) * minutes);
  }

  /** {@code d} a digit, {@code a} a letter, else the character itself. */
  private boolean is(int at, String shape) {
    if (at + shape.length() > line.length()) {
      return false;
    }
    for (int i = 0; i < shape.length(); i++) {
      char c = line.charAt(at + i);
      char wanted = shape.charAt(i);
      if (wanted == 'd'
          ? c < '0' || c > '9'
          : wanted == 'a' ? !Character.isLetter(c) : c != wanted) {
        return false;
      }
    }
    return true;
  }

  private boolean isDigit(int at) {
    return at < line.length() && line.charAt(at) >= '0' && line.charAt(at) <= '9';
  }

  private int number(int at, int digits) {
    int value = 0;
    for (int i = at; i < at + digits; i++) {
      value = 10 * value + line.charAt(i) - '0';
    }
    return value;
  }
}
