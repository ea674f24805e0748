package vigie.collector.outbox;

import java.util.List;
import java.util.Locale;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;

/** Writes to the alerts' history what was sent to whom, and when. Safe for all threads. */
public final class SentHistory {
  private final AlertHistory history;

  public SentHistory(AlertHistory history) {
    this.history = history;
  }

  /** For {@link Outbox#onSent}; does not block. */
  public void sent(Notification wanted, SentCard sent) {
    List<String> alerts = wanted.alerts().stream().map(Alert::fingerprint).toList();
    history.append(
        HistoryEntry.of(HistoryKind.SENT, sent.at(), alerts)
            .by(sent.receiver())
            .saying(words(sent))
            .about(sent.incident()));
  }

  private static String words(SentCard sent) {
    Message beside = sent.beside();
    String what =
        beside != null
            ? "message " + beside.kind().name().toLowerCase(Locale.ROOT)
            : sent.edited() ? "card edited" : "card posted";
    String state = sent.firing() + " firing, " + sent.resolved() + " over";
    return what + ": " + state + (sent.message().isEmpty() ? "" : ", id " + sent.message());
  }
}
