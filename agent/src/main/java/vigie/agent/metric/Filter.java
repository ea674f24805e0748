package vigie.agent.metric;

import com.google.re2j.Pattern;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which names are told: those that the one expression finds and the other does not. The expressions
 * are RE2's and found anywhere in the name, as node_exporter has it; {@link #anchored} ones fit the
 * whole name. Each name is judged once. One thread at a time.
 */
final class Filter {
  /** Accepts every name. */
  static final Filter ALL = new Filter(null, null);

  private static final int MAX = 10_000;

  private final @Nullable String include;
  private final @Nullable String exclude;
  private final Map<String, Boolean> verdicts = new HashMap<>();
  private @Nullable Pattern included;
  private @Nullable Pattern excluded;

  private Filter(@Nullable String include, @Nullable String exclude) {
    this.include = include;
    this.exclude = exclude;
  }

  /**
   * @param include null or empty: all names
   * @param exclude null or empty: none
   */
  static Filter of(@Nullable String include, @Nullable String exclude) {
    String in = include == null || include.isEmpty() ? null : include;
    String out = exclude == null || exclude.isEmpty() ? null : exclude;
    return in == null && out == null ? ALL : new Filter(in, out);
  }

  /** The same, but each expression must fit the whole name. */
  static Filter anchored(@Nullable String include, @Nullable String exclude) {
    return of(whole(include), whole(exclude));
  }

  private static @Nullable String whole(@Nullable String regex) {
    return regex == null || regex.isEmpty() ? null : "^(?:" + regex + ")$";
  }

  boolean accepts(String name) {
    if (this == ALL) {
      return true;
    }
    Boolean verdict = verdicts.get(name);
    if (verdict == null) {
      if (verdicts.size() >= MAX) {
        verdicts.clear();
      }
      verdict = judge(name);
      verdicts.put(name, verdict);
    }
    return verdict;
  }

  /** Compiled at the first name: most collectors find nothing to judge on most machines. */
  private boolean judge(String name) {
    if (include != null) {
      if (included == null) {
        included = Pattern.compile(include);
      }
      if (!included.matcher(name).find()) {
        return false;
      }
    }
    if (exclude != null) {
      if (excluded == null) {
        excluded = Pattern.compile(exclude);
      }
      return !excluded.matcher(name).find();
    }
    return true;
  }
}
