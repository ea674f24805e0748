package vigie.collector.dispatch;

import java.time.Instant;
import java.util.List;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.label.Labels;

/**
 * What shall be seen of one group of alerts: the wanted state of its card, not a message.
 *
 * @param incident from the group's first alert to its last resolution: one card. A group that fires
 *     again has a new one
 * @param groupKey the route and the group's labels, the same over restarts
 * @param receiver the receiver's name
 * @param groupLabels what the route groups by
 * @param commonLabels what all firing alerts share; all alerts once none fires
 * @param commonAnnotations likewise
 * @param alerts the firing ones first, then the resolved, the newest change first in each; at most
 *     {@link #MOST_ALERTS}, their events and texts cut
 * @param firing how many fire, listed or not
 * @param resolved how many have fired in this incident and no longer do, listed or not
 * @param firstChange when the incident began: when the first of its alerts was to be told, however
 *     long something had held that back
 * @param lastChange when the group last changed
 * @param notes what stands beside the alerts
 */
public record Notification(
    String incident,
    String groupKey,
    String receiver,
    Labels groupLabels,
    Labels commonLabels,
    Labels commonAnnotations,
    List<Alert> alerts,
    int firing,
    int resolved,
    Instant firstChange,
    Instant lastChange,
    Notes notes) {
  /** Alerts listed in full; of the others there is the number. */
  public static final int MOST_ALERTS = 20;

  public Notification {
    alerts = List.copyOf(alerts);
    if (alerts.isEmpty() || firing + resolved < alerts.size()) {
      throw new IllegalArgumentException(
          alerts.size() + " alerts listed of " + firing + " firing and " + resolved + " resolved");
    }
  }

  /** One with nothing beside its alerts. */
  public Notification(
      String incident,
      String groupKey,
      String receiver,
      Labels groupLabels,
      Labels commonLabels,
      Labels commonAnnotations,
      List<Alert> alerts,
      int firing,
      int resolved,
      Instant firstChange,
      Instant lastChange) {
    this(
        incident,
        groupKey,
        receiver,
        groupLabels,
        commonLabels,
        commonAnnotations,
        alerts,
        firing,
        resolved,
        firstChange,
        lastChange,
        Notes.NONE);
  }

  /** What stands beside one of its alerts. */
  public AlertMark mark(Alert alert) {
    return notes.mark(alert.fingerprint());
  }

  /** Whether it only tests the way: whoever shows it says so and pings nobody. */
  public boolean isDrill() {
    return commonLabels.has(Alert.DRILL);
  }

  /** Whether all listed alerts that fire are held back: nobody is to be paged for them now. */
  public boolean isSuppressed() {
    List<Alert> firing = in(AlertState.FIRING);
    return !firing.isEmpty() && firing.stream().allMatch(alert -> mark(alert).isSuppressed());
  }

  /** Whether the incident is over. */
  public boolean isResolved() {
    return firing == 0;
  }

  /** The worst of the listed alerts that fire; of all listed ones once none fires. */
  public Severity severity() {
    return Severity.worst(isResolved() ? alerts : in(AlertState.FIRING));
  }

  /** The listed alerts in that state, in order. */
  public List<Alert> in(AlertState state) {
    return alerts.stream().filter(alert -> alert.state() == state).toList();
  }
}
