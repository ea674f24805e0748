package vigie.collector.alert;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Stands between those who find out about alerts and the one who tells people: writes each
 * transition into the history, once. Safe for all threads.
 */
public final class Transitions implements AlertSink {
  private final AlertHistory history;
  private final AlertSink next;

  /** When each alert that fires began to, as the history has it; guarded by itself. */
  private final Map<String, Instant> firing;

  public Transitions(AlertHistory history, AlertSink next) {
    this.history = history;
    this.next = next;
    this.firing = new HashMap<>(history.firing());
  }

  @Override
  public void accept(List<Alert> changes) {
    synchronized (firing) {
      changes.forEach(this::note);
    }
    next.accept(changes);
  }

  /** What was told before a restart is told again, and is no news here. */
  private void note(Alert alert) {
    String fingerprint = alert.fingerprint();
    Instant since = alert.since().truncatedTo(ChronoUnit.MICROS);
    if (alert.state() == AlertState.FIRING) {
      Instant known = firing.get(fingerprint);
      if (known == null || since.isAfter(known)) {
        firing.put(fingerprint, since);
        if (alert.activeAt().isBefore(since)) {
          history.append(entry(HistoryKind.PENDING, alert.activeAt(), alert));
        }
        history.append(
            entry(HistoryKind.FIRING, since, alert).saying(alert.annotations().get("summary")));
      }
    } else if (alert.state() == AlertState.RESOLVED && firing.remove(fingerprint) != null) {
      history.append(entry(HistoryKind.RESOLVED, since, alert));
    }
  }

  private static HistoryEntry entry(HistoryKind kind, Instant at, Alert alert) {
    return HistoryEntry.of(kind, at, alert.fingerprint()).labelled(alert.labels());
  }
}
