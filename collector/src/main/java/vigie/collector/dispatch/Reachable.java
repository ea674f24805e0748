package vigie.collector.dispatch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.inhibit.InhibitRule;
import vigie.collector.label.LabelMatcher;

/**
 * What can be said of routes and inhibit rules without alerts: where alerts of which only some
 * labels are known may go, and what nothing ever reaches.
 */
public final class Reachable {
  private Reachable() {}

  private enum Fit {
    NO,
    PERHAPS,
    YES
  }

  /**
   * The routes that an alert may take, in the order in which they would be told.
   *
   * @param known some of its labels; of all others nothing is known
   * @return each with whether it is certain
   */
  public static Map<Route, Boolean> routes(Route root, Map<String, String> known) {
    Map<Route, Boolean> found = new LinkedHashMap<>();
    walk(root, known, true, found);
    return found;
  }

  private static void walk(
      Route route, Map<String, String> known, boolean certain, Map<Route, Boolean> found) {
    boolean mayStay = true;
    boolean mayGoOn = certain;
    for (Route below : route.routes()) {
      Fit fit = fit(below.matchers(), known);
      if (fit == Fit.NO) {
        continue;
      }
      walk(below, known, mayGoOn && fit == Fit.YES, found);
      if (fit == Fit.YES) {
        mayStay = false;
        if (!below.goesOn()) {
          return;
        }
      } else if (!below.goesOn()) {
        mayGoOn = false;
      }
    }
    if (mayStay) {
      boolean alone = route.routes().stream().allMatch(b -> fit(b.matchers(), known) == Fit.NO);
      found.put(route, certain && alone);
    }
  }

  private static Fit fit(List<LabelMatcher> matchers, Map<String, String> known) {
    Fit fit = Fit.YES;
    for (LabelMatcher matcher : matchers) {
      String value = known.get(matcher.name());
      if (value == null) {
        fit = Fit.PERHAPS;
      } else if (!matcher.matches(value)) {
        return Fit.NO;
      }
    }
    return fit;
  }

  /** Each route that no alert can ever reach, with the reason. */
  public static Map<Route, String> never(Route root) {
    Map<Route, String> all = new LinkedHashMap<>();
    never(root, List.of(), all);
    return all;
  }

  private static void never(Route route, List<LabelMatcher> above, Map<Route, String> all) {
    List<LabelMatcher> path = new ArrayList<>(above);
    path.addAll(route.matchers());
    String clash = clash(path);
    if (clash != null) {
      all.put(route, clash);
      return;
    }
    List<Route> before = new ArrayList<>();
    for (Route below : route.routes()) {
      Set<LabelMatcher> asked = new LinkedHashSet<>(below.matchers());
      asked.addAll(path);
      Route taker =
          before.stream()
              .filter(b -> !b.goesOn() && asked.containsAll(b.matchers()))
              .findFirst()
              .orElse(null);
      if (taker != null) {
        all.put(below, "the route " + place(taker) + " takes all of it before");
      } else {
        never(below, path, all);
        before.add(below);
      }
    }
  }

  /** Matchers of which no label value fits both; null where none are found. */
  private static @Nullable String clash(List<LabelMatcher> matchers) {
    Map<String, LabelMatcher> equal = new HashMap<>();
    for (LabelMatcher matcher : matchers) {
      if (matcher.op() == LabelMatcher.Op.EQUAL) {
        equal.putIfAbsent(matcher.name(), matcher);
      }
    }
    for (LabelMatcher matcher : matchers) {
      LabelMatcher fixed = equal.get(matcher.name());
      if (fixed != null && !matcher.matches(fixed.value())) {
        return fixed + " and " + matcher + " are never both true";
      }
    }
    return null;
  }

  /**
   * Why the rule can never inhibit anything; null where it can.
   *
   * @param alerts the labels that are known of each alert there may be
   */
  public static @Nullable String whyNever(InhibitRule rule, List<Map<String, String>> alerts) {
    String source = clash(rule.source());
    String target = clash(rule.target());
    if (source != null || target != null) {
      return source != null ? "its source: " + source : "its target: " + target;
    }
    for (String label : rule.equal()) {
      List<LabelMatcher> both = new ArrayList<>(rule.source());
      both.addAll(rule.target());
      both.removeIf(matcher -> !matcher.name().equals(label));
      String clash = clash(both);
      if (clash != null) {
        return "equal asks for one " + label + ", but " + clash;
      }
    }
    if (alerts.stream().noneMatch(known -> fit(rule.source(), known) != Fit.NO)) {
      return "no loaded rule makes an alert that fits its source";
    }
    return alerts.stream().noneMatch(known -> fit(rule.target(), known) != Fit.NO)
        ? "no loaded rule makes an alert that fits its target"
        : null;
  }

  /** A route as a person finds it. */
  public static String place(Route route) {
    return route.position() == null ? route.id() : route.id() + " (" + route.position() + ")";
  }
}
