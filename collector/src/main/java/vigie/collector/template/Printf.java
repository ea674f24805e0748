package vigie.collector.template;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/** One run of {@code fmt.Sprintf}. Source: the documentation of Go's package fmt. */
final class Printf {
  private static final int WIDEST = 1_000;

  private final String format;
  private final List<? extends @Nullable Object> values;
  private final StringBuilder out = new StringBuilder();
  private int at;
  private int next;

  /** An argument was named by its number, so that others may well be left over. */
  private boolean reordered;

  private boolean badIndex;

  Printf(String format, List<? extends @Nullable Object> values) {
    this.format = format;
    this.values = values;
  }

  String run() {
    while (at < format.length()) {
      char c = format.charAt(at++);
      if (c == '%') {
        verb();
      } else {
        out.append(c);
      }
    }
    if (!reordered && next < values.size()) {
      out.append("%!(EXTRA ");
      for (int k = next; k < values.size(); k++) {
        Object extra = values.get(k);
        out.append(k == next ? "" : ", ");
        out.append(extra == null ? "<nil>" : type(extra) + "=" + GoPrint.value(extra));
      }
      out.append(')');
    }
    return out.toString();
  }

  private void verb() {
    Spec spec = new Spec();
    badIndex = false;
    while (at < format.length() && "+-# 0".indexOf(format.charAt(at)) >= 0) {
      spec.flags += format.charAt(at++);
    }
    index();
    if (peek() == '*') {
      Integer width = star("%!(BADWIDTH)");
      spec.width = width == null ? -1 : Math.abs(width);
      spec.flags += width != null && width < 0 ? "-" : "";
    } else {
      spec.width = number();
    }
    if (peek() == '.') {
      at++;
      index();
      if (peek() == '*') {
        Integer precision = star("%!(BADPREC)");
        spec.precision = precision == null ? -1 : precision;
      } else {
        spec.precision = Math.max(0, number());
      }
    }
    index();
    if (at >= format.length()) {
      out.append("%!(NOVERB)");
      return;
    }
    int verb = format.codePointAt(at);
    at += Character.charCount(verb);
    if (verb == '%') {
      out.append('%');
    } else if (badIndex) {
      out.append("%!").appendCodePoint(verb).append("(BADINDEX)");
    } else if (next >= values.size()) {
      out.append("%!").appendCodePoint(verb).append("(MISSING)");
    } else {
      out.append(spec.padded(spec.print((char) verb, values.get(next++))));
    }
  }

  private char peek() {
    return at < format.length() ? format.charAt(at) : '\0';
  }

  /** {@code [n]}: the next argument is the n-th. */
  private void index() {
    if (peek() != '[') {
      return;
    }
    reordered = true;
    int close = format.indexOf(']', at);
    String digits = close < 0 ? "" : format.substring(at + 1, close);
    at = close < 0 ? at + 1 : close + 1;
    int wanted = digits.matches("[0-9]{1,6}") ? Integer.parseInt(digits) : 0;
    if (wanted < 1 || wanted > values.size()) {
      badIndex = true;
    } else {
      next = wanted - 1;
    }
  }

  /** A width or precision that is an argument; null where that is none. */
  private @Nullable Integer star(String bad) {
    at++;
    Object value = next < values.size() ? values.get(next) : null;
    next++;
    if (value instanceof Long number && Math.abs(number) <= WIDEST) {
      return number.intValue();
    }
    if (value instanceof Long) {
      throw tooWide();
    }
    out.append(bad);
    return null;
  }

  /** The number written here, -1 for none. */
  private int number() {
    int start = at;
    while (Character.isDigit(peek())) {
      at++;
    }
    if (start == at) {
      return -1;
    }
    int size = at - start > 4 ? Integer.MAX_VALUE : Integer.parseInt(format, start, at, 10);
    if (size > WIDEST) {
      throw tooWide();
    }
    return size;
  }

  private static IllegalArgumentException tooWide() {
    return new IllegalArgumentException("width or precision over " + WIDEST);
  }

  /** Go's name of the type, as {@code %T} tells it. */
  private static String type(@Nullable Object value) {
    if (value == null) {
      return "<nil>";
    }
    if (value instanceof Labels) {
      return "map[string]string";
    }
    if (value instanceof Map) {
      return "map[string]interface {}";
    }
    if (value instanceof List) {
      return "template.queryResult";
    }
    return value instanceof Query.Sample
        ? "*template.sample"
        : value instanceof Instant ? "*time.Time" : Values.type(value);
  }

  /** Flags, width and precision of one verb. */
  private static final class Spec {
    private String flags = "";
    private int width = -1;
    private int precision = -1;
    private boolean zeros = true;

    boolean has(char flag) {
      return flags.indexOf(flag) >= 0;
    }

    String print(char verb, @Nullable Object value) {
      if (verb == 'T') {
        return type(value);
      }
      if (value == null) {
        return verb == 'v' ? "<nil>" : "%!" + verb + "(<nil>)";
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
      } else if (verb == 'v' || (verb == 's' && !(value instanceof Boolean))) {
        out = GoPrint.value(value);
      }
      return out != null ? out : "%!" + verb + "(" + type(value) + "=" + GoPrint.value(value) + ")";
    }

    private @Nullable String number(char verb, double value) {
      boolean finite = !Double.isNaN(value) && !Double.isInfinite(value);
      if ((verb == 'x' || verb == 'X') && finite && precision < 0) {
        return signed(hex(value, verb));
      }
      char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : Character.toLowerCase(verb);
      if (form != 'e' && form != 'f' && form != 'g') {
        return null;
      }
      zeros = finite;
      int digits = precision < 0 && form != 'g' ? 6 : precision;
      String out = GoPrint.number(value, form, digits);
      return signed(verb == 'E' || verb == 'G' ? out.toUpperCase(Locale.ROOT) : out);
    }

    /** The exponent of two decimal digits and with its sign. */
    private static String hex(double value, char verb) {
      String text = Double.toHexString(value).replace(".0p", "p");
      int p = text.indexOf('p');
      int exponent = Integer.parseInt(text.substring(p + 1));
      String out =
          text.substring(0, p)
              + (exponent < 0 ? "p-" : "p+")
              + (Math.abs(exponent) < 10 ? "0" : "")
              + Math.abs(exponent);
      return verb == 'X' ? out.toUpperCase(Locale.ROOT) : out;
    }

    private @Nullable String whole(char verb, long value) {
      int radix =
          switch (verb) {
            case 'v', 'd' -> 10;
            case 'x', 'X' -> 16;
            case 'o', 'O' -> 8;
            case 'b' -> 2;
            default -> 0;
          };
      if (radix > 0) {
        return signed(digits(verb, radix, value));
      }
      boolean isCharacter = value >= 0 && value <= Character.MAX_CODE_POINT;
      String character = isCharacter ? Character.toString((int) value) : "\uFFFD";
      return switch (verb) {
        case 'c' -> character;
        case 'q' -> "'" + (character.equals("'") ? "\\'" : unquoted(character, has('+'))) + "'";
        case 'U' ->
            String.format(Locale.ROOT, "U+%04X", value) + (has('#') ? " '" + character + "'" : "");
        default -> null;
      };
    }

    private static String unquoted(String text, boolean ascii) {
      String quoted = GoPrint.quoted(text, ascii);
      return text.equals("\"") ? text : quoted.substring(1, quoted.length() - 1);
    }

    private String digits(char verb, int radix, long value) {
      zeros = precision < 0;
      boolean negative = value < 0;
      String digits = Long.toUnsignedString(negative ? -value : value, radix);
      if (precision == 0 && value == 0) {
        digits = "";
      }
      digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
      String prefix = verb == 'O' ? "0o" : "";
      if (has('#')) {
        prefix =
            switch (verb) {
              case 'x' -> "0x";
              case 'X' -> "0X";
              case 'o' -> digits.startsWith("0") ? "" : "0";
              case 'b' -> "0b";
              default -> prefix;
            };
      }
      String upper = verb == 'X' ? digits.toUpperCase(Locale.ROOT) : digits;
      return (negative ? "-" : "") + prefix + upper;
    }

    private String signed(String number) {
      if (number.startsWith("-") || (number.startsWith("+") && has('+'))) {
        return number;
      }
      return has('+') ? "+" + number : has(' ') ? " " + number : number;
    }

    private @Nullable String text(char verb, String text) {
      String cut =
          precision >= 0 && precision < text.codePointCount(0, text.length())
              ? text.substring(0, text.offsetByCodePoints(0, precision))
              : text;
      return switch (verb) {
        case 'v', 's' -> cut;
        case 'q' -> has('#') && isRaw(cut) ? "`" + cut + "`" : GoPrint.quoted(cut, has('+'));
        case 'x', 'X' -> hex(verb, cut);
        default -> null;
      };
    }

    private static boolean isRaw(String text) {
      return text.chars().noneMatch(c -> c == '`' || c == 0x7f || (c < ' ' && c != '\t'));
    }

    private String hex(char verb, String text) {
      StringBuilder hex = new StringBuilder();
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        boolean first = hex.length() == 0;
        hex.append(first || !has(' ') ? "" : " ");
        hex.append(has('#') && (first || has(' ')) ? "0" + verb : "");
        hex.append(String.format(Locale.ROOT, verb == 'x' ? "%02x" : "%02X", b & 0xff));
      }
      return hex.toString();
    }

    String padded(String text) {
      int lacking = width - text.codePointCount(0, text.length());
      if (lacking <= 0) {
        return text;
      }
      if (has('-')) {
        return text + " ".repeat(lacking);
      }
      if (!has('0') || !zeros) {
        return " ".repeat(lacking) + text;
      }
      int sign = text.startsWith("-") || text.startsWith("+") ? 1 : 0;
      return text.substring(0, sign) + "0".repeat(lacking) + text.substring(sign);
    }
  }
}
