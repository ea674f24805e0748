package vigie.collector.rule;

import java.time.Duration;
import java.util.List;

/**
 * Rules that are evaluated together, in order.
 *
 * @param file as it was named
 * @param interval between evaluations
 * @param limit most alerts or series that a rule may give, 0 for no limit
 * @param queryOffset how far back in time the expressions are evaluated
 */
public record RuleGroup(
    String name,
    String file,
    Duration interval,
    int limit,
    Duration queryOffset,
    List<Rule> rules) {
  public RuleGroup {
    rules = List.copyOf(rules);
  }

  /** Whether it is our own, {@link RuleFiles#drill}, and no operator's. */
  boolean isBuiltIn() {
    return name.equals("vigie-drill") && file.equals("drill.yml");
  }

  /** Unique among the groups of a configuration, and the same after a restart. */
  public String key() {
    return file + ";" + name;
  }
}
