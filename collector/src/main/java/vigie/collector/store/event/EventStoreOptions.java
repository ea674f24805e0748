package vigie.collector.store.event;

import java.time.Duration;

/**
 * How the event store keeps house.
 *
 * @param retention how long the events of a day are kept after it has ended
 * @param mostBytes what the files of events may take on the disk; the oldest go first
 * @param queueBytes what may wait for the disk before appends block
 * @param segmentBytes size of one segment of the receive log
 * @param reserveBytes room on the disk that the receive log leaves for moving events into SQLite;
 *     never more than a tenth of the disk
 * @param logBytes how much of the receive log is kept when it is moved, to restore damaged files
 * @param partBytes a file of events that has grown over this is followed by another
 */
public record EventStoreOptions(
    Duration retention,
    long mostBytes,
    long queueBytes,
    long segmentBytes,
    long reserveBytes,
    long logBytes,
    long partBytes) {
  public static final EventStoreOptions DEFAULTS = keeping(Duration.ofDays(90), 10L << 30);

  public EventStoreOptions {
    if (retention.isNegative() || retention.isZero()) {
      throw new IllegalArgumentException("retention " + retention + " must be positive");
    }
  }

  /**
   * The defaults with these limits; up to a tenth of {@code mostBytes}, at most 256 MiB, is kept of
   * the receive log besides, and ten files or more make up the whole.
   */
  public static EventStoreOptions keeping(Duration retention, long mostBytes) {
    return new EventStoreOptions(
        retention,
        mostBytes,
        16L << 20,
        16 << 20,
        64L << 20,
        Math.min(mostBytes / 10, 256L << 20),
        Math.max(1 << 20, Math.min(mostBytes / 10, 1L << 30)));
  }
}
