package vigie.collector.dispatch;

import java.util.ArrayList;
import java.util.List;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.LabelMatcher.Op;

/**
 * Alertmanager's matchers: {@code severity="critical"}, {@code job=~a|b}, or several with commas
 * between and braces around. A value without quotes ends at a comma, a brace or the end. Source:
 * the matcher section of Alertmanager's configuration reference.
 */
public final class Matchers {
  private static final int LONGEST = 16 * 1024;
  private final String text;
  private int at;

  private Matchers(String text) {
    this.text = text;
  }

  /**
   * The matchers in the text, in its order.
   *
   * @throws IllegalArgumentException that quotes the text and says what is wrong with it
   */
  public static List<LabelMatcher> parse(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException("matchers longer than " + LONGEST + " characters");
    }
    return new Matchers(text).all();
  }

  private List<LabelMatcher> all() {
    List<LabelMatcher> found = new ArrayList<>();
    skipSpace();
    boolean braces = take("{");
    skipSpace();
    while (at < text.length() && text.charAt(at) != '}') {
      found.add(one());
      skipSpace();
      if (!take(",")) {
        break;
      }
      skipSpace();
    }
    if (braces && !take("}")) {
      throw wrong("expected } or a comma");
    }
    skipSpace();
    if (at < text.length()) {
      throw wrong("expected a comma or the end");
    }
    if (found.isEmpty() && !braces) {
      throw wrong("expected a matcher such as severity=\"critical\"");
    }
    return found;
  }

  private LabelMatcher one() {
    String name = at < text.length() && text.charAt(at) == '"' ? quoted() : name();
    skipSpace();
    Op op =
        take("=~")
            ? Op.REGEX
            : take("!~") ? Op.NOT_REGEX : take("!=") ? Op.NOT_EQUAL : take("=") ? Op.EQUAL : null;
    if (op == null) {
      throw wrong("expected =, !=, =~ or !~");
    }
    skipSpace();
    String value = at < text.length() && text.charAt(at) == '"' ? quoted() : bare();
    return new LabelMatcher(op, name, value);
  }

  private String name() {
    int start = at;
    while (at < text.length() && isNameCharacter(text.charAt(at), at == start)) {
      at++;
    }
    if (at == start) {
      throw wrong("expected a label name");
    }
    return text.substring(start, at);
  }

  private static boolean isNameCharacter(char c, boolean first) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
  }

  private String bare() {
    int start = at;
    while (at < text.length() && ",}\"".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(start, at).strip();
  }

  private String quoted() {
    int start = at++;
    StringBuilder value = new StringBuilder();
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '"') {
        return value.toString();
      }
      if (c != '\\' || at == text.length()) {
        value.append(c);
        continue;
      }
      char escaped = text.charAt(at++);
      switch (escaped) {
        case 'n' -> value.append('\n');
        case '"', '\\' -> value.append(escaped);
        default -> value.append('\\').append(escaped);
      }
    }
    at = start;
    throw wrong("this quote is never closed");
  }

  private void skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private boolean take(String word) {
    if (text.startsWith(word, at)) {
      at += word.length();
      return true;
    }
    return false;
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        "bad matcher " + text + ": " + what + " at character " + (at + 1));
  }
}
