package vigie.base.time;

import java.time.Duration;

/**
 * Prometheus durations: {@code 30s}, {@code 5m}, {@code 1h30m}, {@code 500ms}, {@code 15d}, {@code
 * 1w}, {@code 1y}; the units in falling order, each at most once; {@code 0} alone is zero. A year
 * is 365 days. Source: the duration grammar of Prometheus's configuration reference.
 */
public final class Durations {
  private static final String[] UNITS = {"y", "w", "d", "h", "m", "s", "ms"};
  private static final long[] MILLIS = {
    365L * 86_400_000, 7L * 86_400_000, 86_400_000, 3_600_000, 60_000, 1_000, 1
  };

  private Durations() {}

  /**
   * The duration that {@code text} names, never negative.
   *
   * @throws IllegalArgumentException with a message that quotes the text, says what is wrong and
   *     gives examples
   */
  public static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    long total = 0;
    int at = 0;
    int lastUnit = -1;
    while (at < text.length()) {
      int digits = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      if (at == digits || at - digits > 15) {
        throw notADuration(text);
      }
      long number = Long.parseLong(text, digits, at, 10);
      int unitStart = at;
      while (at < text.length() && text.charAt(at) >= 'a' && text.charAt(at) <= 'z') {
        at++;
      }
      int unit = indexOf(text.substring(unitStart, at));
      if (unit <= lastUnit) {
        throw notADuration(text);
      }
      lastUnit = unit;
      try {
        total = Math.addExact(total, Math.multiplyExact(number, MILLIS[unit]));
      } catch (ArithmeticException overflow) {
        throw new IllegalArgumentException("duration \"" + text + "\" is too long");
      }
    }
    if (text.isEmpty()) {
      throw notADuration(text);
    }
    return Duration.ofMillis(total);
  }

  /**
   * The shortest form that {@link #parse} reads back: {@code 1h30m}, {@code 500ms}, {@code 0s};
   * whole milliseconds.
   */
  public static String format(Duration duration) {
    long left = duration.toMillis();
    if (left == 0) {
      return "0s";
    }
    StringBuilder out = new StringBuilder();
    if (left < 0) {
      out.append('-');
      left = -left;
    }
    for (int i = 0; i < UNITS.length; i++) {
      // Years and weeks only when they fit exactly: 15d, not 2w1d. As Prometheus prints them.
      boolean exactOnly = i < 2;
      if (left >= MILLIS[i] && (!exactOnly || left % MILLIS[i] == 0)) {
        out.append(left / MILLIS[i]).append(UNITS[i]);
        left %= MILLIS[i];
      }
    }
    return out.toString();
  }

  private static int indexOf(String unit) {
    for (int i = 0; i < UNITS.length; i++) {
      if (UNITS[i].equals(unit)) {
        return i;
      }
    }
    return -1;
  }

  private static IllegalArgumentException notADuration(String text) {
    return new IllegalArgumentException(
        "\"" + text + "\" is not a duration; write 30s, 5m or 1h30m");
  }
}
