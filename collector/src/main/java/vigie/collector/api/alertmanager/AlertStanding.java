package vigie.collector.api.alertmanager;

import java.util.List;
import vigie.collector.dispatch.AlertMark;

/**
 * What holds an alert back.
 *
 * @param silencedBy ids of silences
 * @param inhibitedBy fingerprints of alerts
 * @param mutedBy names of time intervals
 */
record AlertStanding(List<String> silencedBy, List<String> inhibitedBy, List<String> mutedBy) {
  private static final AlertStanding ACTIVE = new AlertStanding(List.of(), List.of(), List.of());

  static AlertStanding of(List<String> silencedBy, AlertMark mark) {
    return silencedBy.isEmpty() && !mark.isSuppressed()
        ? ACTIVE
        : new AlertStanding(silencedBy, mark.inhibitedBy(), mark.mutedBy());
  }

  boolean isSuppressed() {
    return !silencedBy.isEmpty() || !inhibitedBy.isEmpty() || !mutedBy.isEmpty();
  }
}
