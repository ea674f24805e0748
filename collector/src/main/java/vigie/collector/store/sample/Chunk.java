package vigie.collector.store.sample;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/**
 * Samples of one series packed bit after bit, times first. Since all of them are known when it is
 * made, the values take the way that is smallest: most are constant or decimal numbers with few
 * digits, for the rest there is that of Facebook's Gorilla paper (section 4.1). Immutable.
 *
 * <pre>
 * kind     8 bits     low 4: 0 constant, 1 XOR, 2 decimal, 3 decimal by change of step, 4
 *                     histograms, among which numbers may be. Bit 4: the times are regular
 * times    (the first is {@link #startMillis})
 *          regular    varbits: the distance between any two
 *          else       varbits for each further: the change of the distance, which was zero
 * values   constant   64 bits
 *          XOR        64 bits, then for each further: 0 the same
 *                     10 + bits: what differs fits between the last zeros
 *                     11 + 5 bits leading zeros, 6 bits length - 1, then that many bits
 *          decimal    4 bits E, varbits: the first × 10^E, then for each further varbits:
 *                     the step from the one before, or the change of the step, which was zero
 *          histograms for each: 0 and 64 bits, a number; 1 and what {@link HistogramBits} draws
 * </pre>
 *
 * Varbits are drawn in {@link Bits}. Kind 5 holds several chunks with the same times, the columns
 * of a down-sampled series: for each varint length and its bytes.
 */
final class Chunk {
  private static final int CONSTANT = 0;
  private static final int XOR = 1;
  private static final int STEP = 2;
  private static final int STEP_CHANGE = 3;
  private static final int HISTOGRAMS = 4;
  private static final int COLUMNS = 5;
  private static final int REGULAR = 16;

  /** Stands among values where a histogram is. A number may have the same bits. */
  static final double HISTOGRAM = Double.longBitsToDouble(0x7ff8000000004e48L);

  private static final int MOST_DIGITS = 12;
  private static final double[] POWERS = new double[MOST_DIGITS + 1];

  /** Whole numbers up to this are exact. */
  private static final long EXACT = 1L << 53;

  static {
    for (int i = 0; i <= MOST_DIGITS; i++) {
      POWERS[i] = Double.parseDouble("1e" + i);
    }
  }

  final long startMillis;
  private final int span;
  final int count;
  private final byte[] bytes;
  private final int at;
  final int length;

  /** A chunk as {@link #copyTo} gave it; its bytes stand in an array that nobody changes. */
  Chunk(long startMillis, int span, int count, byte[] bytes, int at, int length) {
    this.startMillis = startMillis;
    this.span = span;
    this.count = count;
    this.bytes = bytes;
    this.at = at;
    this.length = length;
  }

  /**
   * Packs samples that stand one behind the other in the arrays.
   *
   * @param baseMillis what the offsets count from
   * @param from the first
   * @param count how many, at least one
   */
  static Chunk of(long baseMillis, int[] offsets, double[] values, int from, int count) {
    return of(baseMillis, offsets, values, null, from, count);
  }

  /**
   * As above.
   *
   * @param histograms stand where values are {@link #HISTOGRAM}; null where none is
   */
  static Chunk of(
      long baseMillis,
      int[] offsets,
      double[] values,
      @Nullable Histogram @Nullable [] histograms,
      int from,
      int count) {
    int to = from + count;
    Bits.Writer out = new Bits.Writer(count);
    boolean regular = isRegular(offsets, from, to);
    boolean mixed = histograms != null && isAny(histograms, from, to);
    long[] decimals = new long[count];
    int digits = mixed ? -1 : decimals(values, from, to, decimals);
    int kind = mixed ? HISTOGRAMS : kind(values, from, to, decimals, digits);
    out.write(kind | (regular ? REGULAR : 0), 8);
    if (regular) {
      out.varbits(count > 1 ? offsets[from + 1] - offsets[from] : 0);
    } else {
      int distance = 0;
      for (int i = from + 1; i < to; i++) {
        int next = offsets[i] - offsets[i - 1];
        out.varbits((long) next - distance);
        distance = next;
      }
    }
    switch (kind) {
      case CONSTANT -> out.write(Double.doubleToRawLongBits(values[from]), 64);
      case XOR -> xor(values, from, to, out);
      case HISTOGRAMS -> histograms(values, Objects.requireNonNull(histograms), from, to, out);
      default -> {
        out.write(digits, 4);
        out.varbits(decimals[0]);
        long step = 0;
        for (int i = 1; i < count; i++) {
          long next = decimals[i] - decimals[i - 1];
          out.varbits(next - step);
          step = kind == STEP_CHANGE ? next : 0;
        }
      }
    }
    byte[] packed = out.bytes();
    return new Chunk(
        baseMillis + offsets[from],
        offsets[to - 1] - offsets[from],
        count,
        packed,
        0,
        packed.length);
  }

  private static boolean isAny(@Nullable Histogram[] histograms, int from, int to) {
    for (int i = from; i < to; i++) {
      if (histograms[i] != null) {
        return true;
      }
    }
    return false;
  }

  private static void histograms(
      double[] values, @Nullable Histogram[] histograms, int from, int to, Bits.Writer out) {
    Histogram before = null;
    for (int i = from; i < to; i++) {
      Histogram histogram = histograms[i];
      out.write(histogram == null ? 0 : 1, 1);
      if (histogram == null) {
        out.write(Double.doubleToRawLongBits(values[i]), 64);
      } else {
        HistogramBits.write(histogram, before, out);
        before = histogram;
      }
    }
  }

  private static boolean isRegular(int[] offsets, int from, int to) {
    for (int i = from + 2; i < to; i++) {
      if (offsets[i] - offsets[i - 1] != offsets[i - 1] - offsets[i - 2]) {
        return false;
      }
    }
    return true;
  }

  /** The values as whole numbers, and after how many digits the point stands; -1 if they aren't. */
  private static int decimals(double[] values, int from, int to, long[] into) {
    int digits = 0;
    for (int i = from; i < to; i++) {
      while (!isDecimal(values[i], digits)) {
        if (++digits > MOST_DIGITS) {
          return -1;
        }
      }
    }
    for (int i = from; i < to; i++) {
      if (!isDecimal(values[i], digits)) {
        return -1; // too large with the digits that another needs
      }
      into[i - from] = (long) Math.rint(values[i] * POWERS[digits]);
    }
    return digits;
  }

  private static boolean isDecimal(double value, int digits) {
    double scaled = Math.rint(value * POWERS[digits]);
    // The bits, since -0.0 and NaNs must come back as they were.
    return Math.abs(scaled) < EXACT
        && Double.doubleToRawLongBits((long) scaled / POWERS[digits])
            == Double.doubleToRawLongBits(value);
  }

  private static int kind(double[] values, int from, int to, long[] decimals, int digits) {
    long first = Double.doubleToRawLongBits(values[from]);
    int xorBits = 64;
    int leading = -1;
    int trailing = 0;
    long before = first;
    boolean constant = true;
    for (int i = from + 1; i < to; i++) {
      long bits = Double.doubleToRawLongBits(values[i]);
      long differs = bits ^ before;
      before = bits;
      constant &= bits == first;
      if (differs == 0) {
        xorBits++;
        continue;
      }
      int nowLeading = Math.min(31, Long.numberOfLeadingZeros(differs));
      int nowTrailing = Long.numberOfTrailingZeros(differs);
      if (leading >= 0 && nowLeading >= leading && nowTrailing >= trailing) {
        xorBits += 2;
      } else {
        leading = nowLeading;
        trailing = nowTrailing;
        xorBits += 13;
      }
      xorBits += 64 - leading - trailing;
    }
    if (constant) {
      return CONSTANT;
    }
    if (digits < 0) {
      return XOR;
    }
    int stepBits = 4 + Bits.size(decimals[0]);
    int changeBits = stepBits;
    long step = 0;
    for (int i = 1; i < decimals.length; i++) {
      long next = decimals[i] - decimals[i - 1];
      stepBits += Bits.size(next);
      changeBits += Bits.size(next - step);
      step = next;
    }
    if (xorBits < Math.min(stepBits, changeBits)) {
      return XOR;
    }
    return changeBits < stepBits ? STEP_CHANGE : STEP;
  }

  private static void xor(double[] values, int from, int to, Bits.Writer out) {
    long before = Double.doubleToRawLongBits(values[from]);
    out.write(before, 64);
    int leading = -1;
    int trailing = 0;
    for (int i = from + 1; i < to; i++) {
      long value = Double.doubleToRawLongBits(values[i]);
      long differs = value ^ before;
      before = value;
      if (differs == 0) {
        out.write(0, 1);
        continue;
      }
      int nowLeading = Math.min(31, Long.numberOfLeadingZeros(differs));
      int nowTrailing = Long.numberOfTrailingZeros(differs);
      if (leading >= 0 && nowLeading >= leading && nowTrailing >= trailing) {
        out.write(0b10, 2);
      } else {
        leading = nowLeading;
        trailing = nowTrailing;
        out.write(0b11, 2);
        out.write(leading, 5);
        out.write(63 - leading - trailing, 6);
      }
      out.write(differs >>> trailing, 64 - leading - trailing);
    }
  }

  /**
   * Unpacks all samples; times as distances from {@link #startMillis}.
   *
   * @return the histograms among them; null where there is none
   * @throws IllegalStateException if the bytes are no such chunk
   */
  @Nullable Histogram @Nullable [] unpack(int[] offsets, double[] values) {
    try {
      Bits.Reader in = new Bits.Reader(bytes, at, at + length);
      int kind = (int) in.read(8);
      offsets[0] = 0;
      int distance = 0;
      if ((kind & REGULAR) != 0) {
        distance = (int) in.varbits();
        for (int i = 1; i < count; i++) {
          offsets[i] = i * distance;
        }
      } else {
        for (int i = 1; i < count; i++) {
          distance += (int) in.varbits();
          offsets[i] = offsets[i - 1] + distance;
        }
      }
      switch (kind & 15) {
        case CONSTANT -> Arrays.fill(values, 0, count, Double.longBitsToDouble(in.read(64)));
        case XOR -> unpackXor(in, values);
        case STEP, STEP_CHANGE -> unpackDecimals(in, values, (kind & 15) == STEP_CHANGE);
        case HISTOGRAMS -> {
          return unpackHistograms(in, values);
        }
        default -> throw new IllegalStateException("chunk of unknown kind " + kind);
      }
      return null;
    } catch (IndexOutOfBoundsException e) {
      throw new IllegalStateException("chunk ends too early", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException("chunk of no histograms: " + e.getMessage(), e);
    }
  }

  private @Nullable Histogram[] unpackHistograms(Bits.Reader in, double[] values) {
    @Nullable Histogram[] histograms = new @Nullable Histogram[count];
    Histogram before = null;
    for (int i = 0; i < count; i++) {
      if (in.read(1) == 0) {
        values[i] = Double.longBitsToDouble(in.read(64));
      } else {
        values[i] = HISTOGRAM;
        before = HistogramBits.read(before, in);
        histograms[i] = before;
      }
    }
    return histograms;
  }

  private void unpackXor(Bits.Reader in, double[] values) {
    long value = in.read(64);
    values[0] = Double.longBitsToDouble(value);
    int leading = 0;
    int size = 0;
    for (int i = 1; i < count; i++) {
      if (in.read(1) == 1) {
        if (in.read(1) == 1) {
          leading = (int) in.read(5);
          size = (int) in.read(6) + 1;
        }
        value ^= in.read(size) << (64 - leading - size);
      }
      values[i] = Double.longBitsToDouble(value);
    }
  }

  private void unpackDecimals(Bits.Reader in, double[] values, boolean byChange) {
    double power = POWERS[(int) in.read(4)];
    long decimal = in.varbits();
    values[0] = decimal / power;
    long step = 0;
    for (int i = 1; i < count; i++) {
      long next = in.varbits();
      step = byChange ? step + next : next;
      decimal += step;
      values[i] = decimal / power;
    }
  }

  /** Columns with the same times as one. */
  static Chunk ofColumns(List<Chunk> columns) {
    Buffer all = new Buffer(256);
    all.putByte(COLUMNS);
    for (Chunk column : columns) {
      all.putVarint(column.length);
      all.putChunk(column);
    }
    Chunk first = columns.get(0);
    byte[] bytes = Arrays.copyOf(all.bytes, all.length);
    return new Chunk(first.startMillis, first.span, first.count, bytes, 0, bytes.length);
  }

  boolean hasHistograms() {
    return length > 0 && (bytes[at] & 15) == HISTOGRAMS;
  }

  boolean hasColumns() {
    return length > 0 && bytes[at] == COLUMNS;
  }

  /**
   * The columns that it was made of.
   *
   * @throws IllegalStateException if the bytes are no such chunk
   */
  List<Chunk> columns() {
    List<Chunk> columns = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(bytes, at + 1, length - 1);
    while (in.hasRemaining()) {
      int size = Buffer.count(in);
      columns.add(new Chunk(startMillis, span, count, bytes, in.position(), size));
      in.position(in.position() + size);
    }
    return columns;
  }

  long endMillis() {
    return startMillis + span;
  }

  /** The samples from one time to the other, both included; null where there is none. */
  @Nullable Chunk between(long fromMillis, long toMillis) {
    if (fromMillis <= startMillis && endMillis() <= toMillis) {
      return this;
    }
    if (hasColumns()) {
      List<Chunk> parts = new ArrayList<>();
      for (Chunk column : columns()) {
        Chunk part = column.between(fromMillis, toMillis);
        if (part == null) {
          return null;
        }
        parts.add(part);
      }
      return ofColumns(parts);
    }
    int[] offsets = new int[count];
    double[] values = new double[count];
    @Nullable Histogram @Nullable [] histograms = unpack(offsets, values);
    int from = 0;
    while (from < count && startMillis + offsets[from] < fromMillis) {
      from++;
    }
    int to = count;
    while (to > from && startMillis + offsets[to - 1] > toMillis) {
      to--;
    }
    return from == to ? null : of(startMillis, offsets, values, histograms, from, to - from);
  }

  /** Puts its {@link #length} bytes there. */
  void copyTo(byte[] into, int position) {
    System.arraycopy(bytes, at, into, position, length);
  }

  /** What it takes in memory, about. */
  int sizeBytes() {
    return length + 64;
  }
}
