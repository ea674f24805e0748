package vigie.collector.store.sample;

import java.util.List;

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
          && next.endMillis() - one.startMillis <= Integer.MAX_VALUE) {
        int[] offsets = new int[HeadSeries.CHUNK];
        double[] values = new double[HeadSeries.CHUNK];
        int[] nextOffsets = new int[next.count];
        double[] nextValues = new double[next.count];
        one.unpack(offsets, values);
        next.unpack(nextOffsets, nextValues);
        for (int k = 0; k < next.count; k++) {
          offsets[one.count + k] = (int) (next.startMillis - one.startMillis) + nextOffsets[k];
          values[one.count + k] = nextValues[k];
        }
        all.set(i, Chunk.of(one.startMillis, offsets, values, 0, one.count + next.count));
        all.remove(i + 1);
      }
    }
  }
}
