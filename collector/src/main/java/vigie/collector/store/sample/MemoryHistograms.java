package vigie.collector.store.sample;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/** The histograms of one series by their time, and since the first of them, where numbers stand. */
final class MemoryHistograms {
  private final NavigableMap<Long, Optional<Histogram>> byTime = new TreeMap<>();

  synchronized @Nullable Histogram get(long timeMillis) {
    Optional<Histogram> there = byTime.get(timeMillis);
    return there == null ? null : there.orElse(null);
  }

  synchronized void addNumber(long timeMillis) {
    byTime.put(timeMillis, Optional.empty());
    forgetBefore(timeMillis);
  }

  synchronized void add(long timeMillis, Histogram histogram) {
    boolean newest = byTime.isEmpty() || byTime.lastKey() < timeMillis;
    Map.Entry<Long, Optional<Histogram>> before = byTime.lowerEntry(timeMillis);
    // Between others nothing is said: what follows was compared with another one.
    Histogram previous = newest && before != null ? before.getValue().orElse(null) : null;
    byTime.put(timeMillis, Optional.of(histogram.after(previous)));
    forgetBefore(timeMillis);
  }

  /** The next one no longer follows on what was before it. */
  private void forgetBefore(long timeMillis) {
    Map.Entry<Long, Optional<Histogram>> next = byTime.higherEntry(timeMillis);
    if (next != null) {
      byTime.put(next.getKey(), next.getValue().map(h -> h.after(null)));
    }
  }
}
