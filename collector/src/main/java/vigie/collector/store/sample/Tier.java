package vigie.collector.store.sample;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.collector.sample.Series;

/**
 * Down-sampled series of one resolution, in a folder of blocks of its own. They are made of what
 * has gone into blocks of samples, up to the last whole stretch of time, so that what has been made
 * can be told from the blocks alone. Where the clock was set back, what was made stays.
 */
final class Tier {
  private static final long MOST_AT_ONCE_MILLIS = Duration.ofDays(1).toMillis();

  final long resolutionMillis;
  final Duration retention;
  final Blocks blocks;

  /** Up to here there is nothing more to be made; a stretch of histograms alone gives no block. */
  private volatile long looked = Long.MIN_VALUE;

  /** Gives the series of blocks with samples from one time to the other, sorted by labels. */
  interface Source {
    List<? extends Series> select(long fromMillis, long toMillis);
  }

  private Tier(SampleStoreOptions.Resolution resolution, Blocks blocks) {
    this.resolutionMillis = resolution.every().toMillis();
    this.retention = resolution.retention();
    this.blocks = blocks;
  }

  static Tier open(
      Path folder,
      SampleStoreOptions.Resolution resolution,
      FileLayer files,
      Clock clock,
      long indexBytes)
      throws IOException {
    Path own = folder.resolve("blocks_" + Durations.format(resolution.every()));
    return new Tier(resolution, Blocks.open(own, files, clock, indexBytes));
  }

  /** From here on samples stand in values; the largest long where there is none. */
  long oldest() {
    List<Block> all = blocks.all();
    return all.isEmpty() ? Long.MAX_VALUE : all.get(0).from - resolutionMillis + 1;
  }

  /** The time of the newest value that there may be; the smallest long where there is none. */
  long newest() {
    return blocks.all().isEmpty() ? Long.MIN_VALUE : blocks.end() - 1;
  }

  /** Up to here all has been made that can be; the smallest long where nothing was. */
  long done() {
    return Math.max(looked, newest());
  }

  /** Makes what can be made of blocks of samples by now. */
  void advance(List<Block> samples, Source source) throws IOException {
    if (samples.isEmpty() || retention.isZero()) {
      return;
    }
    long done = done();
    if (done == Long.MIN_VALUE) {
      done = floor(samples.get(0).from - 1);
    }
    long ready = floor(samples.get(samples.size() - 1).end - 1);
    while (done < ready) {
      long after = done;
      long until =
          Math.min(ready, Math.max(done + resolutionMillis, floor(done + MOST_AT_ONCE_MILLIS)));
      blocks.write(
          after + resolutionMillis,
          until + 1,
          writer -> {
            for (Series series : source.select(after - resolutionMillis + 1, until)) {
              blocks.throwIfStopped();
              List<Chunk> chunks = Rollup.of(series.iterator(), after, until, resolutionMillis);
              if (!chunks.isEmpty()) {
                writer.add(series.labels(), chunks);
              }
            }
          });
      done = until;
      looked = until;
    }
  }

  private long floor(long millis) {
    return Math.floorDiv(millis, resolutionMillis) * resolutionMillis;
  }

  /** Merges and deletes blocks as far as that is due. */
  void keepHouse(long blockMillis, long horizonMillis, long mostBytes) throws IOException {
    long largest = Math.max(blockMillis, retention.toMillis() / 10);
    while (blocks.compact(blockMillis, largest)) {
      // until nothing is due
    }
    String key = "storage.samples_" + Durations.format(Duration.ofMillis(resolutionMillis));
    blocks.retain(horizonMillis, mostBytes, key);
    blocks.closeRetired();
  }
}
