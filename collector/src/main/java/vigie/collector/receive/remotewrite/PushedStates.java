package vigie.collector.receive.remotewrite;

import java.util.LinkedHashMap;
import java.util.Map;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;

/**
 * The newest values of the pushed series that tell whether something is up, to notice a change. All
 * other series wait for the rules' interval. Safe for all threads.
 */
final class PushedStates {
  private static final int MOST = 20_000;

  private final long freshMillis;

  private final Map<Labels, Newest> newest =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Labels, Newest> eldest) {
          return size() > MOST;
        }
      };

  private record Newest(long time, double value) {}

  /**
   * @param freshMillis how old a sample may be to count as a change: what was late waits for the
   *     interval
   */
  PushedStates(long freshMillis) {
    this.freshMillis = freshMillis;
  }

  static boolean isState(Labels labels) {
    String metric = labels.metricName();
    return metric.equals("probe_success") || metric.equals("up");
  }

  /** Takes the next sample; whether it says another thing than the one before it. */
  synchronized boolean changes(Labels labels, long time, double value, long now) {
    Newest before = newest.get(labels);
    if (before != null && time <= before.time()) {
      return false;
    }
    newest.put(labels, new Newest(time, value));
    return !Staleness.isStale(value)
        && now - time <= freshMillis
        && (before == null || before.value() != value);
  }
}
