package vigie.collector.promql;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * String literals. A byte that is no UTF-8, which {@code "\xff"} can make, is kept as the lone
 * surrogate U+DC00 + byte, so that text stays text and such a name can still be refused.
 */
final class Strings {
  private static final int STRAY = 0xDC00;
  private static final String NO_CHARACTER = "escape sequence is an invalid Unicode code point";

  private Strings() {}

  /** Whether all of it is UTF-8. */
  static boolean isUtf8(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }

  /** In double quotes, escaped as Go does. */
  static String quote(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      int plain = "\u0007\b\f\n\r\t\u000b\"\\".indexOf(c);
      if (plain >= 0) {
        out.append('\\').append("abfnrtv\"\\".charAt(plain));
      } else if (c >= STRAY && c <= STRAY + 0xff) {
        out.append(String.format(Locale.ROOT, "\\x%02x", c - STRAY));
      } else if (isPrintable(c)) {
        out.appendCodePoint(c);
      } else {
        out.append(
            String.format(
                Locale.ROOT,
                c < ' ' || c == 0x7f ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x",
                c));
      }
    }
    return out.append('"').toString();
  }

  /** Letters, marks, numbers, punctuation, symbols and the one space, as Go sees it. */
  private static boolean isPrintable(int point) {
    return switch (Character.getType(point)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> point == ' ';
      default -> true;
    };
  }

  /**
   * What the text between the quotes stands for.
   *
   * @throws IllegalArgumentException naming the escape that is none
   */
  static String unescape(String body, char quote) {
    if (quote == '`' || body.indexOf('\\') < 0) {
      return body;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int at = 0;
    while (at < body.length()) {
      int point = body.codePointAt(at);
      at += Character.charCount(point);
      if (point != '\\') {
        put(out, point);
        continue;
      }
      char kind = at < body.length() ? body.charAt(at) : 0;
      at++;
      int plain = "abfnrtv\\".indexOf(kind);
      if (plain >= 0) {
        out.write("\u0007\b\f\n\r\t\u000b\\".charAt(plain));
      } else if (kind == quote) {
        out.write(quote);
      } else if (kind == 'x') {
        out.write(digits(body, at, 2, 16));
        at += 2;
      } else if (kind == 'u') {
        put(out, digits(body, at, 4, 16));
        at += 4;
      } else if (kind == 'U') {
        put(out, digits(body, at, 8, 16));
        at += 8;
      } else if (kind >= '0' && kind <= '7') {
        int octal = digits(body, at - 1, 3, 8);
        if (octal > 0xff) {
          throw new IllegalArgumentException(NO_CHARACTER);
        }
        out.write(octal);
        at += 2;
      } else {
        throw new IllegalArgumentException("unknown escape sequence \\" + kind);
      }
    }
    return decode(out.toByteArray());
  }

  private static int digits(String body, int at, int count, int radix) {
    if (at + count > body.length()) {
      throw new IllegalArgumentException("escape sequence not terminated");
    }
    try {
      return Integer.parseInt(body, at, at + count, radix);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "bad digits in escape sequence: " + body.substring(at, at + count), e);
    }
  }

  private static void put(ByteArrayOutputStream out, int point) {
    boolean surrogate = point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE;
    if (!Character.isValidCodePoint(point) || surrogate) {
      throw new IllegalArgumentException(NO_CHARACTER);
    }
    out.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
  }

  private static String decode(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < bytes.length) {
      int length = Math.min(lengthOf(bytes[at]), bytes.length - at);
      String one = new String(bytes, at, length, StandardCharsets.UTF_8);
      if (one.codePointCount(0, one.length()) == 1 && one.charAt(0) != '\uFFFD') {
        out.append(one);
        at += length;
      } else if (length == 3 && bytes[at] == (byte) 0xEF && one.equals("\uFFFD")) {
        out.append(one);
        at += length;
      } else {
        out.append((char) (STRAY + (bytes[at] & 0xff)));
        at++;
      }
    }
    return out.toString();
  }

  private static int lengthOf(byte first) {
    int bits = first & 0xff;
    return bits < 0xC0 ? 1 : bits < 0xE0 ? 2 : bits < 0xF0 ? 3 : 4;
  }
}
