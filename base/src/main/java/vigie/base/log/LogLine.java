package vigie.base.log;

import java.util.Locale;

/**
 * One log line as key=value pairs. A message is written as a constant text followed by pairs,
 * {@code "link lost peer=192.0.2.5:2515 pending=312"}, and comes out as {@code level=warn
 * logger=ship msg="link lost" peer=192.0.2.5:2515 pending=312}. There is no time: journald stamps
 * each line. Control characters are escaped, since text from the network may be in a message, and
 * so are quotes and backslashes within quotes: {@code reason="expected \"a\" got \"b\""}.
 */
public final class LogLine {
  private LogLine() {}

  /**
   * The line, without a line end.
   *
   * @param logger the logger's name; only what follows the last dot is shown
   */
  public static String format(String level, String logger, String message) {
    int pairs = startOfPairs(message);
    StringBuilder out = new StringBuilder(message.length() + 48);
    out.append("level=").append(level.toLowerCase(Locale.ROOT));
    out.append(" logger=")
        .append(logger.substring(logger.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    out.append(" msg=\"");
    escape(out, message, 0, textEnd(message, pairs), true);
    out.append('"');
    if (pairs < message.length()) {
      out.append(' ');
      pairs(out, message, pairs);
    }
    return out.toString();
  }

  /** Where the first word of the form {@code name=} begins, or the length of the message. */
  private static int startOfPairs(String message) {
    int word = 0;
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      if (c == ' ') {
        word = i + 1;
      } else if (c == '=' && i > word) {
        return word;
      } else if (!isOfKey(c)) {
        word = Integer.MAX_VALUE - 1; // no key: wait for the next space
      }
    }
    return message.length();
  }

  private static int textEnd(String message, int pairs) {
    int end = pairs;
    while (end > 0 && message.charAt(end - 1) == ' ') {
      end--;
    }
    return end;
  }

  private static void pairs(StringBuilder out, String message, int from) {
    int at = from;
    while (at < message.length()) {
      int open = message.indexOf("=\"", at);
      int begin = open < 0 ? message.length() : open + 2;
      escape(out, message, at, begin, false);
      at = endOfValue(message, begin);
      escape(out, message, begin, at, true);
    }
  }

  /**
   * Where the quoted value ends: a quote ends it only where the line does or another pair follows,
   * since the value is in the message as it is, with quotes of its own.
   */
  private static int endOfValue(String message, int begin) {
    for (int i = begin; i < message.length(); i++) {
      if (message.charAt(i) == '"'
          && (i + 1 == message.length()
              || (message.charAt(i + 1) == ' ' && isPair(message, i + 2)))) {
        return i;
      }
    }
    return message.length();
  }

  private static boolean isPair(String message, int from) {
    int end = from;
    while (end < message.length() && isOfKey(message.charAt(end))) {
      end++;
    }
    return end > from && end < message.length() && message.charAt(end) == '=';
  }

  private static boolean isOfKey(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '.';
  }

  private static void escape(StringBuilder out, String text, int from, int to, boolean isQuoted) {
    for (int i = from; i < to; i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append("\\n");
      } else if ((c == '"' || c == '\\') && isQuoted) {
        out.append('\\').append(c);
      } else if (Character.isISOControl(c)) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
  }
}
