package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.List;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Staleness;

/**
 * Down-samples one series: for every so many milliseconds in which it has a sample, behind their
 * start up to their end, which is the time they get, these columns in this order:
 *
 * <pre>
 * min, max   as min_over_time and max_over_time have them
 * sum        of the values
 * count      of the values
 * last       the newest number
 * growth     how much a counter grew since the sample before these: what it fell by is no shrinking
 *            but a start from zero. The stale marker where that sample is not known
 * ended      1 where a stale marker is newer than that number, 0 elsewhere
 * </pre>
 *
 * Where all there is are stale markers, the others are one. Native histograms are left out.
 */
final class Rollup {
  private static final int COLUMNS = 7;
  private static final int LAST = 4;
  private static final int GROWTH = 5;
  private static final int ENDED = 6;

  private final long resolution;
  private final List<Chunk> chunks = new ArrayList<>();
  private final int[] offsets = new int[HeadSeries.CHUNK];
  private final double[][] columns = new double[COLUMNS][HeadSeries.CHUNK];
  private long start;
  private int size;

  /** The number before; NaN where there was none. */
  private double before = Double.NaN;

  // Of the samples at hand.
  private double min;
  private double max;
  private double sum;
  private long count;
  private double last;
  private double growth;
  private boolean isGrowthKnown;
  private boolean ended;

  private Rollup(long resolution) {
    this.resolution = resolution;
  }

  /**
   * The chunks of what is behind one time, up to another, both multiples of the resolution.
   *
   * @param samples may begin earlier, so that the growth of a counter is known
   */
  static List<Chunk> of(SampleIterator samples, long after, long until, long resolution) {
    Rollup rollup = new Rollup(resolution);
    long end = Long.MIN_VALUE;
    while (samples.next() && samples.time() <= until) {
      double value = samples.value();
      if (Double.isNaN(value) && samples.histogram() != null) {
        continue;
      }
      if (samples.time() <= after) {
        rollup.before = Double.isNaN(value) ? rollup.before : value;
        continue;
      }
      long now = -Math.floorDiv(-samples.time(), resolution) * resolution;
      if (now != end) {
        rollup.close(end);
        rollup.open();
        end = now;
      }
      rollup.add(value);
    }
    rollup.close(end);
    rollup.pack();
    return rollup.chunks;
  }

  private void open() {
    min = Staleness.MARKER;
    max = Staleness.MARKER;
    sum = 0;
    count = 0;
    growth = Staleness.MARKER;
    isGrowthKnown = !Double.isNaN(before);
  }

  private void add(double value) {
    ended = Staleness.isStale(value);
    if (ended) {
      return;
    }
    last = value;
    sum += value;
    min = count == 0 || Double.isNaN(min) || value < min ? value : min;
    max = count == 0 || Double.isNaN(max) || value > max ? value : max;
    count++;
    if (Double.isNaN(value)) {
      return;
    }
    if (!Double.isNaN(before)) {
      double step = value < before ? value : value - before;
      growth = Double.isNaN(growth) ? step : growth + step;
    }
    before = value;
  }

  private void close(long end) {
    if (end == Long.MIN_VALUE) {
      return;
    }
    if (size == HeadSeries.CHUNK || (size > 0 && end - start > Integer.MAX_VALUE)) {
      pack();
    }
    if (size == 0) {
      start = end;
    }
    offsets[size] = (int) (end - start);
    double[] all = {min, max, sum, count, last, isGrowthKnown ? growth : Staleness.MARKER};
    for (int i = 0; i < ENDED; i++) {
      columns[i][size] = count == 0 ? Staleness.MARKER : all[i];
    }
    columns[ENDED][size] = ended ? 1 : 0;
    size++;
  }

  private void pack() {
    if (size > 0) {
      List<Chunk> packed = new ArrayList<>(COLUMNS);
      for (double[] column : columns) {
        packed.add(Chunk.of(start, offsets, column, 0, size));
      }
      chunks.add(Chunk.ofColumns(packed));
      size = 0;
    }
  }

  /** The values of a column, as times and values one behind the other. */
  static final class Values {
    long[] times = new long[HeadSeries.CHUNK];
    double[] values = new double[HeadSeries.CHUNK];
    int size;

    /** Of a counter the newest number, to go on from. */
    double number = Double.NaN;

    private double total;

    /** Adds those from one time to the other. */
    void add(List<Chunk> chunks, Coarse.Column column, long from, long to) {
      for (Chunk chunk : chunks) {
        List<Chunk> parts = chunk.columns();
        int[] offsets = new int[chunk.count];
        double[][] unpacked = new double[parts.size()][];
        for (int i = 0; i < unpacked.length; i++) {
          if (isRead(column, i)) {
            unpacked[i] = new double[chunk.count];
            parts.get(i).unpack(offsets, unpacked[i]);
          }
        }
        for (int i = 0; i < chunk.count; i++) {
          long time = chunk.startMillis + offsets[i];
          if (time >= from && time <= to) {
            put(time, value(column, unpacked, i));
          }
        }
      }
    }

    private static boolean isRead(Coarse.Column column, int number) {
      return switch (column) {
        case INSTANT -> number == LAST || number == ENDED;
        case COUNTER -> number == LAST || number == GROWTH;
        default -> number == column.ordinal();
      };
    }

    private double value(Coarse.Column column, double[][] unpacked, int i) {
      return switch (column) {
        case INSTANT -> unpacked[ENDED][i] == 1 ? Staleness.MARKER : unpacked[LAST][i];
        case COUNTER -> counter(unpacked[LAST][i], unpacked[GROWTH][i]);
        default -> unpacked[column.ordinal()][i];
      };
    }

    private void put(long time, double value) {
      if (size == times.length) {
        times = java.util.Arrays.copyOf(times, 2 * size);
        values = java.util.Arrays.copyOf(values, 2 * size);
      }
      times[size] = time;
      values[size++] = value;
    }

    private double counter(double now, double growth) {
      if (Double.isNaN(now)) {
        return Staleness.MARKER;
      }
      if (Double.isNaN(number)) {
        total = now;
      } else if (Double.isNaN(growth)) {
        total += now < number ? now : now - number;
      } else {
        total += growth;
      }
      number = now;
      return total;
    }

    /** What a counter's next sample makes it. */
    double next(double value) {
      if (Double.isNaN(value)) {
        return value;
      }
      total += Double.isNaN(number) || value < number ? value : value - number;
      number = value;
      return total;
    }
  }
}
