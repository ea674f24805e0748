package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/** Joins the chunks of one series from several sources. */
final class Chunks {
  private Chunks() {}

  /**
   * Adds what a newer source has. Sources follow each other in time but where the clock was set
   * back: then what is newer counts from its first sample on.
   */
  static void append(List<Chunk> all, List<Chunk> newer) {
    if (!newer.isEmpty()) {
      cutFrom(all, newer.get(0).startMillis);
      all.addAll(newer);
    }
  }

  /** Leaves out the samples at and after a time. */
  static void cutFrom(List<Chunk> all, long timeMillis) {
    for (int i = all.size() - 1; i >= 0 && all.get(i).endMillis() >= timeMillis; i--) {
      Chunk last = all.remove(i);
      Chunk before =
          last.startMillis < timeMillis ? last.between(Long.MIN_VALUE, timeMillis - 1) : null;
      if (before != null) {
        all.add(before);
      }
    }
  }

  /** Makes one of neighbours that fit into one. */
  static void joinSmall(List<Chunk> all) {
    for (int i = all.size() - 2; i >= 0; i--) {
      Chunk one = all.get(i);
      Chunk next = all.get(i + 1);
      if (one.count + next.count <= HeadSeries.CHUNK
          && one.length + next.length <= HeadSeries.LONG
          && next.endMillis() - one.startMillis <= Integer.MAX_VALUE) {
        all.set(i, join(one, next));
        all.remove(i + 1);
      }
    }
  }

  private static Chunk join(Chunk one, Chunk next) {
    if (one.hasColumns()) {
      List<Chunk> first = one.columns();
      List<Chunk> second = next.columns();
      List<Chunk> columns = new ArrayList<>();
      for (int i = 0; i < first.size(); i++) {
        columns.add(join(first.get(i), second.get(i)));
      }
      return Chunk.ofColumns(columns);
    }
    int[] offsets = new int[one.count + next.count];
    double[] values = new double[offsets.length];
    int[] nextOffsets = new int[next.count];
    double[] nextValues = new double[next.count];
    @Nullable Histogram @Nullable [] first = one.unpack(offsets, values);
    @Nullable Histogram @Nullable [] second = next.unpack(nextOffsets, nextValues);
    @Nullable Histogram @Nullable [] histograms =
        joined(first, one.count, second, next.count, offsets.length);
    for (int k = 0; k < next.count; k++) {
      offsets[one.count + k] = (int) (next.startMillis - one.startMillis) + nextOffsets[k];
      values[one.count + k] = nextValues[k];
    }
    return Chunk.of(one.startMillis, offsets, values, histograms, 0, offsets.length);
  }

  /** Those of two runs of samples, in an array of that length; null where neither has any. */
  static @Nullable Histogram @Nullable [] joined(
      @Nullable Histogram @Nullable [] first,
      int firstCount,
      @Nullable Histogram @Nullable [] second,
      int secondCount,
      int length) {
    if (first == null && second == null) {
      return null;
    }
    @Nullable Histogram[] all = new @Nullable Histogram[length];
    if (first != null) {
      System.arraycopy(first, 0, all, 0, firstCount);
    }
    if (second != null) {
      System.arraycopy(second, 0, all, firstCount, secondCount);
    }
    return all;
  }
}
