package vigie.base.regex;

/**
 * Looks over an expression before RE2/J compiles it. That matches in linear time, but compiling has
 * no limits: {@code ((a{1000}){1000}){1000}} takes all memory, thousands of parentheses the stack,
 * and some letters without their case never end (RE2/J's issue 168). What is no expression at all
 * is left for RE2/J to say.
 */
public final class RegexLimits {
  private static final int DEEPEST = 200;
  private static final int MOST_PARTS = 50_000;

  /** Ranges in a class such as {@code \pL}, which each copy of it has for itself. */
  private static final int UNICODE_CLASS = 300;

  // Cyrillic letters whose upper case has another lower case, unknown to RE2/J's tables.
  private static final int ENDLESS_FROM = 0x1c80;
  private static final int ENDLESS_TO = 0x1c88;

  private final String text;
  private final boolean folds;
  private int at;

  /** How many parts each group has so far, when repetitions are written out. */
  private final long[] parts = new long[DEEPEST + 1];

  private int depth;

  /** Parts of what a repetition would repeat. */
  private long last;

  private RegexLimits(String text) {
    this.text = text;
    this.folds = folds(text);
  }

  /**
   * Refuses what would cost too much.
   *
   * @throws IllegalArgumentException that says why
   */
  public static void check(String text) {
    new RegexLimits(text).check();
  }

  /** Whether there is a {@code (?i} somewhere. */
  private static boolean folds(String text) {
    for (int at = text.indexOf("(?"); at >= 0; at = text.indexOf("(?", at + 2)) {
      int end = at + 2;
      while (end < text.length() && Character.isLetter(text.charAt(end))) {
        end++;
      }
      if (text.substring(at, end).contains("i")) {
        return true;
      }
    }
    return false;
  }

  private void check() {
    while (at < text.length()) {
      char c = text.charAt(at);
      switch (c) {
        case '(' -> open();
        case ')' -> close();
        case '[' -> add(characterClass());
        case '{' -> repeat();
        case '\\' -> escape();
        default -> {
          literal(next());
          add(1);
        }
      }
    }
  }

  private void open() {
    at++;
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException(
          "regular expression has more than " + DEEPEST + " parentheses within each other");
    }
    parts[depth] = 0;
    last = 0;
  }

  private void close() {
    at++;
    if (depth > 0) {
      depth--;
      add(parts[depth + 1] + 1);
    }
  }

  private void add(long count) {
    last = count;
    grow(count);
  }

  private void grow(long more) {
    parts[depth] += more;
    if (parts[depth] > MOST_PARTS) {
      throw new IllegalArgumentException(
          "regular expression has more than "
              + MOST_PARTS
              + " parts when its repetitions are written out");
    }
  }

  /** {@code {n}}, <code>{n,}</code> or {@code {n,m}}; anything else is text. */
  private void repeat() {
    int most = 0;
    int number = 0;
    int i = at + 1;
    while (i < text.length() && (Character.isDigit(text.charAt(i)) || text.charAt(i) == ',')) {
      number = text.charAt(i) == ',' ? 0 : Math.min(10_000, number * 10 + text.charAt(i) - '0');
      most = Math.max(most, number);
      i++;
    }
    if (i == at + 1 || i == text.length() || text.charAt(i) != '}') {
      at++;
      add(1);
      return;
    }
    at = i + 1;
    if (most > 1) {
      grow(last * (most - 1));
      last *= most;
    }
  }

  /** Outside of brackets. */
  private void escape() {
    if (text.startsWith("\\Q", at)) {
      int end = text.indexOf("\\E", at + 2);
      int to = end < 0 ? text.length() : end;
      for (at += 2; at < to; ) {
        literal(next());
        add(1);
      }
      at = end < 0 ? at : end + 2;
      return;
    }
    boolean isUnicode = isUnicodeClass();
    literal(escaped());
    add(isUnicode ? UNICODE_CLASS : 1);
  }

  private boolean isUnicodeClass() {
    return text.startsWith("\\p", at) || text.startsWith("\\P", at);
  }

  /** What stands in brackets: how many parts it has. */
  private int characterClass() {
    at++;
    int count = 1;
    if (text.startsWith("^", at)) {
      at++;
    }
    for (boolean first = true; at < text.length(); first = false) {
      if (text.charAt(at) == ']' && !first) {
        at++;
        break;
      }
      count += isUnicodeClass() ? UNICODE_CLASS : 1;
      int from = escapedOrNext();
      int to = from;
      if (text.startsWith("-", at) && !text.startsWith("-]", at)) {
        at++;
        to = at < text.length() ? escapedOrNext() : from;
      }
      range(from, to);
    }
    return count;
  }

  private int escapedOrNext() {
    return text.charAt(at) == '\\' ? escaped() : next();
  }

  private int next() {
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  /** Steps over a backslash and what belongs to it; the character where it stands for one. */
  private int escaped() {
    at++;
    if (at == text.length()) {
      return -1;
    }
    int c = next();
    boolean isClass = c == 'p' || c == 'P';
    boolean braced = text.startsWith("{", at) && (c == 'x' || isClass);
    int end = braced ? text.indexOf('}', at) : -1;
    if (end < 0) {
      at += isClass && at < text.length() ? 1 : 0; // \pL
      return isClass ? -1 : c;
    }
    String name = text.substring(at + 1, end);
    at = end + 1;
    try {
      return c == 'x' ? Integer.parseInt(name, 16) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private void literal(int c) {
    range(c, c);
  }

  private void range(int from, int to) {
    if (folds && from <= ENDLESS_TO && to >= ENDLESS_FROM) {
      throw new IllegalArgumentException(
          "regular expression with (?i) and a letter from U+1C80 to U+1C88, or a range over them;"
              + " leave out one of the two");
    }
  }
}
