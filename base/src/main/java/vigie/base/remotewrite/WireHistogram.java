package vigie.base.remotewrite;

import java.util.Arrays;

/**
 * A native histogram as it is sent, its counts absolute.
 *
 * <pre>
 * Histogram   1: count, whole    2: count, a double    3: sum    4: schema, signed
 *             5: zero threshold    6: zero count, whole    7: zero count, a double
 *             8: span of negative buckets    9: their counts, signed differences    10: their counts
 *             11: span of positive buckets    12: their counts, signed differences    13: their counts
 *             14: reset hint    15: timestamp    16: upper bounds of custom buckets
 * BucketSpan  1: offset, signed    2: length
 * </pre>
 *
 * Source: Prometheus's prompb/types.proto and writev2/types.proto, which are alike in this.
 */
public final class WireHistogram {
  /** What one side, or the list of bounds, may have. */
  private static final int MOST = 10_001;

  private long timestampMillis;
  private double count;
  private double sum;
  private int schema;
  private double zeroThreshold;
  private double zeroCount;
  private int resetHint;
  private final Side negative = new Side();
  private final Side positive = new Side();
  private final Doubles bounds = new Doubles();

  private WireHistogram() {}

  /** The buckets of one side. */
  public static final class Side {
    private final Doubles spans = new Doubles();
    private final Doubles counts = new Doubles();
    private long last;

    /** Offset and length in turn. */
    public int[] spans() {
      int[] all = new int[spans.size];
      for (int i = 0; i < all.length; i++) {
        all[i] = (int) spans.values[i];
      }
      return all;
    }

    public double[] counts() {
      return counts.all();
    }

    private void set(int[] offsetsAndLengths, double[] absolute) throws FormatException {
      for (int number : offsetsAndLengths) {
        spans.add(number);
      }
      for (double each : absolute) {
        counts.add(each);
      }
    }

    private void write(WriteRequest out, int spansField, int countsField) {
      for (int i = 0; i < spans.size; i += 2) {
        int offset = (int) spans.values[i];
        WriteRequest span = new WriteRequest();
        span.number(1, ((long) offset << 1 ^ offset >> 31) & 0xFFFFFFFFL);
        span.number(2, (long) spans.values[i + 1]);
        out.message(spansField, span);
      }
      out.reals(countsField, counts.values, counts.size);
    }

    private void span(Message message) throws FormatException {
      long offset = 0;
      long length = 0;
      for (int field = message.next(); field != 0; field = message.next()) {
        if (field == 1) {
          offset = (int) Message.signed(message.whole());
        } else if (field == 2) {
          length = message.whole();
        }
      }
      if (length < 0 || length > MOST) {
        throw new FormatException("a span of " + length + " buckets");
      }
      spans.add(offset);
      spans.add(length);
    }

    private void delta(long zigzag) throws FormatException {
      last += Message.signed(zigzag);
      counts.add(last);
    }
  }

  private static final class Doubles {
    private double[] values = new double[8];
    private int size;

    void add(double value) throws FormatException {
      if (size == 2 * MOST) {
        throw FormatException.tooLarge("a histogram of more than " + MOST + " buckets");
      }
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = value;
    }

    double[] all() {
      return Arrays.copyOf(values, size);
    }
  }

  /**
   * A histogram to be sent, its counts as doubles.
   *
   * @param resetHint see {@link #resetHint()}
   * @param negativeSpans offset and length in turn
   * @throws IllegalArgumentException if it has more buckets than may be
   */
  public static WireHistogram of(
      long timestampMillis,
      double count,
      double sum,
      int schema,
      double zeroThreshold,
      double zeroCount,
      int resetHint,
      int[] negativeSpans,
      double[] negativeCounts,
      int[] positiveSpans,
      double[] positiveCounts,
      double[] bounds) {
    WireHistogram made = new WireHistogram();
    made.timestampMillis = timestampMillis;
    made.count = count;
    made.sum = sum;
    made.schema = schema;
    made.zeroThreshold = zeroThreshold;
    made.zeroCount = zeroCount;
    made.resetHint = resetHint;
    try {
      made.negative.set(negativeSpans, negativeCounts);
      made.positive.set(positiveSpans, positiveCounts);
      for (double bound : bounds) {
        made.bounds.add(bound);
      }
    } catch (FormatException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    return made;
  }

  /** What stands in its message. */
  WriteRequest message() {
    WriteRequest out = new WriteRequest();
    out.real(2, count);
    out.real(3, sum);
    out.number(4, ((long) schema << 1 ^ schema >> 31) & 0xFFFFFFFFL);
    out.real(5, zeroThreshold);
    out.real(7, zeroCount);
    negative.write(out, 8, 10);
    positive.write(out, 11, 13);
    out.number(14, resetHint);
    out.number(15, timestampMillis);
    out.reals(16, bounds.values, bounds.size);
    return out;
  }

  static WireHistogram read(Message message) throws FormatException {
    WireHistogram read = new WireHistogram();
    for (int field = message.next(); field != 0; field = message.next()) {
      switch (field) {
        case 1 -> read.count = message.whole();
        case 2 -> read.count = message.real();
        case 3 -> read.sum = message.real();
        case 4 -> read.schema = (int) Message.signed(message.whole());
        case 5 -> read.zeroThreshold = message.real();
        case 6 -> read.zeroCount = message.whole();
        case 7 -> read.zeroCount = message.real();
        case 8 -> read.negative.span(message.message());
        case 9 -> message.numbers(read.negative::delta);
        case 10 -> message.reals(read.negative.counts::add);
        case 11 -> read.positive.span(message.message());
        case 12 -> message.numbers(read.positive::delta);
        case 13 -> message.reals(read.positive.counts::add);
        case 14 -> read.resetHint = (int) message.whole();
        case 15 -> read.timestampMillis = message.whole();
        case 16 -> message.reals(read.bounds::add);
        default -> {
          // of a later version
        }
      }
    }
    return read;
  }

  public long timestampMillis() {
    return timestampMillis;
  }

  public double count() {
    return count;
  }

  /** Its bits are kept: a stale marker here ends the series. */
  public double sum() {
    return sum;
  }

  public int schema() {
    return schema;
  }

  public double zeroThreshold() {
    return zeroThreshold;
  }

  public double zeroCount() {
    return zeroCount;
  }

  /** 0 unknown, 1 reset, 2 not reset, 3 a gauge. */
  public int resetHint() {
    return resetHint;
  }

  public Side negative() {
    return negative;
  }

  public Side positive() {
    return positive;
  }

  /** Of custom buckets. */
  public double[] bounds() {
    return bounds.all();
  }
}
