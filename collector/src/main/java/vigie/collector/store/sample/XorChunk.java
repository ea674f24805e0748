package vigie.collector.store.sample;

import java.util.Arrays;

/**
 * Samples packed as in Facebook's Gorilla paper (section 4.1), bit after bit: the time as the
 * change of its distance, the value as what differs from the one before. Immutable.
 *
 * <pre>
 * first sample   value: 64 bits (its time is {@link #startMillis})
 * each further   time:  0                 the same distance as before
 *                       10 + 14 bits      a change from -8191 to 8192 ms
 *                       11 + 32 bits      any other
 *                value: 0                 the same
 *                       10 + bits         what differs fits between the last zeros
 *                       11 + 5 bits leading zeros, 6 bits length - 1, then that many bits
 * </pre>
 */
final class XorChunk {
  final long startMillis;
  final long endMillis;
  final int count;
  private final byte[] bits;

  private XorChunk(long startMillis, long endMillis, int count, byte[] bits) {
    this.startMillis = startMillis;
    this.endMillis = endMillis;
    this.count = count;
    this.bits = bits;
  }

  /** Packs the first samples; the first offset is 0. */
  static XorChunk of(long startMillis, int[] offsets, double[] values, int count) {
    Writer out = new Writer(count);
    long before = Double.doubleToRawLongBits(values[0]);
    out.write(before, 64);
    int distance = 0;
    int leading = -1;
    int trailing = 0;
    for (int i = 1; i < count; i++) {
      int next = offsets[i] - offsets[i - 1];
      int change = next - distance;
      distance = next;
      if (change == 0) {
        out.write(0, 1);
      } else if (change >= -8191 && change <= 8192) {
        out.write(0b10, 2);
        out.write(change + 8191, 14);
      } else {
        out.write(0b11, 2);
        out.write(change, 32);
      }
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
    return new XorChunk(startMillis, startMillis + offsets[count - 1], count, out.bytes());
  }

  /** Unpacks all samples; times as distances from {@link #startMillis}. */
  void unpack(int[] offsets, double[] values) {
    Reader in = new Reader(bits);
    long value = in.read(64);
    offsets[0] = 0;
    values[0] = Double.longBitsToDouble(value);
    int distance = 0;
    int leading = 0;
    int length = 0;
    for (int i = 1; i < count; i++) {
      if (in.read(1) == 1) {
        distance += in.read(1) == 0 ? (int) in.read(14) - 8191 : (int) in.read(32);
      }
      offsets[i] = offsets[i - 1] + distance;
      if (in.read(1) == 1) {
        if (in.read(1) == 1) {
          leading = (int) in.read(5);
          length = (int) in.read(6) + 1;
        }
        value ^= in.read(length) << (64 - leading - length);
      }
      values[i] = Double.longBitsToDouble(value);
    }
  }

  /** What it takes in memory, about. */
  int sizeBytes() {
    return bits.length + 72;
  }

  private static final class Writer {
    private byte[] bytes;
    private int bit;

    Writer(int samples) {
      bytes = new byte[16 + samples * 4];
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
    private int bit;

    Reader(byte[] bytes) {
      this.bytes = bytes;
    }

    long read(int count) {
      long value = 0;
      int left = count;
      while (left > 0) {
        int free = 8 - (bit & 7);
        int now = Math.min(free, left);
        int piece = ((bytes[bit >>> 3] & 0xff) >>> (free - now)) & ((1 << now) - 1);
        value = (value << now) | piece;
        bit += now;
        left -= now;
      }
      return value;
    }
  }
}
