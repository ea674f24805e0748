package vigie.collector.dispatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Position;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * A node of the route tree in Alertmanager's grammar, with what it inherits filled in. Source: the
 * route section of Alertmanager's configuration reference.
 *
 * @param id the matchers on the way from the root, unique in the tree; part of the group key
 * @param groupBy label names; null means by all labels ({@code group_by: ['...']})
 * @param groupWait null where the file gives none: then the receiver decides
 * @param groupInterval likewise
 * @param goesOn whether later siblings are asked although this one matched ({@code continue})
 * @param muteTimeIntervals names of the intervals within which nobody is told; not inherited
 * @param activeTimeIntervals names of those outside of which nobody is told; none means always; not
 *     inherited
 * @param position where it stands; null where no file names it
 */
public record Route(
    String id,
    String receiver,
    List<LabelMatcher> matchers,
    @Nullable Set<String> groupBy,
    @Nullable Duration groupWait,
    @Nullable Duration groupInterval,
    Duration repeatInterval,
    boolean goesOn,
    List<Route> routes,
    List<String> muteTimeIntervals,
    List<String> activeTimeIntervals,
    @Nullable Position position) {
  static final Duration REPEAT_INTERVAL = Duration.ofHours(4);

  public Route {
    matchers = List.copyOf(matchers);
    groupBy = groupBy == null ? null : Set.copyOf(groupBy);
    routes = List.copyOf(routes);
    muteTimeIntervals = List.copyOf(muteTimeIntervals);
    activeTimeIntervals = List.copyOf(activeTimeIntervals);
  }

  /** One that tells at any time. */
  Route(
      String id,
      String receiver,
      List<LabelMatcher> matchers,
      @Nullable Set<String> groupBy,
      @Nullable Duration groupWait,
      @Nullable Duration groupInterval,
      Duration repeatInterval,
      boolean goesOn,
      List<Route> routes) {
    this(
        id,
        receiver,
        matchers,
        groupBy,
        groupWait,
        groupInterval,
        repeatInterval,
        goesOn,
        routes,
        List.of(),
        List.of(),
        null);
  }

  /** A root that sends everything to one receiver. */
  static Route toAll(String receiver, Set<String> groupBy) {
    return new Route(
        "{}", receiver, List.of(), groupBy, null, null, REPEAT_INTERVAL, false, List.of());
  }

  Route with(List<Route> below) {
    return new Route(
        id,
        receiver,
        matchers,
        groupBy,
        groupWait,
        groupInterval,
        repeatInterval,
        goesOn,
        below,
        muteTimeIntervals,
        activeTimeIntervals,
        position);
  }

  /** The routes that take the alert, deepest first match; empty only where this one does not. */
  public List<Route> match(Labels labels) {
    for (LabelMatcher matcher : matchers) {
      if (!matcher.matches(labels)) {
        return List.of();
      }
    }
    List<Route> taken = new ArrayList<>();
    for (Route route : routes) {
      List<Route> within = route.match(labels);
      taken.addAll(within);
      if (!within.isEmpty() && !route.goesOn) {
        break;
      }
    }
    return taken.isEmpty() ? List.of(this) : taken;
  }

  /** This route and all below it, in the file's order. */
  public Stream<Route> all() {
    return Stream.concat(Stream.of(this), routes.stream().flatMap(Route::all));
  }

  /** The labels that an alert's group shares on this route. */
  public Labels groupLabels(Labels labels) {
    return groupBy == null ? labels : labels.only(groupBy);
  }

  /** Names the group that has these labels on this route, the same over restarts. */
  public String groupKey(Labels groupLabels) {
    return id + ":" + groupLabels;
  }

  /** Whether the key is of a group of this route, or of one with a longer id that begins alike. */
  boolean isKey(String groupKey) {
    return groupKey.startsWith(id + ":");
  }

  /** All receivers named here and below. */
  Set<String> receivers() {
    Set<String> names = new TreeSet<>(Set.of(receiver));
    routes.forEach(route -> names.addAll(route.receivers()));
    return names;
  }
}
