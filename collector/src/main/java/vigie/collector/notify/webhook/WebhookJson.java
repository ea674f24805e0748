package vigie.collector.notify.webhook;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;

/**
 * A notification as Alertmanager's webhook receives it. Source: the webhook section of
 * Alertmanager's configuration reference, version 4 of the format.
 */
final class WebhookJson {
  /** What Go writes for a time that is none: the end of an alert that fires. */
  private static final String NO_TIME = "0001-01-01T00:00:00Z";

  private static final int FEW = 5;

  private WebhookJson() {}

  /**
   * @param receiver to which it is posted
   * @param externalUrl where people reach the collector; may be empty
   * @param listed the alerts that may be told, in order
   * @param most 0 for all
   * @param reduction 0 as asked for, 1 few alerts, 2 one alert without annotations
   */
  static ObjectNode of(
      Notification wanted,
      String receiver,
      String externalUrl,
      List<Alert> listed,
      int most,
      int reduction) {
    int room = reduction == 0 ? (most == 0 ? listed.size() : most) : reduction == 1 ? FEW : 1;
    List<Alert> shown = listed.subList(0, Math.min(room, listed.size()));
    boolean firing = wanted.firing() > 0;
    int resolved =
        listed.stream().anyMatch(a -> a.state() == AlertState.RESOLVED) ? wanted.resolved() : 0;
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("receiver", receiver).put("status", firing ? "firing" : "resolved");
    ArrayNode alerts = node.putArray("alerts");
    shown.forEach(alert -> alerts.add(alert(alert, reduction < 2)));
    node.set("groupLabels", labels(wanted.groupLabels()));
    node.set("commonLabels", labels(wanted.commonLabels()));
    node.set(
        "commonAnnotations", labels(reduction < 2 ? wanted.commonAnnotations() : Labels.EMPTY));
    return node.put("externalURL", externalUrl)
        .put("version", "4")
        .put("groupKey", wanted.groupKey())
        .put("truncatedAlerts", Math.max(0, wanted.firing() + resolved - shown.size()));
  }

  private static ObjectNode alert(Alert alert, boolean annotations) {
    Instant firedAt = alert.firedAt();
    Instant resolvedAt = alert.resolvedAt();
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("status", alert.state() == AlertState.RESOLVED ? "resolved" : "firing");
    node.set("labels", labels(alert.labels()));
    node.set("annotations", labels(annotations ? alert.annotations() : Labels.EMPTY));
    return node.put("startsAt", (firedAt == null ? alert.activeAt() : firedAt).toString())
        .put("endsAt", resolvedAt == null ? NO_TIME : resolvedAt.toString())
        .put("generatorURL", "")
        .put("fingerprint", alert.fingerprint());
  }

  private static ObjectNode labels(Labels labels) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < labels.size(); i++) {
      node.put(labels.name(i), labels.value(i));
    }
    return node;
  }
}
