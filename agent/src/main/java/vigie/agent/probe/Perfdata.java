package vigie.agent.probe;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Performance data of Nagios's plugins: {@code 'label'=value[unit];[warn];[crit];[min];[max]},
 * separated by blanks. Source: the guidelines for the development of monitoring plugins.
 *
 * @param unit as the plugin writes it ({@code s}, {@code %}, {@code B}, {@code c}), or the empty
 *     string
 * @param warn the end of the range of good values that is reached first when the value grows, or
 *     its beginning where it has no end; NaN if it is not given
 * @param crit likewise
 * @param min NaN if it is not given
 * @param max NaN if it is not given
 */
record Perfdata(
    String label, String unit, double value, double warn, double crit, double min, double max) {
  /** What more than this a plugin prints is left off. */
  static final int MOST = 64;

  private static final int MOST_LABEL = 128;
  private static final int MOST_UNIT = 16;

  /**
   * All that a text holds, at most {@link #MOST}, each label once; what cannot be understood is
   * left out.
   */
  static List<Perfdata> parse(String text) {
    List<Perfdata> all = new ArrayList<>();
    int at = 0;
    while (at < text.length() && all.size() < MOST) {
      if (isBlank(text.charAt(at))) {
        at++;
        continue;
      }
      int equals = endOfLabel(text, at);
      int end = equals;
      while (end < text.length() && !isBlank(text.charAt(end))) {
        end++;
      }
      if (equals < end && text.charAt(equals) == '=') {
        Perfdata one = of(text.substring(at, equals), text.substring(equals + 1, end));
        if (one != null && all.stream().noneMatch(other -> other.label.equals(one.label))) {
          all.add(one);
        }
      }
      at = Math.max(end, at + 1);
    }
    return all;
  }

  /** Where the label's equals sign is; within quotes it belongs to the label, as blanks do. */
  private static int endOfLabel(String text, int from) {
    boolean quoted = false;
    int at = from;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\'') {
        quoted = !quoted;
      } else if (!quoted && (c == '=' || isBlank(c))) {
        break;
      }
      at++;
    }
    return at;
  }

  private static @Nullable Perfdata of(String name, String data) {
    String label = name;
    if (label.length() >= 2 && label.startsWith("'") && label.endsWith("'")) {
      label = label.substring(1, label.length() - 1).replace("''", "'");
    }
    String[] parts = data.split(";", 6);
    int digits = numberLength(parts[0]);
    double value = number(parts[0].substring(0, digits));
    String unit = parts[0].substring(digits);
    if (label.isEmpty()
        || label.length() > MOST_LABEL
        || unit.length() > MOST_UNIT
        || Double.isNaN(value)) {
      return null; // among them "U": the plugin does not know it
    }
    return new Perfdata(
        ExecProbe.printable(label),
        ExecProbe.printable(unit),
        value,
        parts.length > 1 ? threshold(parts[1]) : Double.NaN,
        parts.length > 2 ? threshold(parts[2]) : Double.NaN,
        parts.length > 3 ? number(parts[3]) : Double.NaN,
        parts.length > 4 ? number(parts[4]) : Double.NaN);
  }

  /** {@code 10}, {@code 10:}, {@code ~:10}, {@code 10:20}, {@code @10:20}. */
  private static double threshold(String range) {
    String text = range.startsWith("@") ? range.substring(1) : range;
    int colon = text.indexOf(':');
    if (colon < 0) {
      return number(text);
    }
    double end = number(text.substring(colon + 1));
    return Double.isNaN(end) ? number(text.substring(0, colon)) : end;
  }

  private static int numberLength(String text) {
    int at = 0;
    while (at < text.length()) {
      char c = text.charAt(at);
      boolean exponent =
          (c == 'e' || c == 'E')
              && at > 0
              && at + 1 < text.length()
              && (isDigit(text.charAt(at + 1))
                  || (at + 2 < text.length()
                      && (text.charAt(at + 1) == '-' || text.charAt(at + 1) == '+')
                      && isDigit(text.charAt(at + 2))));
      boolean sign =
          (c == '-' || c == '+')
              && (at == 0 || text.charAt(at - 1) == 'e' || text.charAt(at - 1) == 'E');
      // A plugin under a foreign locale prints a decimal comma.
      if (!isDigit(c) && c != '.' && c != ',' && !exponent && !sign) {
        break;
      }
      at++;
    }
    return at;
  }

  private static double number(String text) {
    if (text.isEmpty() || text.length() > 40 || numberLength(text) < text.length()) {
      return Double.NaN;
    }
    try {
      return Double.parseDouble(text.replace(',', '.'));
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
}
