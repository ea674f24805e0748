package vigie.collector.store.sample;

import java.time.Duration;
import java.util.List;

/**
 * How the sample store keeps house.
 *
 * @param retention how old samples may get
 * @param mostBytes what blocks and log may take on the disk; the oldest blocks go first
 * @param block what a block cut from memory spans
 * @param late how late samples may come at least; a block is cut so long after its end
 * @param maxSeries how many series there may be in memory; samples of more are dropped
 * @param memoryBytes what series and samples in memory may take, about; beyond it blocks are cut
 *     before their time
 * @param segmentBytes size of one segment of the log
 * @param coarse what down-sampled series are made, the coarsest first
 */
public record SampleStoreOptions(
    Duration retention,
    long mostBytes,
    Duration block,
    Duration late,
    int maxSeries,
    long memoryBytes,
    long segmentBytes,
    List<Resolution> coarse) {
  private static final int MOST_SERIES = 5_000_000;

  /**
   * A value for so much time, kept for so long; zero for not at all.
   *
   * @param every a divisor of the time that a block spans
   */
  public record Resolution(Duration every, Duration retention) {}

  public SampleStoreOptions {
    coarse = List.copyOf(coarse);
    if (block.toMillis() < 1000 || late.toMillis() < 0 || retention.compareTo(block) < 0) {
      throw new IllegalArgumentException(
          "block " + block + ", late " + late + " and retention " + retention + " do not fit");
    }
  }

  /** Nothing is down-sampled. */
  public SampleStoreOptions(
      Duration retention,
      long mostBytes,
      Duration block,
      Duration late,
      int maxSeries,
      long memoryBytes,
      long segmentBytes) {
    this(retention, mostBytes, block, late, maxSeries, memoryBytes, segmentBytes, List.of());
  }

  /** The same with down-sampled series. */
  public SampleStoreOptions withCoarse(List<Resolution> resolutions) {
    return new SampleStoreOptions(
        retention, mostBytes, block, late, maxSeries, memoryBytes, segmentBytes, resolutions);
  }

  /** Blocks of two hours, an hour late and some time for the way, half of the heap. */
  public static SampleStoreOptions keeping(Duration retention, long mostBytes) {
    long heap = Runtime.getRuntime().maxMemory();
    Duration block = Duration.ofHours(2);
    return new SampleStoreOptions(
        retention.compareTo(block) < 0 ? block : retention,
        mostBytes,
        block,
        Duration.ofMinutes(65),
        (int) Math.min(MOST_SERIES, heap / 3 / Head.SERIES_BYTES),
        heap / 2,
        16 << 20);
  }
}
