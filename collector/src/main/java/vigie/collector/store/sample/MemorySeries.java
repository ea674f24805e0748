package vigie.collector.store.sample;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleIterator;

/**
 * One series: packed chunks of {@link #PACKED} samples, and the newest samples as plain arrays,
 * which is what rules read all the time. Guarded by its own lock; iterators read a snapshot, since
 * arrays are only added to behind what a snapshot has seen.
 */
final class MemorySeries {
  /** As many samples are packed at once; at least as many newer ones stay plain. */
  static final int PACKED = 120;

  /** What the plain samples take at most. */
  static final int MOST_PLAIN_BYTES = 2 * PACKED * (Integer.BYTES + Double.BYTES) + 32;

  private static final XorChunk[] NONE = new XorChunk[0];

  final Labels labels;
  private final LongAdder packedBytes;
  private XorChunk[] chunks = NONE;
  private long headStart;
  private int[] offsets = new int[8];
  private double[] values = new double[8];
  private int count;

  /** Set when the store has let go of it: an append must look for the series anew. */
  private boolean removed;

  /**
   * @param packedBytes what all series' packed chunks take
   */
  MemorySeries(Labels labels, LongAdder packedBytes) {
    this.labels = labels;
    this.packedBytes = packedBytes;
  }

  /** What became of a sample. */
  enum Outcome {
    APPENDED,
    OUT_OF_ORDER,
    REMOVED
  }

  /**
   * @param horizonMillis chunks that end before it may go
   * @param nowMillis samples after it are of a clock that was ahead and give way
   */
  synchronized Outcome append(long timeMillis, double value, long horizonMillis, long nowMillis) {
    if (removed) {
      return Outcome.REMOVED;
    }
    if (timeMillis <= newest() && timeMillis <= nowMillis && newest() > nowMillis) {
      forgetFrom(timeMillis);
    }
    if (count > 0) {
      if (timeMillis <= headStart + offsets[count - 1]) {
        return Outcome.OUT_OF_ORDER;
      }
      if (timeMillis - headStart > Integer.MAX_VALUE) {
        pack(count);
      } else if (count == 2 * PACKED) {
        pack(PACKED);
        dropBefore(horizonMillis);
      }
    }
    if (count == 0) {
      headStart = timeMillis;
    }
    if (count == offsets.length) {
      int capacity = Math.min(2 * PACKED, 2 * count);
      offsets = Arrays.copyOf(offsets, capacity);
      values = Arrays.copyOf(values, capacity);
    }
    offsets[count] = (int) (timeMillis - headStart);
    values[count] = value;
    count++;
    return Outcome.APPENDED;
  }

  /** Forgets the samples at and after the time. Iterators keep the arrays that they read. */
  private void forgetFrom(long timeMillis) {
    int kept = 0;
    while (kept < chunks.length && chunks[kept].endMillis < timeMillis) {
      kept++;
    }
    offsets = offsets.clone();
    values = values.clone();
    if (kept < chunks.length) {
      XorChunk split = chunks[kept];
      for (int i = kept; i < chunks.length; i++) {
        packedBytes.add(-chunks[i].sizeBytes());
      }
      chunks = Arrays.copyOf(chunks, kept);
      offsets = new int[Math.max(8, split.count)];
      values = new double[offsets.length];
      split.unpack(offsets, values);
      headStart = split.startMillis;
      count = split.count;
    }
    while (count > 0 && headStart + offsets[count - 1] >= timeMillis) {
      count--;
    }
  }

  /** Packs the oldest plain samples. The arrays are left to the iterators that read them. */
  private void pack(int packed) {
    XorChunk chunk = XorChunk.of(headStart, offsets, values, packed);
    XorChunk[] more = Arrays.copyOf(chunks, chunks.length + 1);
    more[chunks.length] = chunk;
    chunks = more;
    packedBytes.add(chunk.sizeBytes());
    int left = count - packed;
    int[] newOffsets = new int[Math.max(8, 2 * left)];
    double[] newValues = new double[newOffsets.length];
    for (int i = 0; i < left; i++) {
      newOffsets[i] = offsets[packed + i] - offsets[packed];
      newValues[i] = values[packed + i];
    }
    headStart += left > 0 ? offsets[packed] : 0;
    offsets = newOffsets;
    values = newValues;
    count = left;
  }

  private void dropBefore(long horizonMillis) {
    int gone = 0;
    while (gone < chunks.length && chunks[gone].endMillis < horizonMillis) {
      packedBytes.add(-chunks[gone++].sizeBytes());
    }
    if (gone > 0) {
      chunks = Arrays.copyOfRange(chunks, gone, chunks.length);
    }
  }

  /** Drops chunks before the time; if that leaves nothing newer, the series is removed: true. */
  synchronized boolean expire(long horizonMillis) {
    dropBefore(horizonMillis);
    if (!removed && newest() < horizonMillis) {
      removed = true;
      return true;
    }
    return false;
  }

  private long newest() {
    if (count > 0) {
      return headStart + offsets[count - 1];
    }
    return chunks.length > 0 ? chunks[chunks.length - 1].endMillis : Long.MIN_VALUE;
  }

  /** Whether there is a sample from one time to the other, both included. */
  boolean hasBetween(long fromMillis, long toMillis) {
    synchronized (this) {
      long newest = newest();
      if (newest <= toMillis) {
        return newest >= fromMillis;
      }
    }
    return iterator(fromMillis, toMillis).next();
  }

  /** The samples from one time to the other, both included, as they are now. */
  synchronized SampleIterator iterator(long fromMillis, long toMillis) {
    return new Samples(
        chunks, headStart, offsets, values, count, fromMillis, Math.max(fromMillis - 1, toMillis));
  }

  private static final class Samples implements SampleIterator {
    private final XorChunk[] chunks;
    private final long headStart;
    private final int[] headOffsets;
    private final double[] headValues;
    private final int headCount;
    private final long from;
    private final long to;

    /** The chunk that is read; {@code chunks.length} is the plain samples, -1 none yet. */
    private int part = -1;

    private long start;
    private int[] offsets = new int[0];
    private double[] values = new double[0];
    private int size;
    private int at = -1;

    Samples(
        XorChunk[] chunks,
        long headStart,
        int[] headOffsets,
        double[] headValues,
        int headCount,
        long from,
        long to) {
      this.chunks = chunks;
      this.headStart = headStart;
      this.headOffsets = headOffsets;
      this.headValues = headValues;
      this.headCount = headCount;
      this.from = from;
      this.to = to;
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
        while (first < chunks.length && chunks[first].endMillis < time) {
          first++;
        }
        open(first);
        at = 0;
      } else if (at < 0) {
        at = 0;
      }
      while (part < chunks.length && chunks[part].endMillis < time) {
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
      if (headCount == 0 || headStart > time) {
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
        start = headStart;
        offsets = headOffsets;
        values = headValues;
        size = headCount;
        return;
      }
      XorChunk chunk = chunks[wanted];
      if (offsets.length < chunk.count || offsets == headOffsets) {
        offsets = new int[Math.max(PACKED, chunk.count)];
        values = new double[offsets.length];
      }
      chunk.unpack(offsets, values);
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
  }
}
