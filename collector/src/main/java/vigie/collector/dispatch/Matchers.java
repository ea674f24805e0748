package vigie.collector.dispatch;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.LabelMatcher.Op;

/**
 * Alertmanager's matchers: {@code severity="critical"}, {@code job=~a|b}, or several with commas
 * between and braces around. Like Alertmanager this reads them by the classic rules, and by the
 * UTF-8 rules where those fail: the latter know any label name and stricter quotes. Source: the
 * matcher section of Alertmanager's configuration reference and its notes on UTF-8.
 */
public final class Matchers {
  private static final int LONGEST = 16 * 1024;

  /** What the UTF-8 rules want within quotes. */
  private static final String RESERVED = "{}!=~,\\\"'`";

  private static final Op[] BY_LENGTH = {Op.REGEX, Op.NOT_REGEX, Op.NOT_EQUAL, Op.EQUAL};

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
    if (text.isBlank()) {
      throw new Matchers(text).wrong("expected a matcher such as severity=\"critical\"");
    }
    List<LabelMatcher> classic = classic(text);
    return classic != null ? classic : new Matchers(text).all();
  }

  /** Null where the classic rules don't read it. */
  private static @Nullable List<LabelMatcher> classic(String text) {
    String inner = text.startsWith("{") ? text.substring(1) : text;
    inner = inner.endsWith("}") ? inner.substring(0, inner.length() - 1) : inner;
    List<LabelMatcher> found = new ArrayList<>();
    for (String token : tokens(inner)) {
      LabelMatcher matcher = classicOne(token.strip());
      if (matcher == null) {
        return null;
      }
      found.add(matcher);
    }
    return found;
  }

  /** Cut at the commas outside of quotes; nothing where only blanks are left at the end. */
  private static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    boolean quoted = false;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        tokens.add(text.substring(start, i));
        start = i + 1;
      }
    }
    String last = text.substring(start);
    if (!last.isBlank()) {
      tokens.add(last);
    }
    return tokens;
  }

  private static @Nullable LabelMatcher classicOne(String token) {
    int end = 0;
    while (end < token.length() && isNameCharacter(token.charAt(end), end == 0)) {
      end++;
    }
    String rest = token.substring(end).stripLeading();
    for (Op op : BY_LENGTH) {
      if (end > 0 && rest.startsWith(op.text())) {
        String value = classicValue(rest.substring(op.text().length()).strip());
        return value == null ? null : new LabelMatcher(op, token.substring(0, end), value);
      }
    }
    return null;
  }

  private static @Nullable String classicValue(String raw) {
    boolean quoted = raw.startsWith("\"");
    boolean closed = !quoted;
    StringBuilder value = new StringBuilder();
    for (int i = quoted ? 1 : 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '"') {
        if (closed || i < raw.length() - 1) {
          return null;
        }
        closed = true;
      } else if (c == '\\' && i + 1 < raw.length()) {
        char escaped = raw.charAt(++i);
        switch (escaped) {
          case 'n' -> value.append('\n');
          case '"', '\\' -> value.append(escaped);
          default -> value.append(c).append(escaped);
        }
      } else {
        value.append(c);
      }
    }
    return closed ? value.toString() : null;
  }

  private static boolean isNameCharacter(char c, boolean first) {
    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
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
    return found;
  }

  private LabelMatcher one() {
    String name = word("a label name");
    skipSpace();
    Op op = null;
    for (Op each : BY_LENGTH) {
      op = op == null && take(each.text()) ? each : op;
    }
    if (op == null) {
      throw wrong("expected =, !=, =~ or !~");
    }
    skipSpace();
    return new LabelMatcher(op, name, word("a value"));
  }

  private String word(String what) {
    if (at < text.length() && text.charAt(at) == '"') {
      return quoted();
    }
    int start = at;
    while (at < text.length()
        && RESERVED.indexOf(text.charAt(at)) < 0
        && !Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    if (at == start) {
      throw wrong("expected " + what);
    }
    return text.substring(start, at);
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
        case 't' -> value.append('\t');
        case 'r' -> value.append('\r');
        case '"', '\\' -> value.append(escaped);
        default -> {
          at -= 2;
          throw wrong("\\" + escaped + " is no escape; write \\\\" + escaped);
        }
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
