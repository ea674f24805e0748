package vigie.collector.bot;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.HistoryEntry;

/** A history in a list. */
record Noting(List<HistoryEntry> entries) implements AlertHistory {
  @Override
  public CompletionStage<Void> append(HistoryEntry entry) {
    entries.add(entry);
    return CompletableFuture.completedStage(null);
  }

  @Override
  public List<HistoryEntry> of(String fingerprint, int most) {
    return entries;
  }

  @Override
  public List<HistoryEntry> between(Instant from, Instant to, int most) {
    return entries;
  }

  @Override
  public Map<String, Instant> firing() {
    return Map.of();
  }
}
