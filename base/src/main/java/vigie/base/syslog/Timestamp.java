package vigie.base.syslog;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * Reads dates out of bytes. Whether there is one is a matter of its shape; a shape that names no
 * time (month 13, second 60, 29 February of an odd year) is {@link #real} false. Reused from record
 * to record by its parser.
 */
final class Timestamp {
  private static final String MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
  private static final int WEEK_SECONDS = 7 * 86_400;

  private final ZoneId zone;

  /** Behind the date that was read. */
  int end;

  boolean real;
  boolean zoned;
  long second;
  int nano;

  private byte[] bytes = new byte[0];
  private int at;
  private int limit;
  private int year;
  private int month;
  private int day;
  private int secondOfDay;
  private int number;

  /**
   * @param zone of dates that name none
   */
  Timestamp(ZoneId zone) {
    this.zone = zone;
  }

  /** Whether RFC 3339 with or without zone stands at {@code start}, whatever follows it. */
  boolean readIso(byte[] bytes, int start, int limit) {
    begin(bytes, start, limit);
    if (!digits(4)) {
      return false;
    }
    year = number;
    if (!skip('-') || !digits(2)) {
      return false;
    }
    month = number;
    if (!skip('-') || !digits(2)) {
      return false;
    }
    day = number;
    if (!(skip('T') || skip('t')) || !timeOfDay()) {
      return false;
    }
    int offset = 0;
    zoned = skip('Z') || skip('z');
    if (!zoned && at < limit && (bytes[at] == '+' || bytes[at] == '-')) {
      int sign = bytes[at++] == '-' ? -1 : 1;
      if (!digits(2) || number > 23) {
        return false;
      }
      offset = sign * number * 3600;
      if (!skip(':') || !digits(2) || number > 59) {
        return false;
      }
      offset += sign * number * 60;
      zoned = true;
    }
    end = at;
    resolve();
    if (real) {
      second = zoned ? second - offset : inZone(second);
    }
    return true;
  }

  /**
   * Whether {@code Mmm d hh:mm:ss[.fraction]} stands at {@code start}: with a year after the day,
   * after the time, in front, or without one.
   */
  boolean readBsd(byte[] bytes, int start, int limit, Instant received) {
    begin(bytes, start, limit);
    boolean hasYear = false;
    if (digits(4)) {
      year = number;
      hasYear = true;
      if (!spaces()) {
        return false;
      }
    }
    if (!monthName() || !spaces() || !number(2)) {
      return false;
    }
    day = number;
    if (!spaces()) {
      return false;
    }
    int beforeYear = at;
    if (!hasYear && digits(4) && spaces()) {
      year = number;
      hasYear = true;
    } else {
      at = beforeYear;
    }
    if (!timeOfDay()) {
      return false;
    }
    end = at;
    if (!hasYear && yearBehind()) {
      hasYear = true;
      end = at;
    }
    if (!hasYear) {
      year = likelyYear(received);
    }
    resolve();
    if (real) {
      second = inZone(second);
    }
    return true;
  }

  /** The latest year that puts the date at most a week after receipt. */
  private int likelyYear(Instant received) {
    int latest = received.atZone(zone).getYear() + 1;
    if (month == 0) {
      return latest;
    }
    for (int candidate = latest; candidate > latest - 3; candidate--) {
      // Counted from the month's first day, so that a 29 February of any year has a place.
      long days = LocalDate.of(candidate, month, 1).toEpochDay() + day - 1;
      if (inZone(days * 86_400 + secondOfDay) <= received.getEpochSecond() + WEEK_SECONDS) {
        return candidate;
      }
    }
    return latest - 1;
  }

  private boolean yearBehind() {
    if (!spaces() || !digits(4) || number < 1900 || number > 2099) {
      return false;
    }
    year = number;
    int next = at < limit && bytes[at] == ':' ? at + 1 : at; // but 2001:db8::1 is a host
    return next == limit || bytes[next] == ' ';
  }

  private void begin(byte[] bytes, int start, int limit) {
    this.bytes = bytes;
    this.at = start;
    this.limit = limit;
    real = true;
    zoned = false;
    nano = 0;
  }

  /** From the fields to seconds, as if they were UTC. */
  private void resolve() {
    real =
        real
            && month >= 1
            && month <= 12
            && day >= 1
            && day <= (day < 29 ? 28 : YearMonth.of(year, month).lengthOfMonth());
    if (real) {
      second = LocalDate.of(year, month, day).toEpochDay() * 86_400 + secondOfDay;
    }
  }

  private long inZone(long utc) {
    if (zone instanceof ZoneOffset offset) {
      return utc - offset.getTotalSeconds();
    }
    LocalDateTime local = LocalDateTime.ofEpochSecond(utc, 0, ZoneOffset.UTC);
    return utc - zone.getRules().getOffset(local).getTotalSeconds();
  }

  /** {@code hh:mm:ss[.fraction]} into {@link #secondOfDay} and {@link #nano}. */
  private boolean timeOfDay() {
    if (!digits(2)) {
      return false;
    }
    int hour = number;
    if (!skip(':') || !digits(2)) {
      return false;
    }
    int minute = number;
    if (!skip(':') || !digits(2)) {
      return false;
    }
    real = hour < 24 && minute < 60 && number < 60;
    secondOfDay = hour * 3600 + minute * 60 + number;
    if (at + 1 < limit && bytes[at] == '.' && isDigit(bytes[at + 1])) {
      at++;
      fraction();
    }
    return true;
  }

  private void fraction() {
    int count = 0;
    while (at < limit && isDigit(bytes[at])) {
      if (count < 9) {
        nano = nano * 10 + bytes[at] - '0';
      }
      at++;
      count++;
    }
    real &= count <= 9;
    for (; count < 9; count++) {
      nano *= 10;
    }
  }

  private boolean monthName() {
    if (at + 3 > limit) {
      return false;
    }
    for (int m = 0; m < 12; m++) {
      if (bytes[at] == MONTHS.charAt(3 * m)
          && bytes[at + 1] == MONTHS.charAt(3 * m + 1)
          && bytes[at + 2] == MONTHS.charAt(3 * m + 2)) {
        month = m + 1;
        at += 3;
        return true;
      }
    }
    return false;
  }

  private boolean digits(int count) {
    if (at + count > limit) {
      return false;
    }
    number = 0;
    for (int i = 0; i < count; i++) {
      byte b = bytes[at + i];
      if (!isDigit(b)) {
        return false;
      }
      number = number * 10 + b - '0';
    }
    at += count;
    return true;
  }

  /** One digit up to {@code most}. */
  private boolean number(int most) {
    int before = at;
    number = 0;
    while (at < limit && at - before < most && isDigit(bytes[at])) {
      number = number * 10 + bytes[at++] - '0';
    }
    return at > before;
  }

  private boolean skip(char c) {
    if (at < limit && bytes[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  private boolean spaces() {
    int before = at;
    while (at < limit && bytes[at] == ' ') {
      at++;
    }
    return at > before;
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }
}
