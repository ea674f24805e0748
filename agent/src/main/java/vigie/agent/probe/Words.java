package vigie.agent.probe;

import java.time.Duration;
import java.util.Locale;

/** Sizes, times and foreign names as people read them in a reason. */
final class Words {
  private static final String[] SIZES = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  private static final long[] SECONDS = {86_400, 3_600, 60, 1};
  private static final String[] UNITS = {"d", "h", "m", "s"};
  private static final int MOST_NAME = 120;

  private Words() {}

  /** The same of a whole number. */
  static String size(long bytes) {
    return size((double) bytes);
  }

  /** {@code 812 bytes}, {@code 1.2 MiB}, {@code 48 MiB}. */
  static String size(double bytes) {
    if (bytes < 1024) {
      return bytes == 1 ? "1 byte" : (long) bytes + " bytes";
    }
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < SIZES.length - 1) {
      value /= 1024;
      unit++;
    }
    // Cut, not rounded: what is below a limit must not read as the limit.
    double cut = Math.floor(value * 10) / 10;
    String number =
        cut >= 100 || cut == Math.floor(cut)
            ? Long.toString((long) cut)
            : String.format(Locale.ROOT, "%.1f", cut);
    return number + " " + SIZES[unit];
  }

  /** An age in its largest unit of which there are at least two: {@code 27h}, {@code 3d}. */
  static String age(Duration age) {
    long seconds = age.toSeconds();
    for (int i = 0; i < SECONDS.length - 1; i++) {
      // Days only from the third on: 27h says more than 1d, and 50h more than 2d.
      if (seconds >= (i == 0 ? 3 : 2) * SECONDS[i]) {
        return seconds / SECONDS[i] + UNITS[i];
      }
    }
    return seconds + "s";
  }

  /** A limit in the largest unit that leaves nothing over: {@code 26h}, {@code 90m}. */
  static String limit(Duration limit) {
    long seconds = limit.toSeconds();
    for (int i = 0; i < SECONDS.length; i++) {
      if (seconds > 0 && seconds % SECONDS[i] == 0) {
        return seconds / SECONDS[i] + UNITS[i];
      }
    }
    return limit.toMillis() + "ms";
  }

  /** A name that others chose: control characters escaped, the middle left out where it is long. */
  static String name(Object name) {
    StringBuilder out = new StringBuilder();
    String text = name.toString();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        out.append(String.format(Locale.ROOT, "\\x%02x", (int) c));
      } else {
        out.append(c);
      }
    }
    if (out.length() > MOST_NAME) {
      out.replace(MOST_NAME / 2, out.length() - MOST_NAME / 2, "…");
    }
    return out.toString();
  }

  /** {@code 1 file}, {@code 3 files}. */
  static String count(long count, String noun) {
    return count + " " + noun + (count == 1 ? "" : noun.endsWith("s") ? "es" : "s");
  }
}
