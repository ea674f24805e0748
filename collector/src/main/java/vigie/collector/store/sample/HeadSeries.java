package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/**
 * One series of the head: chunks, and the newest samples as plain arrays, which is what rules read
 * all the time. Guarded by its own lock; iterators read a snapshot, since arrays are only added to
 * behind what a snapshot has seen.
 */
final class HeadSeries {
  /** Samples of a full chunk. */
  static final int CHUNK = 120;

  /** As many plain samples are packed at once; at least as many newer ones stay plain. */
  private static final int STEP = 20;

  /** No chunk of histograms becomes longer by packing more into it. */
  static final int LONG = 32 << 10;

  private static final Chunk[] NONE = new Chunk[0];

  final Labels labels;
  private final Head head;

  /** Place in the head's postings; guarded by the head's lock. */
  int slot;

  /** How the log calls the series; 0 while the log does not know it. Guarded by this. */
  long id;

  private Chunk[] chunks = NONE;
  private long tailStart;
  private int[] offsets = new int[8];
  private double[] values = new double[8];

  /** Stand where values are {@link Chunk#HISTOGRAM}; as long as these, null until one comes. */
  private @Nullable Histogram @Nullable [] histograms;

  private int count;

  /** Set when the head has let go of it: an append must look for the series anew. */
  private boolean removed;

  HeadSeries(Labels labels, Head head) {
    this.labels = labels;
    this.head = head;
  }

  /**
   * @param nowMillis samples after it are of a clock that was ahead and give way
   * @return null where the head has let go of the series
   */
  synchronized @Nullable Outcome append(
      long timeMillis, double value, @Nullable Histogram histogram, boolean late, long nowMillis) {
    if (removed) {
      return null;
    }
    if (timeMillis < head.horizon()) {
      return Outcome.TOO_OLD;
    }
    long newest = newest();
    if (timeMillis > newest) {
      add(timeMillis, value, histogram);
      log(timeMillis, value, histogram);
      return Outcome.APPENDED;
    }
    if (timeMillis == newest && count > 0 && isSame(count - 1, value, histogram)) {
      return Outcome.SAME;
    }
    if (newest > nowMillis && timeMillis <= nowMillis) {
      forgetFrom(timeMillis);
      Wal wal = head.wal();
      if (wal != null) {
        wal.forget(this, timeMillis);
      }
      add(timeMillis, value, histogram);
      log(timeMillis, value, histogram);
      return Outcome.APPENDED;
    }
    if (!late) {
      return timeMillis == newest ? Outcome.CONFLICT : Outcome.OUT_OF_ORDER;
    }
    Outcome outcome = insert(timeMillis, value, histogram);
    if (outcome == Outcome.APPENDED) {
      log(timeMillis, value, histogram);
    }
    return outcome;
  }

  private void log(long timeMillis, double value, @Nullable Histogram histogram) {
    Wal wal = head.wal();
    if (wal == null) {
      return;
    }
    if (histogram == null) {
      wal.sample(this, timeMillis, value);
    } else {
      wal.histogram(this, timeMillis, histogram, alone(timeMillis, value, histogram));
    }
  }

  private static Chunk alone(long timeMillis, double value, @Nullable Histogram histogram) {
    return Chunk.of(
        timeMillis,
        new int[] {0},
        new double[] {value},
        histogram == null ? null : new @Nullable Histogram[] {histogram},
        0,
        1);
  }

  private boolean isSame(int place, double value, @Nullable Histogram histogram) {
    return isSame(values, histograms, place, value, histogram);
  }

  private static boolean isSame(
      double[] values,
      @Nullable Histogram @Nullable [] histograms,
      int place,
      double value,
      @Nullable Histogram histogram) {
    Histogram known = histograms == null ? null : histograms[place];
    return Double.doubleToRawLongBits(values[place]) == Double.doubleToRawLongBits(value)
        && Objects.equals(known, histogram);
  }

  private void add(long timeMillis, double value, @Nullable Histogram histogram) {
    if (count > 0) {
      if (timeMillis - tailStart > Integer.MAX_VALUE
          || (histogram != null && HistogramBits.sizeBytes(histogram) * count > 2 * LONG)) {
        pack(count);
      } else if (count == 2 * STEP) {
        pack(STEP);
      }
    }
    if (count == 0) {
      tailStart = timeMillis;
    }
    if (count == offsets.length) {
      int capacity = Math.min(2 * STEP, 2 * count);
      offsets = Arrays.copyOf(offsets, capacity);
      values = Arrays.copyOf(values, capacity);
      histograms = histograms == null ? null : Arrays.copyOf(histograms, capacity);
    }
    offsets[count] = (int) (timeMillis - tailStart);
    values[count] = value;
    if (histogram != null) {
      if (histograms == null) {
        histograms = new @Nullable Histogram[offsets.length];
      }
      histograms[count] = histogram.after(count > 0 ? histograms[count - 1] : null);
      head.packed(HistogramBits.sizeBytes(histogram));
    }
    count++;
  }

  /**
   * Packs the oldest plain samples, into the last chunk if they fit. The arrays are left to the
   * iterators that read them.
   */
  private void pack(int packed) {
    Chunk last = chunks.length == 0 ? null : chunks[chunks.length - 1];
    if (last != null
        && last.count + packed <= CHUNK
        && last.length <= LONG
        && tailStart + offsets[packed - 1] - last.startMillis <= Integer.MAX_VALUE) {
      int[] allOffsets = new int[CHUNK];
      double[] allValues = new double[CHUNK];
      @Nullable Histogram @Nullable [] known = last.unpack(allOffsets, allValues);
      for (int i = 0; i < packed; i++) {
        allOffsets[last.count + i] = (int) (tailStart + offsets[i] - last.startMillis);
      }
      System.arraycopy(values, 0, allValues, last.count, packed);
      @Nullable Histogram @Nullable [] all =
          Chunks.joined(known, last.count, histograms, packed, CHUNK);
      replace(
          chunks.length - 1,
          Chunk.of(last.startMillis, allOffsets, allValues, all, 0, last.count + packed));
    } else {
      insertChunk(chunks.length, Chunk.of(tailStart, offsets, values, histograms, 0, packed));
    }
    keepTail(packed);
  }

  /** Leaves out the first plain samples. */
  private void keepTail(int from) {
    int left = count - from;
    int[] newOffsets = new int[left == 0 ? 8 : Math.max(8, Math.min(2 * STEP, 2 * left))];
    double[] newValues = new double[newOffsets.length];
    for (int i = 0; i < left; i++) {
      newOffsets[i] = offsets[from + i] - offsets[from];
      newValues[i] = values[from + i];
    }
    uncount(0, from);
    if (histograms != null) {
      @Nullable Histogram[] kept = new @Nullable Histogram[newOffsets.length];
      System.arraycopy(histograms, from, kept, 0, left);
      histograms = Arrays.stream(kept).allMatch(Objects::isNull) ? null : kept;
    }
    tailStart += left > 0 ? offsets[from] : 0;
    offsets = newOffsets;
    values = newValues;
    count = left;
  }

  /** Plain histograms that are about to go no longer count. */
  private void uncount(int from, int to) {
    for (int i = from; histograms != null && i < to; i++) {
      Histogram histogram = histograms[i];
      head.packed(histogram == null ? 0 : -HistogramBits.sizeBytes(histogram));
    }
  }

  private void replace(int index, Chunk chunk) {
    Chunk[] changed = chunks.clone();
    head.packed(chunk.sizeBytes() - changed[index].sizeBytes());
    changed[index] = chunk;
    chunks = changed;
  }

  private void insertChunk(int index, Chunk chunk) {
    Chunk[] more = new Chunk[chunks.length + 1];
    System.arraycopy(chunks, 0, more, 0, index);
    more[index] = chunk;
    System.arraycopy(chunks, index, more, index + 1, chunks.length - index);
    chunks = more;
    head.packed(chunk.sizeBytes());
  }

  /** Puts a sample between others. */
  private Outcome insert(long timeMillis, double value, @Nullable Histogram histogram) {
    if (count > 0 && timeMillis >= tailStart) {
      if (count == 2 * STEP) {
        pack(STEP);
        return insert(timeMillis, value, histogram);
      }
      int place = place(offsets, count, (int) (timeMillis - tailStart));
      if (offsets[place] == timeMillis - tailStart) {
        return isSame(place, value, histogram) ? Outcome.SAME : Outcome.CONFLICT;
      }
      // New arrays: iterators read these.
      histograms = inserted(histograms, offsets.length, count, place, histogram);
      head.packed(histogram == null ? 0 : HistogramBits.sizeBytes(histogram));
      offsets = inserted(offsets, count, place, (int) (timeMillis - tailStart));
      values = inserted(values, count, place, value);
      count++;
      return Outcome.APPENDED;
    }
    int index = chunks.length - 1;
    while (index >= 0 && chunks[index].startMillis > timeMillis) {
      index--;
    }
    if (index < 0 || timeMillis - chunks[index].startMillis > Integer.MAX_VALUE) {
      Histogram stored = histogram == null ? null : histogram.after(null);
      insertChunk(index + 1, alone(timeMillis, value, stored));
      forgetBefore(index + 2);
      return Outcome.APPENDED;
    }
    Chunk chunk = chunks[index];
    int[] times = new int[chunk.count];
    double[] all = new double[chunk.count];
    @Nullable Histogram @Nullable [] known = chunk.unpack(times, all);
    int offset = (int) (timeMillis - chunk.startMillis);
    int place = place(times, chunk.count, offset);
    if (place < chunk.count && times[place] == offset) {
      return isSame(all, known, place, value, histogram) ? Outcome.SAME : Outcome.CONFLICT;
    }
    known = inserted(known, chunk.count, chunk.count, place, histogram);
    times = inserted(times, chunk.count, place, offset);
    all = inserted(all, chunk.count, place, value);
    int size = chunk.count + 1;
    int first = size > 2 * CHUNK || chunk.length > 2 * LONG ? size / 2 : size;
    replace(index, Chunk.of(chunk.startMillis, times, all, known, 0, first));
    if (first < size) {
      insertChunk(index + 1, Chunk.of(chunk.startMillis, times, all, known, first, size - first));
    }
    if (place == chunk.count) {
      forgetBefore(first < size ? index + 2 : index + 1);
    }
    return Outcome.APPENDED;
  }

  /** The first sample of a chunk, or of the plain ones, no longer follows on the one before. */
  private void forgetBefore(int index) {
    if (index < chunks.length) {
      Chunk chunk = chunks[index];
      int[] times = new int[chunk.count];
      double[] all = new double[chunk.count];
      @Nullable Histogram @Nullable [] known = chunk.unpack(times, all);
      Histogram first = known == null ? null : known[0];
      if (known != null && first != null) {
        known[0] = first.after(null);
        replace(index, Chunk.of(chunk.startMillis, times, all, known, 0, chunk.count));
      }
    } else if (count > 0 && histograms != null) {
      Histogram first = histograms[0];
      histograms = histograms.clone(); // iterators read the old one
      histograms[0] = first == null ? null : first.after(null);
    }
  }

  /** The first place whose offset is not lower. */
  private static int place(int[] offsets, int count, int offset) {
    int found = Arrays.binarySearch(offsets, 0, count, offset);
    return found < 0 ? -found - 1 : found;
  }

  private static int[] inserted(int[] array, int count, int place, int element) {
    int[] more = new int[Math.max(count + 1, array.length)];
    System.arraycopy(array, 0, more, 0, place);
    more[place] = element;
    System.arraycopy(array, place, more, place + 1, count - place);
    return more;
  }

  private static double[] inserted(double[] array, int count, int place, double element) {
    double[] more = new double[Math.max(count + 1, array.length)];
    System.arraycopy(array, 0, more, 0, place);
    more[place] = element;
    System.arraycopy(array, place, more, place + 1, count - place);
    return more;
  }

  /** With one more; it and the one behind say nothing of what was before them. */
  private static @Nullable Histogram @Nullable [] inserted(
      @Nullable Histogram @Nullable [] array,
      int length,
      int count,
      int place,
      @Nullable Histogram element) {
    if (array == null && element == null) {
      return null;
    }
    @Nullable Histogram[] more = new @Nullable Histogram[Math.max(count + 1, length)];
    more[place] = element == null ? null : element.after(null);
    if (array != null) {
      System.arraycopy(array, 0, more, 0, place);
      System.arraycopy(array, place, more, place + 1, count - place);
      Histogram next = place < count ? array[place] : null;
      if (next != null) {
        more[place + 1] = next.after(null);
      }
    }
    return more;
  }

  /** Forgets the samples at and after the time. */
  synchronized void forgetFrom(long timeMillis) {
    int tail = 0;
    while (tail < count && tailStart + offsets[tail] < timeMillis) {
      tail++;
    }
    // New arrays: what is appended next must not be seen by iterators of before.
    uncount(tail, count);
    offsets = Arrays.copyOf(offsets, Math.max(8, tail));
    values = Arrays.copyOf(values, offsets.length);
    if (histograms != null) {
      histograms = Arrays.copyOf(Arrays.copyOf(histograms, tail), offsets.length);
    }
    count = tail;
    List<Chunk> kept = new ArrayList<>();
    for (Chunk chunk : chunks) {
      head.packed(-chunk.sizeBytes());
      Chunk before =
          chunk.startMillis < timeMillis ? chunk.between(Long.MIN_VALUE, timeMillis - 1) : null;
      if (before != null) {
        head.packed(before.sizeBytes());
        kept.add(before);
      }
    }
    chunks = kept.toArray(NONE);
  }

  /** Forgets the samples before the time; true if none is left, and the series is removed then. */
  synchronized boolean truncate(long horizonMillis) {
    int gone = 0;
    while (gone < chunks.length && chunks[gone].endMillis() < horizonMillis) {
      head.packed(-chunks[gone++].sizeBytes());
    }
    if (gone > 0) {
      chunks = Arrays.copyOfRange(chunks, gone, chunks.length);
    }
    if (chunks.length > 0 && chunks[0].startMillis < horizonMillis) {
      Chunk after = chunks[0].between(horizonMillis, Long.MAX_VALUE);
      if (after == null) {
        throw new IllegalStateException("BUG: a chunk that ends behind " + horizonMillis);
      }
      replace(0, after);
    }
    int tail = 0;
    while (tail < count && tailStart + offsets[tail] < horizonMillis) {
      tail++;
    }
    if (tail > 0) {
      keepTail(tail);
    }
    removed |= count == 0 && chunks.length == 0;
    return removed;
  }

  synchronized long oldest() {
    if (chunks.length > 0) {
      return chunks[0].startMillis;
    }
    return count > 0 ? tailStart : Long.MAX_VALUE;
  }

  /** Whether its samples begin before the end and end behind the start; there may be a hole. */
  synchronized boolean spans(long fromMillis, long toMillis) {
    return newest() >= fromMillis && oldest() <= toMillis && oldest() <= newest();
  }

  private long newest() {
    if (count > 0) {
      return tailStart + offsets[count - 1];
    }
    return chunks.length > 0 ? chunks[chunks.length - 1].endMillis() : Long.MIN_VALUE;
  }

  /** The samples as they are now; null where none is from one time to the other. */
  @Nullable Snapshot snapshot(long fromMillis, long toMillis) {
    Snapshot snapshot;
    synchronized (this) {
      long newest = newest();
      if (newest < fromMillis) {
        return null;
      }
      snapshot =
          new Snapshot(
              labels, chunks, tailStart, offsets, values, histograms, count, fromMillis, toMillis);
      if (newest <= toMillis) {
        return newest == Long.MIN_VALUE ? null : snapshot;
      }
    }
    return snapshot.iterator().next() ? snapshot : null;
  }

  /** The samples before a time as chunks. */
  synchronized List<Chunk> chunksBefore(long endMillis) {
    List<Chunk> found = new ArrayList<>();
    for (Chunk chunk : chunks) {
      if (chunk.startMillis < endMillis) {
        Chunk before = chunk.between(Long.MIN_VALUE, endMillis - 1);
        if (before != null) {
          found.add(before);
        }
      }
    }
    int tail = 0;
    while (tail < count && tailStart + offsets[tail] < endMillis) {
      tail++;
    }
    if (tail > 0) {
      found.add(Chunk.of(tailStart, offsets, values, histograms, 0, tail));
    }
    return found;
  }

  /** Writes all there is to the log under a new id, so that nothing before it is needed. */
  synchronized void checkpoint(Wal wal) {
    if (!removed && histograms != null) {
      List<Chunk> all = new ArrayList<>(Arrays.asList(chunks));
      if (count > 0) {
        all.add(Chunk.of(tailStart, offsets, values, histograms, 0, count));
      }
      wal.series(this, all.toArray(NONE), 0, offsets, values, 0);
    } else if (!removed) {
      wal.series(this, chunks, tailStart, offsets, values, count);
    }
  }

  /** As {@link #checkpoint} wrote it; what was there before is gone. */
  synchronized void restore(
      Chunk[] oldChunks, long start, int[] times, double[] plain, int plainCount) {
    for (Chunk chunk : chunks) {
      head.packed(-chunk.sizeBytes());
    }
    for (Chunk chunk : oldChunks) {
      head.packed(chunk.sizeBytes());
    }
    uncount(0, count);
    histograms = null;
    chunks = oldChunks;
    tailStart = start;
    offsets = times;
    values = plain;
    count = plainCount;
  }

  /** What was there at a moment; nobody changes its arrays where it reads them. */
  record Snapshot(
      Labels labels,
      Chunk[] chunks,
      long tailStart,
      int[] offsets,
      double[] values,
      @Nullable Histogram @Nullable [] histograms,
      int count,
      long from,
      long to)
      implements Series {
    @Override
    public SampleIterator iterator() {
      return new ChunkIterator(chunks, tailStart, offsets, values, histograms, count, from, to);
    }

    /** The samples that are in chunks older than these, up to the first of these, and these. */
    SampleIterator after(List<Chunk> older) {
      List<Chunk> all = new ArrayList<>(older);
      Chunks.append(all, Arrays.asList(chunks));
      if (count > 0) {
        Chunks.cutFrom(all, tailStart);
      }
      return new ChunkIterator(
          all.toArray(NONE), tailStart, offsets, values, histograms, count, from, to);
    }
  }
}
