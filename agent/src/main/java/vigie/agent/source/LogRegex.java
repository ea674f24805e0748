package vigie.agent.source;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Value;
import vigie.base.regex.RegexLimits;

/**
 * A regular expression (RE2) over lines. Compiled at its first use: of the stock ones a node needs
 * few. Equal to another of the same text. Safe for all threads.
 */
final class LogRegex {
  private static final int MOST_TEXT = 4096;

  private final String text;
  private final String required;
  private volatile @Nullable Compiled compiled;

  private record Compiled(Pattern pattern, Map<String, Integer> groups) {}

  /** One that is known to be right. */
  LogRegex(String text) {
    this.text = text;
    this.required = RequiredText.of(text);
  }

  /** The expression of a value; null where it is wrong, which is a fault. */
  static @Nullable LogRegex read(Value value) {
    String text = value.string();
    if (text == null) {
      return null;
    }
    if (text.length() > MOST_TEXT) {
      value.fault("a regular expression longer than " + MOST_TEXT + " characters");
      return null;
    }
    try {
      RegexLimits.check(text);
      LogRegex regex = new LogRegex(text);
      regex.compiled();
      return regex;
    } catch (PatternSyntaxException e) {
      String part = e.getPattern();
      int at = Math.max(0, text.indexOf(part));
      value.fault(
          1,
          at + 1,
          "not a regular expression (RE2): "
              + e.getDescription()
              + (part.isEmpty() || part.equals(text) ? "" : " at \"" + part + "\""));
      return null;
    } catch (IllegalArgumentException e) {
      value.fault(String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** The match in a line; null where there is none. */
  @Nullable Matcher find(String line) {
    if (!required.isEmpty() && !line.contains(required)) {
      return null;
    }
    Matcher matcher = compiled().pattern.matcher(line);
    return matcher.find() ? matcher : null;
  }

  /** Names and numbers of the captured groups, sorted by name. */
  Map<String, Integer> groups() {
    return compiled().groups;
  }

  private Compiled compiled() {
    Compiled compiled = this.compiled;
    if (compiled == null) {
      Pattern pattern = Pattern.compile(text);
      compiled =
          new Compiled(pattern, Collections.unmodifiableMap(new TreeMap<>(pattern.namedGroups())));
      this.compiled = compiled;
    }
    return compiled;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LogRegex regex && regex.text.equals(text);
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
