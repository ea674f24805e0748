package vigie.collector.template;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * Numbers as people read them. Source: the humanize functions of Prometheus's template reference.
 */
final class Humanize {
  private static final String LARGE = "kMGTPEZY";
  private static final String SMALL = "munpfazy";
  private static final DateTimeFormatter DAY_AND_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

  private Humanize() {}

  static String number(double value) {
    if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
      return digits(value);
    }
    return Math.abs(value) >= 1 ? large(value) : small(value);
  }

  private static String large(double value) {
    double left = value;
    int prefix = -1;
    while (Math.abs(left) >= 1000 && prefix < LARGE.length() - 1) {
      left /= 1000;
      prefix++;
    }
    return digits(left) + (prefix < 0 ? "" : LARGE.charAt(prefix));
  }

  private static String small(double value) {
    double left = value;
    int prefix = -1;
    while (Math.abs(left) < 1 && prefix < SMALL.length() - 1) {
      left *= 1000;
      prefix++;
    }
    return digits(left) + (prefix < 0 ? "" : SMALL.charAt(prefix));
  }

  static String number1024(double value) {
    double left = value;
    int prefix = -1;
    if (Math.abs(value) > 1 && !Double.isInfinite(value)) {
      while (Math.abs(left) >= 1024 && prefix < LARGE.length() - 1) {
        left /= 1024;
        prefix++;
      }
    }
    return digits(left) + (prefix < 0 ? "" : LARGE.charAt(prefix) + "i");
  }

  static String duration(double seconds) {
    if (Double.isNaN(seconds) || Double.isInfinite(seconds)) {
      return digits(seconds);
    }
    if (seconds == 0) {
      return "0s";
    }
    if (Math.abs(seconds) < 1) {
      return small(seconds) + "s";
    }
    String sign = seconds < 0 ? "-" : "";
    long whole = (long) Math.abs(seconds);
    long days = whole / 86_400;
    long hours = whole / 3_600 % 24;
    long minutes = whole / 60 % 60;
    if (whole < 60) {
      return sign + digits(Math.abs(seconds)) + "s";
    }
    return sign
        + (days > 0 ? days + "d " : "")
        + (days > 0 || hours > 0 ? hours + "h " : "")
        + minutes
        + "m "
        + whole % 60
        + "s";
  }

  static String percentage(double ratio) {
    return digits(ratio * 100) + "%";
  }

  static String timestamp(double seconds) {
    return Double.isNaN(seconds) || Double.isInfinite(seconds)
        ? digits(seconds)
        : time(instant(seconds));
  }

  /** Of {@code toTime}. */
  static Instant instant(double seconds) {
    if (!(Math.abs(seconds) <= 9.2e9)) {
      throw new IllegalArgumentException(digits(seconds) + " is no time in seconds");
    }
    return Instant.ofEpochSecond(0, (long) (seconds * 1e9)).truncatedTo(ChronoUnit.MILLIS);
  }

  /** What templates ask of a time, in UTC. */
  static Object field(Instant time, String name) {
    OffsetDateTime at = time.atOffset(ZoneOffset.UTC);
    return switch (name) {
      case "Unix" -> time.getEpochSecond();
      case "Year" -> (long) at.getYear();
      case "Month" -> at.getMonth().getDisplayName(TextStyle.FULL, Locale.ROOT);
      case "Day" -> (long) at.getDayOfMonth();
      case "Hour" -> (long) at.getHour();
      case "Minute" -> (long) at.getMinute();
      case "Second" -> (long) at.getSecond();
      case "Weekday" -> at.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ROOT);
      default -> throw new IllegalArgumentException("a time has no " + name + " here");
    };
  }

  static String time(Instant at) {
    String fraction = String.format(Locale.ROOT, "%09d", at.getNano()).replaceAll("0+$", "");
    return DAY_AND_TIME.format(at) + (fraction.isEmpty() ? "" : "." + fraction) + " +0000 UTC";
  }

  /** Four digits. */
  private static String digits(double value) {
    return GoPrint.number(value, 'g', 4);
  }
}
