package vigie.collector.rule;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.SelectorUse;

/**
 * What the rules of a group read, known from their expressions. Says which of them a new sample of
 * a series can change: the alerts that select it, those that select what a rule of the group
 * records from it, and these rules. What is recorded for others waits for its turn, so that it has
 * no more samples than the interval gives it. Safe for all threads.
 */
final class RuleReads {
  private static final int MOST_KNOWN_SERIES = 10_000;

  private final List<Rule> rules;
  private final BitSet alerts = new BitSet();

  /** For each rule those that record what it selects, and what these select, and so on. */
  private final List<BitSet> sources = new ArrayList<>();

  /** The same series come again and again. */
  private final Map<Labels, BitSet> known = new ConcurrentHashMap<>();

  RuleReads(List<Rule> rules) {
    this.rules = List.copyOf(rules);
    for (int i = 0; i < rules.size(); i++) {
      alerts.set(i, rules.get(i) instanceof Rule.Alerting);
      BitSet from = new BitSet();
      for (int k = 0; k < i; k++) {
        if (rules.get(k) instanceof Rule.Recording recording && readsName(i, recording)) {
          from.set(k);
          from.or(sources.get(k));
        }
      }
      sources.add(from);
    }
  }

  /** All alerts and what is recorded for them. */
  BitSet alerts() {
    BitSet all = (BitSet) alerts.clone();
    alerts.stream().forEach(alert -> all.or(sources.get(alert)));
    return all;
  }

  /** Not to be changed by the caller. */
  BitSet changedBy(Labels series) {
    BitSet found = known.get(series);
    if (found == null) {
      if (known.size() >= MOST_KNOWN_SERIES) {
        known.clear();
      }
      found = find(series);
      known.put(series, found);
    }
    return found;
  }

  private BitSet find(Labels series) {
    BitSet changed = new BitSet();
    for (int i = 0; i < rules.size(); i++) {
      changed.set(i, selects(i, series) || sources.get(i).intersects(changed));
    }
    BitSet wanted = new BitSet();
    for (int i = 0; i < rules.size(); i++) {
      if (alerts.get(i) && changed.get(i)) {
        wanted.set(i);
        wanted.or(sources.get(i));
      }
    }
    wanted.and(changed);
    return wanted;
  }

  private boolean selects(int rule, Labels series) {
    for (SelectorUse selector : rules.get(rule).expr().selectors()) {
      if (selector.matchers().stream().allMatch(matcher -> matcher.matches(series))) {
        return true;
      }
    }
    return false;
  }

  private boolean readsName(int rule, Rule.Recording recording) {
    for (SelectorUse selector : rules.get(rule).expr().selectors()) {
      if (selector.matchers().stream().allMatch(matcher -> canTake(matcher, recording))) {
        return true;
      }
    }
    return false;
  }

  /** Only its name and its own labels are known. */
  private static boolean canTake(LabelMatcher matcher, Rule.Recording recording) {
    boolean isKnown = matcher.name().equals(Labels.NAME) || recording.labels().has(matcher.name());
    return !isKnown || matcher.matches(recording.labels().with(Labels.NAME, recording.name()));
  }
}
