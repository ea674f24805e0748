package vigie.base.log;

import java.util.Locale;

/**
 * One log line as key=value pairs. A message is written as a constant text followed by pairs,
 * {@code "link lost peer=192.0.2.5:2515 pending=312"}, and comes out as {@code level=warn
 * logger=ship msg="link lost" peer=192.0.2.5:2515 pending=312}. There is no time: journald stamps
 * each line. Control characters are escaped, since text from the network may be in a message.
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
    escape(out, message.substring(0, pairs).stripTrailing(), true);
    out.append('"');
    if (pairs < message.length()) {
      out.append(' ');
      escape(out, message.substring(pairs), false);
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
      } else if (!((c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || c == '_'
          || c == '.')) {
        word = Integer.MAX_VALUE - 1; // no key: wait for the next space
      }
    }
    return message.length();
  }

  private static void escape(StringBuilder out, String text, boolean quotes) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n') {
        out.append("\\n");
      } else if (c == '"' && quotes) {
        out.append("\\\"");
      } else if (Character.isISOControl(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
  }
}
