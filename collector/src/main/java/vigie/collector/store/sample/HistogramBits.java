package vigie.collector.store.sample;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;

/**
 * Native histograms packed one behind the other in a {@link Chunk}, each as what differs from the
 * one before; the first and any that is laid out otherwise with its layout:
 *
 * <pre>
 * layout   0: as the one before. 1: 8 bits schema, 64 bits zero threshold, varbits bounds, 64 bits
 *          each; for the positive and the negative side varbits spans, for each varbits offset,
 *          varbits length
 * hint     2 bits
 * numbers  zero bucket, count, sum, the buckets of both sides: each 0 the same as before (as 0
 *          behind a layout), 10 varbits the step between whole numbers, 11 64 bits
 * </pre>
 */
final class HistogramBits {
  private static final Histogram.Hint[] HINTS = Histogram.Hint.values();
  private static final double EXACT = 1L << 53;

  private HistogramBits() {}

  static void write(Histogram histogram, @Nullable Histogram before, Bits.Writer out) {
    Histogram known = before != null && isAlike(histogram, before) ? before : null;
    out.write(known == null ? 1 : 0, 1);
    if (known == null) {
      out.write(histogram.schema() & 0xff, 8);
      out.write(Double.doubleToRawLongBits(histogram.zeroThreshold()), 64);
      out.varbits(histogram.customBounds().length);
      for (double bound : histogram.customBounds()) {
        out.write(Double.doubleToRawLongBits(bound), 64);
      }
      writeSpans(histogram.positive(), out);
      writeSpans(histogram.negative(), out);
    }
    out.write(histogram.hint().ordinal(), 2);
    write(histogram.zeroCount(), known == null ? 0 : known.zeroCount(), out);
    write(histogram.count(), known == null ? 0 : known.count(), out);
    write(histogram.sum(), known == null ? 0 : known.sum(), out);
    write(histogram.positive(), known == null ? null : known.positive(), out);
    write(histogram.negative(), known == null ? null : known.negative(), out);
  }

  private static boolean isAlike(Histogram one, Histogram other) {
    return one.schema() == other.schema()
        && isSame(one.zeroThreshold(), other.zeroThreshold())
        && java.util.Arrays.equals(one.customBounds(), other.customBounds())
        && isAlike(one.positive(), other.positive())
        && isAlike(one.negative(), other.negative());
  }

  private static boolean isAlike(Buckets one, Buckets other) {
    for (int i = 0; i < Math.min(one.size(), other.size()); i++) {
      if (one.index(i) != other.index(i)) {
        return false;
      }
    }
    return one.size() == other.size();
  }

  private static boolean isSame(double one, double other) {
    return Double.doubleToRawLongBits(one) == Double.doubleToRawLongBits(other);
  }

  private static void writeSpans(Buckets buckets, Bits.Writer out) {
    List<Buckets.Span> spans = buckets.spans();
    out.varbits(spans.size());
    for (Buckets.Span span : spans) {
      out.varbits(span.offset());
      out.varbits(span.length());
    }
  }

  private static void write(Buckets buckets, @Nullable Buckets before, Bits.Writer out) {
    for (int i = 0; i < buckets.size(); i++) {
      write(buckets.count(i), before == null ? 0 : before.count(i), out);
    }
  }

  private static void write(double number, double before, Bits.Writer out) {
    if (isSame(number, before)) {
      out.write(0, 1);
    } else if (isWhole(number) && isWhole(before)) {
      out.write(0b10, 2);
      out.varbits((long) number - (long) before);
    } else {
      out.write(0b11, 2);
      out.write(Double.doubleToRawLongBits(number), 64);
    }
  }

  private static boolean isWhole(double number) {
    return Math.abs(number) < EXACT && isSame((long) number, number);
  }

  /**
   * @throws IllegalArgumentException if the bits are no histogram
   */
  static Histogram read(@Nullable Histogram before, Bits.Reader in) {
    int schema;
    double threshold;
    double[] bounds;
    Buckets positive;
    Buckets negative;
    Histogram known = null;
    if (in.read(1) == 1) {
      schema = (byte) in.read(8);
      threshold = Double.longBitsToDouble(in.read(64));
      bounds = new double[count(in, Histogram.MOST_BUCKETS)];
      for (int i = 0; i < bounds.length; i++) {
        bounds[i] = Double.longBitsToDouble(in.read(64));
      }
      positive = readSpans(in);
      negative = readSpans(in);
    } else if (before != null) {
      schema = before.schema();
      threshold = before.zeroThreshold();
      bounds = before.customBounds();
      positive = before.positive();
      negative = before.negative();
      known = before;
    } else {
      throw new IllegalArgumentException("as the one before, and there is none");
    }
    Histogram.Hint hint = HINTS[(int) in.read(2)];
    double zeroCount = read(known == null ? 0 : known.zeroCount(), in);
    double count = read(known == null ? 0 : known.count(), in);
    double sum = read(known == null ? 0 : known.sum(), in);
    positive = read(positive, in);
    negative = read(negative, in);
    return schema == Histogram.CUSTOM
        ? Histogram.custom(hint, count, sum, positive, bounds)
        : Histogram.exponential(schema, hint, threshold, zeroCount, count, sum, positive, negative);
  }

  /** Buckets in these spans, all 0. */
  private static Buckets readSpans(Bits.Reader in) {
    List<Buckets.Span> spans = new ArrayList<>();
    int all = 0;
    for (int left = count(in, Histogram.MOST_BUCKETS); left > 0; left--) {
      int offset = (int) in.varbits();
      int length = count(in, Histogram.MOST_BUCKETS - all);
      all += length;
      spans.add(new Buckets.Span(offset, length));
    }
    return Buckets.ofSpans(spans, new double[all]);
  }

  private static Buckets read(Buckets before, Bits.Reader in) {
    double[] counts = new double[before.size()];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = read(before.count(i), in);
    }
    return before.withCounts(counts);
  }

  private static double read(double before, Bits.Reader in) {
    if (in.read(1) == 0) {
      return before;
    }
    return in.read(1) == 0 ? (long) before + in.varbits() : Double.longBitsToDouble(in.read(64));
  }

  private static int count(Bits.Reader in, int most) {
    long count = in.varbits();
    if (count < 0 || count > most) {
      throw new IllegalArgumentException("a count of " + count);
    }
    return (int) count;
  }

  /** What it takes in memory, about. */
  static int sizeBytes(Histogram histogram) {
    return 160 + 12 * (histogram.positive().size() + histogram.negative().size());
  }
}
