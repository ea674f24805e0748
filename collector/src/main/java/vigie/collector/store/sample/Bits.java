package vigie.collector.store.sample;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bits one behind the other, the highest of each byte first, and whole numbers of varying size
 * (varbits):
 *
 * <pre>
 * 0: zero; 10 + 3 bits; 110 + 6; 1110 + 10; 11110 + 15; 111110 + 22; 1111110 + 32; 1111111 + 64;
 * n bits hold from -2^(n-1)+1 to 2^(n-1)
 * </pre>
 */
final class Bits {
  private static final int[] WIDTHS = {0, 3, 6, 10, 15, 22, 32, 64};

  private Bits() {}

  /** How many bits {@link Writer#varbits} takes. */
  static int size(long value) {
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

  /** Appends bits. */
  static final class Writer {
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

  /** Reads bits; its methods throw {@link IndexOutOfBoundsException} behind the end. */
  static final class Reader {
    private static final VarHandle LONGS =
        MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    private final int end;
    private int next;

    /** The next bits, from the highest on; those behind {@link #heldBits} are theirs or zero. */
    private long held;

    private int heldBits;

    Reader(byte[] bytes, int from, int end) {
      this.bytes = bytes;
      this.next = from;
      this.end = end;
    }

    long varbits() {
      fill();
      int way = Math.min(Long.numberOfLeadingZeros(~held), WIDTHS.length - 1);
      skip(Math.min(way + 1, WIDTHS.length - 1));
      if (way == 0) {
        return 0;
      }
      int width = WIDTHS[way];
      return width == 64 ? read(64) : read(width) - (1L << (width - 1)) + 1;
    }

    /**
     * @param count 1 to 64
     */
    long read(int count) {
      if (count > 32) {
        return read(count - 32) << 32 | read(32);
      }
      if (heldBits < count) {
        fill();
      }
      long value = held >>> (64 - count);
      skip(count);
      return value;
    }

    private void skip(int count) {
      if (heldBits < count) {
        throw new IndexOutOfBoundsException();
      }
      held <<= count;
      heldBits -= count;
    }

    /** Holds 56 bits or more, or all that are left. */
    private void fill() {
      if (end - next >= Long.BYTES) {
        // What of the last byte has no room is held too, and again by the next call.
        held |= (long) LONGS.get(bytes, next) >>> heldBits;
        next += (63 - heldBits) >>> 3;
        heldBits |= 56;
        return;
      }
      while (heldBits <= 56 && next < end) {
        held |= (bytes[next++] & 0xffL) << (56 - heldBits);
        heldBits += 8;
      }
    }
  }
}
