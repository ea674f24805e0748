package vigie.collector.rule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.SelectorUse;

/** Looks for rules that can be loaded and are of no use all the same. */
final class RuleLint {
  private final Map<String, String> routing;
  private final List<String> warnings = new ArrayList<>();
  private final Map<String, Rule> seen = new HashMap<>();

  /**
   * @param routing labels that routes go by, each with where that is said
   */
  RuleLint(Map<String, String> routing) {
    this.routing = Map.copyOf(routing);
  }

  /** What is odd, each with {@code file:line:column}. */
  List<String> look(List<RuleGroup> groups) {
    for (RuleGroup group : groups) {
      for (Rule rule : group.rules()) {
        duplicate(rule);
        impossible(rule);
        if (rule instanceof Rule.Alerting alert) {
          overBefore(alert);
          dropped(alert);
        }
      }
    }
    return List.copyOf(warnings);
  }

  private void duplicate(Rule rule) {
    String what = rule.identity() + (rule instanceof Rule.Alerting ? "\n" + rule.expr() : "");
    Rule before = seen.putIfAbsent(what, rule);
    if (before != null) {
      warn(rule, "the same as at " + before.position());
    }
  }

  private void impossible(Rule rule) {
    Set<String> why = new LinkedHashSet<>();
    if (Bounds.of(rule.expr(), why::add).never()) {
      String end = rule instanceof Rule.Alerting ? "can never fire: " : "never records anything: ";
      warn(rule, end + String.join("; ", why));
    }
  }

  /** An event is seen for as long as the range is wide; one event is over before a longer wait. */
  private void overBefore(Rule.Alerting alert) {
    for (SelectorUse selector : alert.expr().selectors()) {
      Duration range = Duration.ofMillis(selector.rangeMillis());
      boolean ofEvents =
          selector.matchers().stream()
              .anyMatch(
                  m -> m.name().equals(Labels.NAME) && m.value().equals("vigie_events_total"));
      if (ofEvents && !range.isZero() && alert.hold().compareTo(range) >= 0) {
        warn(
            alert,
            "for: "
                + Durations.format(alert.hold())
                + " outlasts the events, which are seen for "
                + Durations.format(range)
                + " each; leave for out or widen the range");
        return;
      }
    }
  }

  private void dropped(Rule.Alerting alert) {
    Set<String> kept = KeptLabels.of(alert.expr());
    if (kept == null) {
      return;
    }
    Set<String> dropped = KeptLabels.named(alert.expr());
    dropped.removeAll(kept);
    dropped.removeAll(alert.labels().keySet());
    routing.forEach(
        (label, where) -> {
          if (dropped.contains(label)) {
            warn(
                alert,
                "drops the label \""
                    + label
                    + "\", which "
                    + where
                    + " goes by: the expression reads it and keeps "
                    + (kept.isEmpty() ? "none" : "only " + String.join(", ", kept)));
          }
        });
  }

  private void warn(Rule rule, String what) {
    String kind = rule instanceof Rule.Alerting ? "alert " : "record ";
    warnings.add(rule.position() + ": warning: " + kind + rule.name() + " " + what);
  }

  /** The selectors of the rules, but for what the rules themselves record. */
  static Map<String, Rule> selectors(List<RuleGroup> groups) {
    Set<String> recorded = new TreeSet<>();
    for (RuleGroup group : groups) {
      for (Rule rule : group.rules()) {
        if (rule instanceof Rule.Recording) {
          recorded.add(rule.name());
        }
      }
    }
    Map<String, Rule> selectors = new HashMap<>();
    for (RuleGroup group : groups) {
      for (Rule rule : group.rules()) {
        for (SelectorUse use : rule.expr().selectors()) {
          if (!recorded.contains(String.valueOf(metric(use)))) {
            selectors.putIfAbsent(text(use), rule);
          }
        }
      }
    }
    return selectors;
  }

  private static @Nullable String metric(SelectorUse use) {
    for (LabelMatcher matcher : use.matchers()) {
      if (matcher.name().equals(Labels.NAME) && matcher.op() == LabelMatcher.Op.EQUAL) {
        return matcher.value();
      }
    }
    return null;
  }

  private static String text(SelectorUse use) {
    return "{"
        + String.join(",", use.matchers().stream().map(LabelMatcher::toString).toList())
        + "}";
  }
}
