package vigie.collector.promql;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** Numbers as Go, and so Prometheus, reads and writes them. */
public final class Numbers {
  private Numbers() {}

  /**
   * A number literal, without sign: decimal, with exponent, hexadecimal, octal after a leading
   * zero, {@code Inf} and {@code NaN} in any case.
   *
   * @throws NumberFormatException if it is none
   */
  static double parse(String text) {
    if (text.equalsIgnoreCase("inf")) {
      return Double.POSITIVE_INFINITY;
    }
    if (text.equalsIgnoreCase("nan")) {
      return Double.NaN;
    }
    String plain = text.indexOf('_') < 0 ? text : text.replace("_", "");
    if (plain.startsWith("0x") || plain.startsWith("0X")) {
      return Long.parseLong(plain, 2, plain.length(), 16);
    }
    if (plain.length() > 1 && plain.length() < 20 && plain.charAt(0) == '0') {
      boolean octal = true;
      for (int i = 0; i < plain.length(); i++) {
        octal &= plain.charAt(i) >= '0' && plain.charAt(i) <= '7';
      }
      if (octal) {
        return Long.parseLong(plain, 8);
      }
    }
    char last = plain.charAt(plain.length() - 1);
    if (last != '.' && (last < '0' || last > '9')) {
      throw new NumberFormatException(text);
    }
    return Double.parseDouble(plain);
  }

  /**
   * The upper bound in a label {@code le}, NaN where it is no number (no bucket ends at NaN).
   *
   * <p>{@code Double.parseDouble} alone would also take {@code 1d} and {@code 1f}.
   */
  static double bound(String text) {
    if (text.isEmpty()) {
      return Double.NaN;
    }
    boolean signed = text.charAt(0) == '+' || text.charAt(0) == '-';
    String body = signed ? text.substring(1) : text;
    double size;
    if (body.equalsIgnoreCase("inf") || body.equalsIgnoreCase("infinity")) {
      size = Double.POSITIVE_INFINITY;
    } else {
      char last = body.isEmpty() ? 'x' : body.charAt(body.length() - 1);
      char first = body.isEmpty() ? 'x' : body.charAt(0);
      if ((last != '.' && (last < '0' || last > '9'))
          || (first != '.' && (first < '0' || first > '9'))) {
        return Double.NaN;
      }
      try {
        size = Double.parseDouble(body);
      } catch (NumberFormatException e) {
        return Double.NaN;
      }
    }
    return text.charAt(0) == '-' ? -size : size;
  }

  /** The shortest form, with an exponent below 1e-4 and from 1e21 on, as Go prints a value. */
  static String format(double value) {
    return format(value, -4);
  }

  /**
   * The shortest form, with an exponent below 1e-6 and from 1e21 on, as Prometheus's API writes a
   * sample's value.
   */
  public static String json(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15 && value != 0) {
      return Long.toString((long) value);
    }
    return format(value, -6);
  }

  private static String format(double value, int leastExponent) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return special(value);
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    String few = fewDecimals(value);
    if (few != null) {
      return few;
    }
    BigDecimal exact = shortest(value);
    int exponent = exact.precision() - exact.scale() - 1;
    return exponent >= leastExponent && exponent < 21
        ? exact.toPlainString()
        : scientific(exact, exponent);
  }

  /**
   * The shortest form of what has three decimals at most, null for all others: most of what is
   * measured, at a fraction of the cost. Decimal numbers of up to 15 digits are of different
   * doubles, so that none is shorter than one that is right.
   */
  private static @Nullable String fewDecimals(double value) {
    double size = Math.abs(value);
    long thousandths = Math.round(size * 1000);
    if (size < 1e-3 || size >= 1e11 || thousandths / 1000.0 != size) {
      return null;
    }
    long whole = thousandths / 1000;
    int part = (int) (thousandths % 1000);
    StringBuilder out = new StringBuilder(16);
    if (value < 0) {
      out.append('-');
    }
    out.append(whole);
    if (part != 0) {
      out.append('.').append((char) ('0' + part / 100));
      if (part % 100 != 0) {
        out.append((char) ('0' + part / 10 % 10));
        if (part % 10 != 0) {
          out.append((char) ('0' + part % 10));
        }
      }
    }
    return out.toString();
  }

  /** The shortest form, always with an exponent, as Prometheus's API writes an alert's value. */
  public static String scientific(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return special(value);
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0e+00" : "0e+00";
    }
    BigDecimal exact = shortest(value);
    return scientific(exact, exact.precision() - exact.scale() - 1);
  }

  private static String scientific(BigDecimal exact, int exponent) {
    String digits = exact.unscaledValue().abs().toString();
    StringBuilder out = new StringBuilder(exact.signum() < 0 ? "-" : "").append(digits.charAt(0));
    if (digits.length() > 1) {
      out.append('.').append(digits, 1, digits.length());
    }
    out.append('e').append(exponent < 0 ? '-' : '+');
    int size = Math.abs(exponent);
    return out.append(size < 10 ? "0" : "").append(size).toString();
  }

  /** The shortest form without an exponent, as {@code count_values} writes labels. */
  public static String plain(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      return special(value);
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0" : "0";
    }
    BigDecimal exact = shortest(value);
    return (exact.scale() < 0 ? exact.setScale(0, RoundingMode.UNNECESSARY) : exact)
        .toPlainString();
  }

  private static BigDecimal shortest(double value) {
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    // Before JDK 19, Double.toString gives a digit too many now and then.
    if (exact.precision() > 2) {
      BigDecimal shorter =
          exact.round(new java.math.MathContext(exact.precision() - 1, RoundingMode.HALF_EVEN));
      if (shorter.doubleValue() == value) {
        return shorter.stripTrailingZeros();
      }
    }
    return exact;
  }

  private static String special(double value) {
    return Double.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
}
