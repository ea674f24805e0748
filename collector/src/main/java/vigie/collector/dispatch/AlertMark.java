package vigie.collector.dispatch;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What stands beside one firing alert: why nobody is told of it, who takes care of it, that it
 * comes and goes.
 *
 * @param silenced the silences that hold it back now
 * @param inhibitedBy fingerprints of the alerts that hold it back: by {@code inhibit_rules}, or as
 *     the root cause; {@code node/NAME} for a node that was switched off on purpose
 * @param mutedBy names of the time intervals that hold its route back now
 * @param acknowledged null while nobody has
 * @param flapping null while it is steady
 * @param reach of an alert that tells of a silent node: whom of its neighbours it still answers;
 *     null where no neighbour looks
 */
public record AlertMark(
    List<Silenced> silenced,
    List<String> inhibitedBy,
    List<String> mutedBy,
    @Nullable Acked acknowledged,
    @Nullable Flapping flapping,
    @Nullable Reach reach) {
  public static final AlertMark NONE =
      new AlertMark(List.of(), List.of(), List.of(), null, null, null);

  public AlertMark {
    silenced = List.copyOf(silenced);
    inhibitedBy = List.copyOf(inhibitedBy);
    mutedBy = List.copyOf(mutedBy);
  }

  /** Whether nobody is to be told that it fires; in API v2's word {@code suppressed}. */
  public boolean isSuppressed() {
    return !silenced.isEmpty() || !inhibitedBy.isEmpty() || !mutedBy.isEmpty();
  }

  AlertMark mutedBy(List<String> intervals) {
    return intervals.isEmpty() && mutedBy.isEmpty()
        ? this
        : new AlertMark(silenced, inhibitedBy, intervals, acknowledged, flapping, reach);
  }

  /**
   * A silence that fits.
   *
   * @param by who made it
   * @param comment why, in that person's words
   */
  public record Silenced(String id, String by, Instant until, String comment) {}

  /** Somebody takes care of it. */
  public record Acked(String by, Instant at, String note) {}

  /**
   * It comes and goes; its incident stays open until it has been quiet for a while.
   *
   * @param times it has opened since {@code since}
   * @param firesNow whether it does at this moment
   */
  public record Flapping(int times, Instant since, boolean firesNow) {}

  /**
   * A silent node as its neighbours see it.
   *
   * @param node which it is
   * @param by neighbours that still reach it: then its link or its agent is gone, not the host
   * @param notBy neighbours that don't
   */
  public record Reach(String node, List<String> by, List<String> notBy) {
    public Reach {
      by = List.copyOf(by);
      notBy = List.copyOf(notBy);
    }

    /**
     * @param seen by each neighbour, whether it reaches the node; not empty
     */
    public static Reach of(String node, Map<String, Boolean> seen) {
      Map<Boolean, List<String>> names =
          seen.keySet().stream().sorted().collect(Collectors.partitioningBy(seen::get));
      return new Reach(
          node, names.getOrDefault(true, List.of()), names.getOrDefault(false, List.of()));
    }

    /** In words, such as "p2 and p3 still reach it: the link or the agent, not the host". */
    public String text() {
      return by.isEmpty()
          ? joined(notBy) + (notBy.size() == 1 ? " does" : " do") + " not reach it either: the host"
          : joined(by)
              + " still "
              + (by.size() == 1 ? "reaches" : "reach")
              + " it: the link or the agent, not the host";
    }

    private static String joined(List<String> names) {
      int last = names.size() - 1;
      return last < 1
          ? String.join("", names)
          : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    }
  }
}
