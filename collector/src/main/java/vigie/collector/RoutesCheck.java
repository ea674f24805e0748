package vigie.collector;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import vigie.base.time.Durations;
import vigie.collector.dispatch.Dispatcher;
import vigie.collector.dispatch.Reachable;
import vigie.collector.dispatch.Receiver;
import vigie.collector.dispatch.Route;
import vigie.collector.dispatch.Routing;
import vigie.collector.inhibit.InhibitRule;
import vigie.collector.label.Labels;
import vigie.collector.rule.Rule;
import vigie.collector.rule.RuleGroup;

/** {@code collector check}: what routes do with the alerts of the loaded rules. */
final class RoutesCheck {
  private final Routing routing;
  private final List<Rule.Alerting> alerting = new ArrayList<>();

  RoutesCheck(Routing routing, List<RuleGroup> groups) {
    this.routing = routing;
    for (RuleGroup group : groups) {
      for (Rule rule : group.rules()) {
        if (rule instanceof Rule.Alerting alert) {
          alerting.add(alert);
        }
      }
    }
  }

  /** Where an alert with exactly these labels goes: the way through the tree, then what is done. */
  List<String> path(Labels labels) {
    List<String> lines = new ArrayList<>();
    way(routing.root(), labels, 0, lines);
    for (Route route : routing.root().match(labels)) {
      lines.add(route.receiver() + ": " + does(route));
    }
    for (InhibitRule rule : routing.inhibitRules()) {
      if (rule.target().stream().allMatch(matcher -> matcher.matches(labels))) {
        lines.add("told to nobody while " + condition(rule));
      }
    }
    return lines;
  }

  private static void way(Route route, Labels labels, int depth, List<String> lines) {
    String matchers =
        route.matchers().isEmpty()
            ? (depth == 0 ? "every alert" : "all that is left")
            : route.matchers().toString();
    lines.add(
        "  ".repeat(depth)
            + matchers
            + (route.position() == null ? "" : " (" + route.position() + ")")
            + (route.goesOn() ? ", continue" : ""));
    for (Route below : route.routes()) {
      if (below.matchers().stream().allMatch(matcher -> matcher.matches(labels))) {
        way(below, labels, depth + 1, lines);
        if (!below.goesOn()) {
          return;
        }
      }
    }
  }

  private static String condition(InhibitRule rule) {
    return "an alert with "
        + rule.source()
        + " fires"
        + (rule.equal().isEmpty() ? "" : ", with the same " + String.join(", ", rule.equal()))
        + (rule.position() == null ? "" : " (" + rule.position() + ")");
  }

  /** How a route's receiver is told. */
  private String does(Route route) {
    Set<String> groupBy = route.groupBy();
    Receiver receiver = routing.receivers().get(route.receiver());
    boolean edits = receiver == null || receiver.edits();
    Duration wait = Dispatcher.groupWait(route, edits);
    StringBuilder text = new StringBuilder();
    text.append(
        groupBy == null
            ? "each alert by itself"
            : groupBy.isEmpty()
                ? "all in one group"
                : "a group for each " + String.join(", ", new TreeSet<>(groupBy)));
    text.append(wait.isZero() ? ", told at once" : ", told after " + Durations.format(wait));
    text.append(
        edits
            ? " and edited in place"
            : ", changes after "
                + Durations.format(Dispatcher.groupInterval(route))
                + ", again after "
                + Durations.format(route.repeatInterval()));
    if (!route.muteTimeIntervals().isEmpty()) {
      text.append(", not within ").append(String.join(", ", route.muteTimeIntervals()));
    }
    if (!route.activeTimeIntervals().isEmpty()) {
      text.append(", only within ").append(String.join(", ", route.activeTimeIntervals()));
    }
    if (receiver != null && receiver.integrations().isEmpty()) {
      text.append("; the receiver has no integrations: nobody is told");
    }
    return text.toString();
  }

  /** For each loaded rule what its alerts would do; rules that do the same share a line. */
  List<String> rules() {
    Map<List<String>, List<String>> alike = new LinkedHashMap<>();
    for (Rule.Alerting rule : alerting) {
      List<String> does = new ArrayList<>();
      Reachable.routes(routing.root(), known(rule))
          .forEach(
              (route, certain) ->
                  does.add((certain ? "" : "perhaps ") + route.receiver() + ": " + does(route)));
      alike.computeIfAbsent(does, d -> new ArrayList<>()).add(rule.name());
    }
    List<String> lines = new ArrayList<>();
    alike.forEach(
        (does, names) -> {
          lines.add(String.join(", ", new LinkedHashSet<>(names)));
          does.forEach(each -> lines.add("  " + each));
        });
    return lines;
  }

  /** Routes that nothing reaches, receivers that nobody uses, inhibit rules without effect. */
  List<String> odd() {
    List<String> lines = new ArrayList<>();
    Map<Route, String> never = Reachable.never(routing.root());
    never.forEach(
        (route, why) ->
            lines.add("warning: nothing reaches the route " + Reachable.place(route) + ": " + why));
    Set<String> used = new TreeSet<>();
    routing.root().all().forEach(route -> used.add(route.receiver()));
    for (Receiver receiver : routing.receivers().values()) {
      String fallback = receiver.insistence().fallback();
      if (fallback != null) {
        used.add(fallback);
      }
    }
    for (String name : new TreeSet<>(routing.receivers().keySet())) {
      if (!used.contains(name)) {
        lines.add("warning: no route names the receiver \"" + name + "\"");
      }
    }
    if (alerting.isEmpty()) {
      return lines;
    }
    List<Map<String, String>> alerts = alerting.stream().map(RoutesCheck::known).toList();
    Set<String> reached = new TreeSet<>();
    alerts.forEach(
        known ->
            Reachable.routes(routing.root(), known).keySet().forEach(r -> reached.add(r.id())));
    routing
        .root()
        .all()
        .filter(r -> r.routes().isEmpty() && !reached.contains(r.id()) && !never.containsKey(r))
        .forEach(
            route ->
                lines.add(
                    "note: no alert of a loaded rule reaches the route " + Reachable.place(route)));
    for (InhibitRule rule : routing.inhibitRules()) {
      String why = Reachable.whyNever(rule, alerts);
      if (why != null) {
        lines.add(
            "warning: "
                + (rule.position() == null ? "an inhibit rule" : rule.position() + ": this rule")
                + " inhibits nothing: "
                + why);
      }
    }
    return lines;
  }

  /** What is known of each alert of the rule: its name and the labels that no template makes. */
  private static Map<String, String> known(Rule.Alerting rule) {
    Map<String, String> known = new LinkedHashMap<>(rule.fixedLabels().toMap());
    known.put("alertname", rule.name());
    return known;
  }
}
