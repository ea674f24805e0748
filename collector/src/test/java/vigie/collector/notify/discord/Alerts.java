package vigie.collector.notify.discord;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;

/** Alerts as rules make them. */
final class Alerts {
  static final Instant START = Instant.parse("2025-12-31T23:59:50Z");

  private Alerts() {}

  static Alert firing(String name, String node) {
    return firing(name, node, "127.0.0.1:13337", "it is down");
  }

  static Alert firing(String name, String node, String target, String summary) {
    Event down =
        event(node, START, "probe.down", "calculatrice is down", "connection refused", target);
    return new Alert(
        labels(name, node, target),
        Labels.of("summary", summary),
        AlertState.FIRING,
        START,
        START,
        null,
        START.plusMillis(40),
        0,
        "probe/" + name,
        List.of(down));
  }

  static Alert resolved(Alert alert) {
    Instant end = START.plusSeconds(750);
    Event up = event(alert.labels().get("node"), end, "probe.up", "calculatrice answers", "", "");
    return new Alert(
        alert.labels(),
        alert.annotations(),
        AlertState.RESOLVED,
        alert.activeAt(),
        alert.firedAt(),
        end,
        end.plusMillis(40),
        1,
        alert.rule(),
        List.of(up, alert.events().get(0)));
  }

  static Alert withSummary(Alert alert, String summary) {
    return new Alert(
        alert.labels(),
        Labels.of("summary", summary),
        alert.state(),
        alert.activeAt(),
        alert.firedAt(),
        alert.resolvedAt(),
        alert.knownAt(),
        alert.value(),
        alert.rule(),
        alert.events());
  }

  static Alert withSeverity(Alert alert, String severity) {
    return new Alert(
        alert.labels().with("severity", severity),
        alert.annotations(),
        alert.state(),
        alert.activeAt(),
        alert.firedAt(),
        alert.resolvedAt(),
        alert.knownAt(),
        alert.value(),
        alert.rule(),
        alert.events());
  }

  private static Labels labels(String name, String node, String target) {
    return Labels.of("alertname", name, "node", node, "target", target, "severity", "critical");
  }

  static Event event(
      String node, Instant at, String type, String text, String reason, String target) {
    return new Event(
        at,
        at.plusMillis(20),
        node,
        1,
        3,
        "vigie",
        type,
        Map.of("probe", "calculatrice", "reason", reason, "target", target),
        text,
        new Event.Origin("spool", at.getEpochSecond(), "boot"));
  }
}
