package vigie.collector.store.state;

import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/** Which alerts a segment of the history names, and of what time. Guarded by {@link HistoryLog}. */
final class HistorySegment {
  /** Empty once it is sealed. */
  private Set<Long> growing = new HashSet<>();

  private long[] names = new long[0];
  private Instant oldest = Instant.MAX;
  private Instant newest = Instant.MIN;

  void add(Instant at) {
    oldest = at.isBefore(oldest) ? at : oldest;
    newest = at.isAfter(newest) ? at : newest;
  }

  void add(long fingerprint) {
    growing.add(fingerprint);
  }

  /** Nothing comes any more: an array takes a tenth of the set's memory. */
  void seal() {
    long[] all = new long[growing.size()];
    int at = 0;
    for (long each : growing) {
      all[at++] = each;
    }
    Arrays.sort(all);
    names = all;
    growing = Set.of();
  }

  boolean names(long fingerprint) {
    return growing.contains(fingerprint) || Arrays.binarySearch(names, fingerprint) >= 0;
  }

  boolean isWithin(Instant from, Instant to) {
    return !newest.isBefore(from) && !oldest.isAfter(to);
  }

  boolean isBefore(Instant time) {
    return newest.isBefore(time);
  }
}
