package vigie.collector.outbox;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;

/**
 * Makes an alert of each receiver that waits for a person: a webhook that is gone, a right that is
 * missing, a card that is refused in every form. It takes the routes as any alert does, and the
 * outbox brings it to others where it would wait itself. Safe for all threads.
 */
public final class ReceiverAlerts {
  /** Its {@code alertname}. */
  public static final String NAME = "VigieReceiverStuck";

  private final AlertSink sink;
  private final Clock clock;
  private final Map<String, Alert> active = new LinkedHashMap<>();

  /**
   * @param open the incidents that the outbox kept over the restart: what was stuck is so until a
   *     request went well
   */
  public ReceiverAlerts(AlertSink sink, Clock clock, Collection<Notification> open) {
    this.sink = sink;
    this.clock = clock;
    for (Notification incident : open) {
      for (Alert alert : incident.in(AlertState.FIRING)) {
        if (alert.name().equals(NAME)) {
          active.put(alert.labels().get("receiver"), alert);
        }
      }
    }
  }

  /** Those that fire now. */
  public synchronized List<Alert> active() {
    return List.copyOf(active.values());
  }

  /**
   * Fires and resolves what changed.
   *
   * @param reasons in words, by the names of all receivers that are stuck now
   */
  public void stuck(Map<String, String> reasons) {
    List<Alert> changes = new ArrayList<>();
    synchronized (this) {
      Instant now = clock.now();
      for (Alert alert : List.copyOf(active.values())) {
        if (!reasons.containsKey(alert.labels().get("receiver"))) {
          active.remove(alert.labels().get("receiver"));
          changes.add(alert(alert, AlertState.RESOLVED, now));
        }
      }
      reasons.forEach(
          (receiver, reason) -> {
            if (!active.containsKey(receiver)) {
              Alert alert = alert(receiver, reason, now);
              active.put(receiver, alert);
              changes.add(alert);
            }
          });
    }
    if (!changes.isEmpty()) {
      sink.accept(changes);
    }
  }

  private static Alert alert(String receiver, String reason, Instant now) {
    return new Alert(
        Labels.of("alertname", NAME, "receiver", receiver, "severity", "critical"),
        Labels.of(
            "summary",
            "Receiver " + receiver + " takes no cards until somebody acts",
            "description",
            reason),
        AlertState.FIRING,
        now,
        now,
        null,
        now,
        1,
        "",
        List.of());
  }

  private static Alert alert(Alert before, AlertState state, Instant now) {
    return new Alert(
        before.labels(),
        before.annotations(),
        state,
        before.activeAt(),
        before.firedAt(),
        now,
        now,
        before.value(),
        before.rule(),
        before.events());
  }
}
