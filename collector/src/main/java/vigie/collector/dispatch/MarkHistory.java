package vigie.collector.dispatch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;

/** What the history says when what holds an alert back becomes another. */
public final class MarkHistory {
  private MarkHistory() {}

  /** The entries for the alert with that fingerprint; none where nothing worth telling changed. */
  public static List<HistoryEntry> between(
      String fingerprint, AlertMark before, AlertMark after, Instant now) {
    List<HistoryEntry> entries = new ArrayList<>();
    for (AlertMark.Silenced silence : after.silenced()) {
      if (before.silenced().stream().noneMatch(old -> old.id().equals(silence.id()))) {
        entries.add(
            HistoryEntry.of(HistoryKind.SILENCED, now, fingerprint)
                .by(silence.by())
                .saying("until " + silence.until() + ": " + silence.comment())
                .about(silence.id()));
      }
    }
    if (before.inhibitedBy().isEmpty() && !after.inhibitedBy().isEmpty()) {
      entries.add(
          HistoryEntry.of(HistoryKind.INHIBITED, now, fingerprint)
              .saying("by " + String.join(", ", after.inhibitedBy())));
    }
    if (before.mutedBy().isEmpty() && !after.mutedBy().isEmpty()) {
      entries.add(
          HistoryEntry.of(HistoryKind.MUTED, now, fingerprint)
              .saying("within " + String.join(", ", after.mutedBy())));
    }
    if (before.isSuppressed() && !after.isSuppressed()) {
      entries.add(HistoryEntry.of(HistoryKind.ACTIVE, now, fingerprint));
    }
    AlertMark.Flapping flapping = after.flapping();
    if (before.flapping() == null && flapping != null) {
      entries.add(
          HistoryEntry.of(HistoryKind.FLAPPING, now, fingerprint)
              .saying(flapping.times() + " times since " + flapping.since()));
    }
    return entries;
  }
}
