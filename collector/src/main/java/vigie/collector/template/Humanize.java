package vigie.collector.template;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

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
    if (Double.isNaN(seconds) || Double.isInfinite(seconds)) {
      return digits(seconds);
    }
    if (Math.abs(seconds) > 9.2e9) {
      throw new IllegalArgumentException(digits(seconds) + " is no time in seconds");
    }
    long nanos = Math.round(seconds * 1e9);
    Instant at = Instant.ofEpochSecond(0, nanos);
    String fraction = String.format("%09d", at.getNano()).replaceAll("0+$", "");
    return DAY_AND_TIME.format(at) + (fraction.isEmpty() ? "" : "." + fraction) + " +0000 UTC";
  }

  /** Four digits. */
  private static String digits(double value) {
    return GoPrint.number(value, 'g', 4);
  }
}
