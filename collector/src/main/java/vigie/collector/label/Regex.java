package vigie.collector.label;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A regular expression from outside, matched in linear time against the whole text, {@code .} also
 * matching a line end, as Prometheus does. RE2 syntax: no look-around, no back-references. Safe for
 * all threads.
 */
public final class Regex {
  private static final int LONGEST = 16 * 1024;
  private final String text;
  private final Pattern pattern;
  private volatile @Nullable Pattern anywhere;

  private Regex(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  /**
   * The compiled expression.
   *
   * @throws IllegalArgumentException that says what is wrong with the expression
   */
  public static Regex of(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "regular expression is longer than " + LONGEST + " characters");
    }
    RegexLimits.check(text);
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

  /** Whether any part of the text matches; {@code .} then stops at line ends, as in Go. */
  public boolean findsIn(String value) {
    return anywhere().matcher(value).find();
  }

  /**
   * The text with every match replaced; {@code $1}, {@code ${1}} and {@code ${name}} in the
   * replacement stand for groups, {@code $$} for {@code $}. As Go's ReplaceAllString.
   */
  public String replaceAll(String value, String replacement) {
    Matcher matcher = anywhere().matcher(value);
    StringBuilder out = new StringBuilder();
    int end = 0;
    boolean any = false;
    while (matcher.find()) {
      if (any && matcher.end() == end) {
        // An empty match right after another one does not count.
        continue;
      }
      any = true;
      out.append(value, /* start= */ end, /* end= */ matcher.start())
          .append(expand(matcher, replacement));
      end = matcher.end();
    }
    return out.append(value, end, value.length()).toString();
  }

  /** The expression without anchors; rarely asked for, so made when it is. */
  private Pattern anywhere() {
    Pattern made = anywhere;
    if (made == null) {
      made = Pattern.compile(text);
      anywhere = made;
    }
    return made;
  }

  /** The template filled in from a match of the whole text, null where it does not match. */
  public @Nullable String expandWhole(String value, String template) {
    Matcher matcher = pattern.matcher(value);
    return matcher.matches() ? expand(matcher, template) : null;
  }

  /**
   * The template with its groups filled in, as Go's Expand: {@code $name} takes the longest name of
   * letters, digits and underscores; a group that doesn't exist or took no part is empty.
   */
  public static String expand(Matcher matcher, String template) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < template.length()) {
      int dollar = template.indexOf('$', at);
      if (dollar < 0 || dollar == template.length() - 1) {
        return out.append(template, at, template.length()).toString();
      }
      out.append(template, at, dollar);
      if (template.charAt(dollar + 1) == '$') {
        out.append('$');
        at = dollar + 2;
        continue;
      }
      boolean braced = template.charAt(dollar + 1) == '{';
      int start = dollar + (braced ? 2 : 1);
      int end = start;
      while (end < template.length() && isNamePart(template.charAt(end))) {
        end++;
      }
      if (end == start || (braced && (end == template.length() || template.charAt(end) != '}'))) {
        out.append('$');
        at = dollar + 1;
        continue;
      }
      out.append(group(matcher, template.substring(start, end)));
      at = end + (braced ? 1 : 0);
    }
    return out.toString();
  }

  private static boolean isNamePart(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  private static String group(Matcher matcher, String name) {
    boolean number = name.length() < 5 && name.chars().allMatch(c -> c >= '0' && c <= '9');
    String value = null;
    if (number) {
      int index = Integer.parseInt(name);
      value = index <= matcher.groupCount() ? matcher.group(index) : null;
    } else if (matcher.pattern().namedGroups().containsKey(name)) {
      value = matcher.group(name);
    }
    return value == null ? "" : value;
  }

  @Override
  public String toString() {
    return text;
  }
}
