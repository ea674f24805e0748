package vigie.collector.alert;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What happened to alerts, kept for a while. Safe for all threads. */
public interface AlertHistory {
  /** Keeps nothing. */
  AlertHistory NONE =
      new AlertHistory() {
        @Override
        public CompletionStage<Void> append(HistoryEntry entry) {
          return CompletableFuture.completedStage(null);
        }

        @Override
        public List<HistoryEntry> of(String fingerprint, int most) {
          return List.of();
        }

        @Override
        public List<HistoryEntry> between(Instant from, Instant to, int most) {
          return List.of();
        }

        @Override
        public Map<String, Instant> firing() {
          return Map.of();
        }
      };

  /**
   * Adds an entry; returns at once, the disk comes later. Where too many wait for it, the entry is
   * dropped and counted.
   *
   * @return ends when the entry is durable, or with the reason why it never will be; may be ignored
   */
  CompletionStage<Void> append(HistoryEntry entry);

  /**
   * The last entries that name the alert, the oldest first. Reads the disk.
   *
   * @param most how many at most
   * @throws java.io.UncheckedIOException if the disk refuses
   */
  List<HistoryEntry> of(String fingerprint, int most);

  /**
   * The last entries of the time, both ends included, the oldest first. Reads the disk.
   *
   * @param most how many at most
   * @throws java.io.UncheckedIOException if the disk refuses
   */
  List<HistoryEntry> between(Instant from, Instant to, int most);

  /** The alerts whose last transition told was that they fire, with its time; for a start. */
  Map<String, Instant> firing();
}
