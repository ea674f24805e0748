package vigie.collector.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Instant;
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
    if (value instanceof Instant time) {
      return Humanize.time(time);
    }
    if (value instanceof Values.Data data) {
      StringBuilder out = new StringBuilder("{");
      for (String field : Expansion.GIVEN.values()) {
        out.append(out.length() == 1 ? "" : " ").append(value(data.fields().get(field)));
      }
      return out.append('}').toString();
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
    return new Printf(format, values).run();
  }

  /**
   * As Go's {@code %q}: a string in double quotes.
   *
   * @param ascii whether everything else is escaped, as by {@code %+q}
   */
  static String quoted(String text, boolean ascii) {
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
                    out.append(String.format(Locale.ROOT, c < 0x80 ? "\\x%02x" : "\\u%04x", c));
                  } else if (ascii && c > 0x7e) {
                    out.append(String.format(Locale.ROOT, c > 0xffff ? "\\U%08x" : "\\u%04x", c));
                  } else {
                    out.appendCodePoint(c);
                  }
                }
              }
            });
    return out.append('"').toString();
  }
}
