package vigie.collector.store.sample;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Samples of one series packed bit after bit, times first. Since all of them are known when it is
 * made, the values take the way that is smallest: most are constant or decimal numbers with few
 * digits, for the rest there is that of Facebook's Gorilla paper (section 4.1). Immutable.
 *
 * <pre>
 * kind     8 bits     low 4: 0 constant, 1 XOR, 2 decimal, 3 decimal by change of step; the others
 *                     are left for what is no float. Bit 4: the times are regular
 * times    (the first is {@link #startMillis})
 *          regular    varbits: the distance between any two
 *          else       varbits for each further: the change of the distance, which was zero
 * values   constant   64 bits
 *          XOR        64 bits, then for each further: 0 the same
 *                     10 + bits: what differs fits between the last zeros
 *                     11 + 5 bits leading zeros, 6 bits length - 1, then that many bits
 *          decimal    4 bits E, varbits: the first × 10^E, then for each further varbits:
 *                     the step from the one before, or the change of the step, which was zero
 *
 * varbits  0: zero; 10 + 3 bits; 110 + 6; 1110 + 10; 11110 + 15; 111110 + 22; 1111110 + 32;
 *          1111111 + 64; n bits hold from -2^(n-1)+1 to 2^(n-1)
 * </pre>
 */
final class Chunk {
  private static final int CONSTANT = 0;
  private static final int XOR = 1;
  private static final int STEP = 2;
  private static final int STEP_CHANGE = 3;
  private static final int REGULAR = 16;

  private static final int[] WIDTHS = {0, 3, 6, 10, 15, 22, 32, 64};
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
    int to = from + count;
    Writer out = new Writer(count);
    boolean regular = isRegular(offsets, from, to);
    long[] decimals = new long[count];
    int digits = decimals(values, from, to, decimals);
    int kind = kind(values, from, to, decimals, digits);
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
    int stepBits = 4 + size(decimals[0]);
    int changeBits = stepBits;
    long step = 0;
    for (int i = 1; i < decimals.length; i++) {
      long next = decimals[i] - decimals[i - 1];
      stepBits += size(next);
      changeBits += size(next - step);
      step = next;
    }
    if (xorBits < Math.min(stepBits, changeBits)) {
      return XOR;
    }
    return changeBits < stepBits ? STEP_CHANGE : STEP;
  }

  private static void xor(double[] values, int from, int to, Writer out) {
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
   * @throws IllegalStateException if the bytes are no such chunk
   */
  void unpack(int[] offsets, double[] values) {
    try {
      Reader in = new Reader(bytes, at, at + length);
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
        default -> throw new IllegalStateException("chunk of unknown kind " + kind);
      }
    } catch (IndexOutOfBoundsException e) {
      throw new IllegalStateException("chunk ends too early", e);
    }
  }

  private void unpackXor(Reader in, double[] values) {
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

  private void unpackDecimals(Reader in, double[] values, boolean byChange) {
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

  long endMillis() {
    return startMillis + span;
  }

  /** The samples from one time to the other, both included; null where there is none. */
  @Nullable Chunk between(long fromMillis, long toMillis) {
    if (fromMillis <= startMillis && endMillis() <= toMillis) {
      return this;
    }
    int[] offsets = new int[count];
    double[] values = new double[count];
    unpack(offsets, values);
    int from = 0;
    while (from < count && startMillis + offsets[from] < fromMillis) {
      from++;
    }
    int to = count;
    while (to > from && startMillis + offsets[to - 1] > toMillis) {
      to--;
    }
    return from == to ? null : of(startMillis, offsets, values, from, to - from);
  }

  /** Puts its {@link #length} bytes there. */
  void copyTo(byte[] into, int position) {
    System.arraycopy(bytes, at, into, position, length);
  }

  /** What it takes in memory, about. */
  int sizeBytes() {
    return length + 64;
  }

  private static int size(long value) {
    int way = way(value);
    return Math.min(way + 1, WIDTHS.length - 1) + WIDTHS[way];
  }

  private static int way(long value) {
    if (value == 0) {
      return 0;
    }
    for (int way = 1; way < WIDTHS.length - 1; way++) {
      long half = 1L << (WIDTHS[way] - 1);
      if (value > -half && value <= half) {
        return way;
      }
    }
    return WIDTHS.length - 1;
  }

  private static final class Writer {
    private byte[] bytes;
    private int bit;

    Writer(int samples) {
      bytes = new byte[32 + samples * 2];
    }

    void varbits(long value) {
      int way = way(value);
      int last = WIDTHS.length - 1;
      // As many ones as the way has, then a zero, which the last way does without.
      write(way == last ? (1L << last) - 1 : (1L << (way + 1)) - 2, Math.min(way + 1, last));
      if (way == last) {
        write(value, 64);
      } else if (way > 0) {
        write(value + (1L << (WIDTHS[way] - 1)) - 1, WIDTHS[way]);
      }
    }

    /** Appends the lowest bits of the value, the highest of them first. */
    void write(long value, int count) {
      if ((bit + count) / 8 + 1 > bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * bytes.length + 8);
      }
      int left = count;
      while (left > 0) {
        int free = 8 - (bit & 7);
        int now = Math.min(free, left);
        long piece = (value >>> (left - now)) & ((1L << now) - 1);
        bytes[bit >>> 3] |= (byte) (piece << (free - now));
        bit += now;
        left -= now;
      }
    }

    byte[] bytes() {
      return Arrays.copyOf(bytes, (bit + 7) / 8);
    }
  }

  private static final class Reader {
    private final byte[] bytes;
    private final int end;
    private int next;
    private long held;
    private int heldBits;

    Reader(byte[] bytes, int from, int end) {
      this.bytes = bytes;
      this.next = from;
      this.end = end;
    }

    long varbits() {
      int way = 0;
      while (way < WIDTHS.length - 1 && read(1) == 1) {
        way++;
      }
      if (way == 0) {
        return 0;
      }
      int width = WIDTHS[way];
      return width == 64 ? read(64) : read(width) - (1L << (width - 1)) + 1;
    }

    long read(int count) {
      if (count > 32) {
        return read(count - 32) << 32 | read(32);
      }
      while (heldBits < count) {
        if (next == end) {
          throw new IndexOutOfBoundsException();
        }
        held = held << 8 | (bytes[next++] & 0xff);
        heldBits += 8;
      }
      heldBits -= count;
      return held >>> heldBits & ((1L << count) - 1);
    }
  }
}
