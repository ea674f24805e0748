package vigie.collector.graph;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/**
 * What a number counts, and how people read such numbers.
 *
 * @param kind how it is scaled
 * @param suffix behind the number, after a space; only for {@link Kind#PLAIN}
 */
public record Unit(Kind kind, String suffix) {
  /** A bare number. */
  public static final Unit NONE = new Unit(Kind.PLAIN, "");

  public static final Unit PERCENT = new Unit(Kind.PERCENT, "%");
  public static final Unit RATIO = new Unit(Kind.RATIO, "%");
  public static final Unit SECONDS = new Unit(Kind.SECONDS, "s");
  public static final Unit BYTES = new Unit(Kind.BYTES, "B");
  public static final Unit BYTES_PER_SECOND = new Unit(Kind.BYTES, "B/s");

  private static final int LONGEST_SUFFIX = 12;
  private static final String[] BINARY = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  private static final String SI = "kMGTPE";
  private static final MathContext DIGITS = new MathContext(3, RoundingMode.HALF_EVEN);

  /** How numbers of a unit grow. */
  public enum Kind {
    PLAIN,
    /** 0 to 100. */
    PERCENT,
    /** 0 to 1, shown as per cent. */
    RATIO,
    SECONDS,
    /** By 1,024. */
    BYTES
  }

  /** The unit that somebody wrote, such as {@code bytes}, {@code %} or {@code req/s}. */
  public static Unit named(String name) {
    String plain = name.strip();
    return switch (plain.toLowerCase(Locale.ROOT)) {
      case "", "none", "short" -> NONE;
      case "percent", "%" -> PERCENT;
      case "ratio", "percentunit" -> RATIO;
      case "s", "seconds" -> SECONDS;
      case "b", "bytes" -> BYTES;
      case "b/s", "bytes/s", "bps" -> BYTES_PER_SECOND;
      case "celsius" -> new Unit(Kind.PLAIN, "°C");
      case "volts" -> new Unit(Kind.PLAIN, "V");
      case "amperes" -> new Unit(Kind.PLAIN, "A");
      case "watts" -> new Unit(Kind.PLAIN, "W");
      case "hertz" -> new Unit(Kind.PLAIN, "Hz");
      default -> new Unit(Kind.PLAIN, plain.substring(0, plain.offsetByCodePoints(0, cut(plain))));
    };
  }

  private static int cut(String text) {
    return Math.min(LONGEST_SUFFIX, text.codePointCount(0, text.length()));
  }

  /** The number with its unit, in three digits or so: {@code 92.4 %}, {@code 1.5 GiB}. */
  public String format(double value) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
    }
    return switch (kind) {
      case PERCENT -> number(value) + " %";
      case RATIO -> number(value * 100) + " %";
      case SECONDS -> seconds(value);
      case BYTES -> binary(value);
      case PLAIN -> suffix.isEmpty() ? number(value) : number(value) + " " + suffix;
    };
  }

  private String binary(double value) {
    int power = 0;
    double left = value;
    while (Math.abs(left) >= 1024 && power < BINARY.length - 1) {
      left /= 1024;
      power++;
    }
    return number(left) + " " + BINARY[power] + suffix;
  }

  private static String seconds(double value) {
    double size = Math.abs(value);
    if (size == 0) {
      return "0 s";
    }
    if (size < 1e-3) {
      return number(value * 1e6) + " µs";
    }
    if (size < 1) {
      return number(value * 1e3) + " ms";
    }
    if (size < 120) {
      return number(value) + " s";
    }
    if (size < 2 * 3600) {
      return number(value / 60) + " min";
    }
    return size < 48 * 3600 ? number(value / 3600) + " h" : number(value / 86400) + " d";
  }

  /** Whole numbers below 10,000 as they are, others in three digits, large ones by k, M, G. */
  static String number(double value) {
    double size = Math.abs(value);
    if (size < 10_000 && value == Math.rint(value)) {
      return Long.toString((long) value);
    }
    if (size >= 1e21 || size < 1e-4) {
      return String.format(Locale.ROOT, "%.2e", value);
    }
    int power = -1;
    double left = value;
    while (Math.abs(left) >= 9_999.5 && power < SI.length() - 1) {
      left /= 1000;
      power++;
    }
    BigDecimal rounded =
        Math.abs(left) >= 1000
            ? new BigDecimal(left).setScale(0, RoundingMode.HALF_EVEN)
            : new BigDecimal(left).round(DIGITS).stripTrailingZeros();
    return rounded.toPlainString() + (power < 0 ? "" : SI.charAt(power));
  }
}
