package vigie.collector.store.event;

import java.time.Duration;

/**
 * How the event store keeps house.
 *
 * @param retention how long a day's file is kept after the day has ended
 * @param queueBytes what may wait for the disk before appends block
 * @param segmentBytes size of one segment of the receive log
 * @param reserveBytes room on the disk that the receive log leaves for moving events into SQLite;
 *     never more than a tenth of the disk
 */
public record EventStoreOptions(
    Duration retention, long queueBytes, long segmentBytes, long reserveBytes) {
  public static final EventStoreOptions DEFAULTS =
      new EventStoreOptions(Duration.ofDays(90), 16L << 20, 16 << 20, 64L << 20);

  public EventStoreOptions {
    if (retention.isNegative() || retention.isZero()) {
      throw new IllegalArgumentException("retention " + retention + " must be positive");
    }
  }

  /** The defaults with another retention. */
  public static EventStoreOptions keeping(Duration retention) {
    return new EventStoreOptions(
        retention, DEFAULTS.queueBytes, DEFAULTS.segmentBytes, DEFAULTS.reserveBytes);
  }
}
