package vigie.collector.label;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * A regular expression from outside, matched in linear time against the whole text, {@code .} also
 * matching a line end, as Prometheus does. RE2 syntax: no look-around, no back-references. Safe for
 * all threads.
 */
public final class Regex {
  private static final int LONGEST = 16 * 1024;
  private final String text;
  private final Pattern pattern;

  private Regex(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  /**
   * @throws IllegalArgumentException that says what is wrong with the expression
   */
  public static Regex of(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "regular expression is longer than " + LONGEST + " characters");
    }
    try {
      return new Regex(text, Pattern.compile("^(?s:" + text + ")$"));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "bad regular expression \"" + text + "\": " + e.getDescription(), e);
    }
  }

  /** Whether the whole text matches. */
  public boolean matches(String value) {
    return pattern.matches(value);
  }

  /** A matcher over the whole text, for its groups; {@code matches()} must be asked first. */
  public Matcher matcher(String value) {
    return pattern.matcher(value);
  }

  @Override
  public String toString() {
    return text;
  }
}
