package vigie.collector.label;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.regex.RegexLimits;

/**
 * A regular expression from outside, matched in linear time against the whole text, {@code .} also
 * matching a line end, as Prometheus does. RE2 syntax: no look-around, no back-references. Safe for
 * all threads.
 */
public final class Regex {
  private static final int LONGEST = 16 * 1024;
  private static final String SPECIAL = "\\.+*?()|[]{}^$";
  private final String text;
  private final Pattern pattern;

  /** Most expressions in selectors are one of these, which need no machine. */
  private final Set<String> literals;

  private final @Nullable String prefix;
  private volatile @Nullable Pattern anywhere;

  private Regex(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
    this.literals = literalsOf(text);
    this.prefix = literals.isEmpty() ? prefixOf(text) : null;
  }

  /** The alternatives of an expression like {@code a|b|10\\.0}; empty for another. */
  private static Set<String> literalsOf(String text) {
    Set<String> found = new LinkedHashSet<>();
    StringBuilder one = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '|') {
        found.add(one.toString());
        one.setLength(0);
      } else if (c == '\\' && i + 1 < text.length() && SPECIAL.indexOf(text.charAt(i + 1)) >= 0) {
        one.append(text.charAt(++i));
      } else if (SPECIAL.indexOf(c) >= 0) {
        return Set.of();
      } else {
        one.append(c);
      }
    }
    found.add(one.toString());
    return found;
  }

  /** What stands before the {@code .*} that the expression ends with; null where it is not so. */
  private static @Nullable String prefixOf(String text) {
    if (!text.endsWith(".*")) {
      return null;
    }
    Set<String> before = literalsOf(text.substring(0, text.length() - 2));
    return before.size() == 1 && !text.contains("|") ? before.iterator().next() : null;
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
    if (!literals.isEmpty()) {
      return literals.contains(value);
    }
    if (prefix != null) {
      return value.startsWith(prefix);
    }
    return pattern.matches(value);
  }

  /** The texts that match, where they can be told; otherwise empty. */
  public Set<String> literals() {
    return literals;
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
  public boolean equals(@Nullable Object other) {
    return other instanceof Regex regex && text.equals(regex.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return text;
  }
}
