package vigie.collector.alert;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A history that a restart forgets. */
public final class MemoryHistory implements AlertHistory {
  private final List<HistoryEntry> all = new ArrayList<>();

  @Override
  public synchronized CompletionStage<Void> append(HistoryEntry entry) {
    all.add(entry);
    return CompletableFuture.completedStage(null);
  }

  /** Everything, in the order told. */
  public synchronized List<HistoryEntry> all() {
    return List.copyOf(all);
  }

  @Override
  public synchronized List<HistoryEntry> of(String fingerprint, int most) {
    return last(all.stream().filter(e -> e.alerts().contains(fingerprint)).toList(), most);
  }

  @Override
  public synchronized List<HistoryEntry> between(Instant from, Instant to, int most) {
    return last(
        all.stream().filter(e -> !e.at().isBefore(from) && !e.at().isAfter(to)).toList(), most);
  }

  private static List<HistoryEntry> last(List<HistoryEntry> entries, int most) {
    return entries.subList(Math.max(0, entries.size() - most), entries.size());
  }

  @Override
  public synchronized Map<String, Instant> firing() {
    Map<String, Instant> firing = new HashMap<>();
    for (HistoryEntry entry : all) {
      for (String fingerprint : entry.alerts()) {
        if (entry.kind() == HistoryKind.FIRING) {
          firing.put(fingerprint, entry.at());
        } else if (entry.kind() == HistoryKind.RESOLVED) {
          firing.remove(fingerprint);
        }
      }
    }
    return firing;
  }
}
