package vigie.agent.probe;

import com.google.re2j.Matcher;
import org.jspecify.annotations.Nullable;

/**
 * Fills the groups of a match into a text, as Go's {@code Regexp.Expand} does: {@code $1}, {@code
 * ${1}}, {@code ${name}}; {@code $$} is a dollar; a name is as long as it can be; a group that is
 * not there is empty.
 */
final class Expansion {
  private Expansion() {}

  static String of(String template, Matcher match) {
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < template.length()) {
      int dollar = template.indexOf('$', at);
      if (dollar < 0) {
        break;
      }
      out.append(template, at, dollar);
      at = dollar + 1;
      if (at < template.length() && template.charAt(at) == '$') {
        out.append('$');
        at++;
        continue;
      }
      boolean braces = at < template.length() && template.charAt(at) == '{';
      int from = braces ? at + 1 : at;
      int to = from;
      while (to < template.length() && isWord(template.charAt(to))) {
        to++;
      }
      if (to == from || (braces && (to >= template.length() || template.charAt(to) != '}'))) {
        out.append('$'); // no name: it stands for itself
        continue;
      }
      String group = group(template.substring(from, to), match);
      out.append(group == null ? "" : group);
      at = braces ? to + 1 : to;
    }
    return out.append(template, Math.min(at, template.length()), template.length()).toString();
  }

  private static boolean isWord(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  private static @Nullable String group(String name, Matcher match) {
    if (name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int number = name.length() > 4 ? Integer.MAX_VALUE : Integer.parseInt(name);
      return number <= match.groupCount() ? match.group(number) : null;
    }
    return match.pattern().namedGroups().containsKey(name) ? match.group(name) : null;
  }
}
