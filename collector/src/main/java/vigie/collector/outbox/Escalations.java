package vigie.collector.outbox;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import vigie.base.time.Clock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.AlertMark;
import vigie.collector.dispatch.Insistence;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.NotificationSink;

/**
 * Pings again for incidents that still fire and that nobody acknowledged, once for each step of
 * {@code escalate_after}. Steps count from when the incident became as bad as it is with what
 * nobody has taken on: that, too, pinged. Each step is a message with a name of its own, so that it
 * is told once, over restarts too; of several that are due at once only the last is. Safe for all
 * threads.
 */
public final class Escalations {
  private final NotificationSink sink;
  private final Predicate<Notification> acknowledged;
  private final Clock clock;
  private volatile Map<String, Insistence> insistences = Map.of();

  /**
   * @param acknowledged whether somebody took the whole incident
   */
  public Escalations(NotificationSink sink, Predicate<Notification> acknowledged, Clock clock) {
    this.sink = sink;
    this.acknowledged = acknowledged;
    this.clock = clock;
  }

  /** Takes new settings, by the receivers' names. */
  public void configure(Map<String, Insistence> next) {
    insistences = Map.copyOf(next);
  }

  /** Looks what is due; called every few seconds. */
  public void look() {
    Map<String, Insistence> now = insistences;
    if (now.values().stream().allMatch(how -> how.escalateAfter().isEmpty())) {
      return;
    }
    sink.open().forEach(open -> look(open, now.getOrDefault(open.receiver(), Insistence.NONE)));
  }

  private void look(Notification open, Insistence how) {
    List<Duration> steps = how.steps(open.severity());
    Instant now = clock.now();
    int due = 0;
    Instant begin = steps.isEmpty() ? now : begin(open);
    while (due < steps.size() && !begin.plus(steps.get(due)).isAfter(now)) {
      due++;
    }
    if (due > 0 && !acknowledged.test(open)) {
      sink.tell(
          new Message(
              open.incident(),
              "escalation-" + open.severity().word() + "-" + due,
              Message.Kind.ESCALATION,
              now,
              open.severity(),
              "",
              "",
              List.of()));
    }
  }

  private static Instant begin(Notification open) {
    List<Alert> firing = open.in(AlertState.FIRING);
    if (firing.size() < open.firing()) {
      // The oldest are not listed.
      return open.firstChange();
    }
    return firing.stream()
        .filter(alert -> Severity.of(alert) == open.severity())
        .filter(
            alert -> open.mark(alert).acknowledged() == null && !open.mark(alert).isSuppressed())
        .map(alert -> since(alert, open.mark(alert)))
        .min(Comparator.naturalOrder())
        .filter(begin -> begin.isAfter(open.firstChange()))
        .orElse(open.firstChange());
  }

  private static Instant since(Alert alert, AlertMark mark) {
    AlertMark.Flapping flapping = mark.flapping();
    return flapping == null ? alert.since() : flapping.since();
  }
}
