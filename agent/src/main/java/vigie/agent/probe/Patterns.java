package vigie.agent.probe;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.regex.RegexLimits;

/** Reads regular expressions (RE2) of the configuration. */
final class Patterns {
  private static final int MOST_TEXT = 4096;

  private Patterns() {}

  /** The expression under a key; null where it lacks or is wrong, which is a fault. */
  static @Nullable Pattern read(Section section, String key) {
    Value value = section.value(key);
    return value == null ? null : read(value, key);
  }

  /**
   * The expression of a value.
   *
   * @param key its name in messages
   */
  static @Nullable Pattern read(Value value, String key) {
    String text = value.string();
    if (text == null) {
      return null;
    }
    if (text.length() > MOST_TEXT) {
      value.fault(key + " is longer than " + MOST_TEXT + " characters");
      return null;
    }
    try {
      RegexLimits.check(text);
      return Pattern.compile(text);
    } catch (PatternSyntaxException e) {
      value.fault(
          key
              + " \""
              + text
              + "\" is not a regular expression (RE2): "
              + e.getDescription()
              + (e.getPattern().equals(text) ? "" : " at \"" + e.getPattern() + "\""));
      return null;
    } catch (IllegalArgumentException e) {
      value.fault(key + ": " + e.getMessage());
      return null;
    }
  }
}
