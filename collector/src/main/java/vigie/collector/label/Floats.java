package vigie.collector.label;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Numbers as Go and OpenMetrics write them. */
public final class Floats {
  private Floats() {}

  /** The shortest form, with an exponent below 1e-4 and from 1e6 on, as Go's %g. */
  public static String general(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    BigDecimal exact = shortest(value);
    int exponent = exact.precision() - exact.scale() - 1;
    if (value == 0 || (exponent >= -4 && exponent < 6)) {
      return exact.toPlainString();
    }
    String digits = exact.unscaledValue().abs().toString();
    return (value < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  /**
   * As the labels {@code le} and {@code quantile} say it in OpenMetrics: {@code 1.0} and not {@code
   * 1}.
   */
  public static String bound(double value) {
    String text = general(value == 0 ? 0 : value);
    boolean whole =
        !Double.isNaN(value)
            && !Double.isInfinite(value)
            && text.indexOf('.') < 0
            && text.indexOf('e') < 0;
    return whole ? text + ".0" : text;
  }

  private static BigDecimal shortest(double value) {
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    // Before JDK 19, Double.toString gives a digit too many now and then.
    if (exact.precision() > 2) {
      BigDecimal shorter =
          exact.round(new MathContext(exact.precision() - 1, RoundingMode.HALF_EVEN));
      if (shorter.doubleValue() == value) {
        return shorter.stripTrailingZeros();
      }
    }
    return exact;
  }
}
