package vigie.collector.dispatch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * When a route tells nobody: within each of some intervals, and outside of all of some others.
 *
 * @param mute by name
 * @param active by name; none means always
 */
record Muting(Map<String, List<TimeInterval>> mute, Map<String, List<TimeInterval>> active) {
  static final Muting NEVER = new Muting(Map.of(), Map.of());

  /** Those of a route, by the intervals that the configuration names. */
  static Muting of(Route route, Map<String, List<TimeInterval>> intervals) {
    return route.muteTimeIntervals().isEmpty() && route.activeTimeIntervals().isEmpty()
        ? NEVER
        : new Muting(
            named(route.muteTimeIntervals(), intervals),
            named(route.activeTimeIntervals(), intervals));
  }

  private static Map<String, List<TimeInterval>> named(
      List<String> names, Map<String, List<TimeInterval>> intervals) {
    Map<String, List<TimeInterval>> all = new LinkedHashMap<>();
    names.forEach(name -> all.put(name, intervals.getOrDefault(name, List.of())));
    return all;
  }

  boolean isEmpty() {
    return mute.isEmpty() && active.isEmpty();
  }

  /** The names of the intervals that mute now; empty for none. */
  List<String> at(Instant now) {
    if (isEmpty()) {
      return List.of();
    }
    List<String> muting = new ArrayList<>();
    mute.forEach(
        (name, intervals) -> {
          if (contains(intervals, now)) {
            muting.add(name);
          }
        });
    if (!active.isEmpty() && active.values().stream().noneMatch(each -> contains(each, now))) {
      muting.addAll(active.keySet());
    }
    return muting;
  }

  private static boolean contains(List<TimeInterval> intervals, Instant now) {
    return intervals.stream().anyMatch(interval -> interval.contains(now));
  }
}
