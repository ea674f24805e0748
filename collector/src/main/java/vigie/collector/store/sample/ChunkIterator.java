package vigie.collector.store.sample;

import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.sample.SampleIterator;

/**
 * Walks over chunks in the order of their times, one unpacked at a time, and then over plain
 * samples behind them. None of the arrays that it is given may change but behind {@code tailCount}.
 */
final class ChunkIterator implements SampleIterator {
  private final Chunk[] chunks;
  private final long tailStart;
  private final int[] tailOffsets;
  private final double[] tailValues;
  private final @Nullable Histogram @Nullable [] tailHistograms;
  private final int tailCount;
  private final long from;
  private final long to;

  /** The chunk that is read; {@code chunks.length} is the plain samples, -1 none yet. */
  private int part = -1;

  private long start;
  private int[] offsets = new int[0];
  private double[] values = new double[0];
  private @Nullable Histogram @Nullable [] histograms;
  private int size;
  private int at = -1;

  /** Gives the samples from one time to the other, both included. */
  ChunkIterator(
      Chunk[] chunks,
      long tailStart,
      int[] tailOffsets,
      double[] tailValues,
      @Nullable Histogram @Nullable [] tailHistograms,
      int tailCount,
      long fromMillis,
      long toMillis) {
    this.chunks = chunks;
    this.tailStart = tailStart;
    this.tailOffsets = tailOffsets;
    this.tailValues = tailValues;
    this.tailHistograms = tailHistograms;
    this.tailCount = tailCount;
    this.from = fromMillis;
    this.to = fromMillis > toMillis ? fromMillis - 1 : toMillis;
  }

  @Override
  public boolean next() {
    if (part < 0) {
      return seek(from);
    }
    at++;
    if (at >= size && part < chunks.length) {
      open(part + 1);
      at = 0;
    }
    return isInside();
  }

  @Override
  public boolean seek(long timeMillis) {
    long time = Math.max(from, timeMillis);
    if (part < 0) {
      int first = 0;
      while (first < chunks.length && chunks[first].endMillis() < time) {
        first++;
      }
      open(first);
      at = 0;
    } else if (at < 0) {
      at = 0;
    }
    while (part < chunks.length && chunks[part].endMillis() < time) {
      open(part + 1);
      at = 0;
    }
    at = firstFrom(time);
    return isInside();
  }

  private boolean isInside() {
    if (at < size && start + offsets[at] <= to) {
      return true;
    }
    at = Math.min(at, size);
    return false;
  }

  @Override
  public boolean last(long timeMillis) {
    long time = Math.min(to, timeMillis);
    int wanted = chunks.length;
    if (tailCount == 0 || tailStart > time) {
      wanted--;
      while (wanted >= 0 && chunks[wanted].startMillis > time) {
        wanted--;
      }
    }
    if (wanted < 0 || wanted < part) {
      return false;
    }
    if (wanted > part) {
      open(wanted);
      at = 0;
    }
    int found = start + offsets[size - 1] <= time ? size - 1 : firstFrom(time + 1) - 1;
    if (found >= 0 && start + offsets[found] < from) {
      at = firstFrom(from) - 1;
      return false;
    }
    if (found < Math.min(at, size - 1)) {
      return false;
    }
    at = found;
    return true;
  }

  private void open(int wanted) {
    part = wanted;
    if (wanted == chunks.length) {
      start = tailStart;
      offsets = tailOffsets;
      values = tailValues;
      histograms = tailHistograms;
      size = tailCount;
      return;
    }
    Chunk chunk = chunks[wanted];
    if (offsets.length < chunk.count || offsets == tailOffsets) {
      offsets = new int[Math.max(HeadSeries.CHUNK, chunk.count)];
      values = new double[offsets.length];
    }
    histograms = chunk.unpack(offsets, values);
    start = chunk.startMillis;
    size = chunk.count;
  }

  /** The first sample from here on in this part that is not before the time. */
  private int firstFrom(long time) {
    int low = Math.max(at, 0);
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (start + offsets[middle] < time) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public long time() {
    return start + offsets[at];
  }

  @Override
  public double value() {
    return values[at];
  }

  @Override
  public @Nullable Histogram histogram() {
    return histograms == null ? null : histograms[at];
  }
}
