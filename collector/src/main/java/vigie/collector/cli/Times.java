package vigie.collector.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/** Times as a person reads them, in the terminal's zone. */
final class Times {
  private static final DateTimeFormatter FULL =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());
  private static final DateTimeFormatter WITH_ZONE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss z").withZone(ZoneId.systemDefault());

  private Times() {}

  /** {@code 2026-11-21 14:02:07}; {@code -} for an empty text. */
  static String full(String rfc3339) {
    return format(rfc3339, FULL);
  }

  static String withZone(String rfc3339) {
    return format(rfc3339, WITH_ZONE);
  }

  private static String format(String rfc3339, DateTimeFormatter formatter) {
    if (rfc3339.isEmpty() || rfc3339.equals("null")) {
      return "-";
    }
    try {
      return formatter.format(Instant.parse(rfc3339));
    } catch (DateTimeParseException e) {
      return rfc3339;
    }
  }

  /**
   * How long ago, in the two largest units: {@code 3d4h}, {@code 12m5s}; {@code -} for an empty
   * text.
   */
  static String ago(String rfc3339, Instant now) {
    if (rfc3339.isEmpty() || rfc3339.equals("null")) {
      return "-";
    }
    return age(Duration.between(Instant.parse(rfc3339), now));
  }

  static String age(Duration age) {
    long seconds = Math.max(0, age.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return seconds / 60 + "m" + (seconds % 60 == 0 ? "" : seconds % 60 + "s");
    }
    if (seconds < 86_400) {
      return seconds / 3600 + "h" + (seconds % 3600 / 60 == 0 ? "" : seconds % 3600 / 60 + "m");
    }
    return seconds / 86_400
        + "d"
        + (seconds % 86_400 / 3600 == 0 ? "" : seconds % 86_400 / 3600 + "h");
  }
}
