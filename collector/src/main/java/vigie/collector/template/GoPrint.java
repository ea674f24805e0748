package vigie.collector.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/**
 * Prints values as Go's {@code fmt} does. Source: the documentation of packages fmt and strconv.
 */
final class GoPrint {
  private static final int WIDEST = 1_000;

  /** From this exponent on, a number with as few digits as possible is written with one. */
  private static final int SHORTEST_TURN = 6;

  private GoPrint() {}

  /** {@code %v}. */
  static String value(@Nullable Object value) {
    if (value == null) {
      return "<nil>";
    }
    if (value instanceof Double d) {
      return number(d, 'g', -1);
    }
    if (value instanceof Labels labels) {
      return value(labels.toMap());
    }
    if (value instanceof Map<?, ?> map) {
      StringBuilder out = new StringBuilder("map[");
      for (Map.Entry<?, ?> entry : new TreeMap<>(map).entrySet()) {
        out.append(out.length() == 4 ? "" : " ");
        out.append(value(entry.getKey())).append(':').append(value(entry.getValue()));
      }
      return out.append(']').toString();
    }
    if (value instanceof List<?> list) {
      StringBuilder out = new StringBuilder("[");
      for (Object element : list) {
        out.append(out.length() == 1 ? "" : " ").append(value(element));
      }
      return out.append(']').toString();
    }
    if (value instanceof Query.Sample sample) {
      return "{" + value(sample.labels()) + " " + value(sample.value()) + "}";
    }
    return value.toString();
  }

  /**
   * @param verb {@code e}, {@code f} or {@code g}
   * @param precision digits after the point, of {@code g} all digits; -1 for as few as read back to
   *     the same number
   */
  static String number(double value, char verb, int precision) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    String sign = Double.doubleToRawLongBits(value) < 0 ? "-" : "";
    return sign + positive(Math.abs(value), verb, precision);
  }

  private static String positive(double value, char verb, int precision) {
    BigDecimal exact = precision < 0 ? shortest(value) : new BigDecimal(value);
    if (verb == 'f') {
      return precision < 0
          ? exact.toPlainString()
          : exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    }
    if (verb == 'e') {
      int digits = precision < 0 ? exact.precision() : precision + 1;
      return scientific(rounded(exact, digits), digits);
    }
    BigDecimal rounded = precision < 0 ? exact : rounded(exact, Math.max(1, precision));
    rounded = value == 0 ? BigDecimal.ZERO : rounded.stripTrailingZeros();
    int exponent = rounded.precision() - 1 - rounded.scale();
    int turn = precision < 0 ? SHORTEST_TURN : Math.max(1, precision);
    return exponent < -4 || exponent >= turn
        ? scientific(rounded, rounded.precision())
        : rounded.toPlainString();
  }

  private static BigDecimal rounded(BigDecimal exact, int digits) {
    return exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
  }

  /** Java 17 may print a digit more than it takes to read the same number back. */
  private static BigDecimal shortest(double value) {
    BigDecimal best = new BigDecimal(Double.toString(value));
    if (value == 0) {
      return BigDecimal.ZERO;
    }
    best = best.stripTrailingZeros();
    BigDecimal exact = new BigDecimal(value);
    while (best.precision() > 1) {
      BigDecimal shorter = rounded(exact, best.precision() - 1).stripTrailingZeros();
      if (shorter.doubleValue() != value) {
        break;
      }
      best = shorter;
    }
    return best.scale() < 0 ? best.setScale(0, RoundingMode.UNNECESSARY) : best;
  }

  /** {@code d.dde+xx}, the exponent with two digits at least. */
  private static String scientific(BigDecimal value, int digits) {
    StringBuilder out = new StringBuilder(value.unscaledValue().toString());
    int exponent = value.signum() == 0 ? 0 : value.precision() - 1 - value.scale();
    while (out.length() < digits) {
      out.append('0');
    }
    out.setLength(digits);
    if (digits > 1) {
      out.insert(1, '.');
    }
    out.append(exponent < 0 ? "e-" : "e+");
    int size = Math.abs(exponent);
    return out.append(size < 10 ? "0" : "").append(size).toString();
  }

  /** {@code fmt.Sprint}: blanks only between operands that are both no strings. */
  static String print(List<? extends @Nullable Object> values) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      boolean apart =
          i > 0 && !(values.get(i) instanceof String) && !(values.get(i - 1) instanceof String);
      out.append(apart ? " " : "").append(value(values.get(i)));
    }
    return out.toString();
  }

  /**
   * {@code fmt.Sprintf}; what doesn't fit is told in the text, as Go does: {@code %!d(string=x)}.
   */
  static String printf(String format, List<? extends @Nullable Object> values) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    int i = 0;
    while (i < format.length()) {
      char c = format.charAt(i++);
      if (c != '%') {
        out.append(c);
        continue;
      }
      Spec spec = new Spec();
      while (i < format.length() && "+-# 0".indexOf(format.charAt(i)) >= 0) {
        spec.flags += format.charAt(i++);
      }
      int start = i;
      while (i < format.length() && Character.isDigit(format.charAt(i))) {
        i++;
      }
      spec.width = size(format, start, i);
      if (i < format.length() && format.charAt(i) == '.') {
        start = ++i;
        while (i < format.length() && Character.isDigit(format.charAt(i))) {
          i++;
        }
        spec.precision = Math.max(0, size(format, start, i));
      }
      if (i >= format.length()) {
        out.append("%!(NOVERB)");
        break;
      }
      char verb = format.charAt(i++);
      if (verb == '%') {
        out.append('%');
      } else if (next >= values.size()) {
        out.append("%!").append(verb).append("(MISSING)");
      } else {
        out.append(spec.padded(spec.print(verb, values.get(next++))));
      }
    }
    if (next < values.size()) {
      out.append("%!(EXTRA ");
      for (int k = next; k < values.size(); k++) {
        Object extra = values.get(k);
        out.append(k == next ? "" : ", ").append(Values.type(extra)).append('=');
        out.append(value(extra));
      }
      out.append(')');
    }
    return out.toString();
  }

  /** The number written from start to end, -1 for none. */
  private static int size(String format, int start, int end) {
    if (start == end) {
      return -1;
    }
    int size = end - start > 4 ? Integer.MAX_VALUE : Integer.parseInt(format, start, end, 10);
    if (size > WIDEST) {
      throw new IllegalArgumentException("width or precision over " + WIDEST);
    }
    return size;
  }

  /** Flags, width and precision of one verb. */
  private static final class Spec {
    private String flags = "";
    private int width = -1;
    private int precision = -1;
    private boolean numeric;

    boolean has(char flag) {
      return flags.indexOf(flag) >= 0;
    }

    String print(char verb, @Nullable Object value) {
      if (verb == 'T') {
        return Values.type(value);
      }
      String out = null;
      if (value instanceof Double number) {
        out = number(verb, number);
      } else if (value instanceof Long number) {
        out = whole(verb, number);
      } else if (value instanceof String text) {
        out = text(verb, text);
      } else if (value instanceof Boolean && (verb == 'v' || verb == 't')) {
        out = value.toString();
      } else if (verb == 'v' || verb == 's' && !(value instanceof Boolean)) {
        out = value == null && verb == 's' ? "%!s(<nil>)" : value(value);
      }
      return out != null
          ? out
          : "%!" + verb + "(" + Values.type(value) + "=" + GoPrint.value(value) + ")";
    }

    private static String value(@Nullable Object value) {
      return GoPrint.value(value);
    }

    private @Nullable String number(char verb, double value) {
      char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : Character.toLowerCase(verb);
      if (form != 'e' && form != 'f' && form != 'g') {
        return null;
      }
      numeric = !Double.isNaN(value) && !Double.isInfinite(value);
      int digits = precision < 0 && form != 'g' ? 6 : precision;
      String out = GoPrint.number(value, form, digits);
      return signed(verb == 'E' || verb == 'G' ? out.toUpperCase(Locale.ROOT) : out);
    }

    private @Nullable String whole(char verb, long value) {
      numeric = true;
      switch (verb) {
        case 'v', 'd':
          return signed(Long.toString(value));
        case 'x':
          return signed((has('#') ? "0x" : "") + Long.toString(value, 16));
        case 'X':
          return signed((has('#') ? "0X" : "") + Long.toString(value, 16).toUpperCase(Locale.ROOT));
        case 'o':
          return signed(Long.toString(value, 8));
        case 'b':
          return signed(Long.toString(value, 2));
        case 'c':
          numeric = false;
          return Character.isValidCodePoint((int) value)
              ? Character.toString((int) value)
              : "\uFFFD";
        default:
          numeric = false;
          return null;
      }
    }

    private String signed(String number) {
      if (number.startsWith("-") || number.startsWith("+") && has('+')) {
        return number;
      }
      return has('+') ? "+" + number : has(' ') ? " " + number : number;
    }

    private @Nullable String text(char verb, String text) {
      String cut =
          precision >= 0 && precision < text.codePointCount(0, text.length())
              ? text.substring(0, text.offsetByCodePoints(0, precision))
              : text;
      switch (verb) {
        case 'v', 's':
          return cut;
        case 'q':
          return quoted(cut);
        case 'x', 'X':
          StringBuilder hex = new StringBuilder();
          for (byte b : cut.getBytes(StandardCharsets.UTF_8)) {
            hex.append(String.format(verb == 'x' ? "%02x" : "%02X", b & 0xff));
          }
          return hex.toString();
        default:
          return null;
      }
    }

    String padded(String text) {
      int lacking = width - text.codePointCount(0, text.length());
      if (lacking <= 0) {
        return text;
      }
      if (has('-')) {
        return text + " ".repeat(lacking);
      }
      if (!has('0') || !numeric) {
        return " ".repeat(lacking) + text;
      }
      int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
      return text.substring(0, sign) + "0".repeat(lacking) + text.substring(sign);
    }
  }

  /** As Go's {@code %q}: a string in double quotes. */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                  if (Character.isISOControl(c)) {
                    out.append(String.format(c < 0x80 ? "\\x%02x" : "\\u%04x", c));
                  } else {
                    out.appendCodePoint(c);
                  }
                }
              }
            });
    return out.append('"').toString();
  }
}
