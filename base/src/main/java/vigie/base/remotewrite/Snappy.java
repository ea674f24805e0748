package vigie.base.remotewrite;

import java.util.Arrays;

/**
 * Snappy's raw block format: the plain length as a varint, then literals and copies.
 *
 * <pre>
 * literal    (length-1) &lt;&lt; 2 | 0            up to 60 bytes
 *            (59+n) &lt;&lt; 2 | 0, n bytes       length-1, little-endian, n of 1 to 4
 * copy       offset>>8 &lt;&lt; 5 | (length-4) &lt;&lt; 2 | 1, offset    4 to 11 bytes, offset below 2 KiB
 *            (length-1) &lt;&lt; 2 | 2, offset as 2 bytes            1 to 64 bytes
 *            (length-1) &lt;&lt; 2 | 3, offset as 4 bytes            likewise; read, never written
 * </pre>
 *
 * Source: format_description.txt of google/snappy.
 */
public final class Snappy {
  private static final int BLOCK = 1 << 16;
  private static final int HASH_BITS = 12;
  private static final int SHORTEST = 4;
  private static final int LONGEST = 64;

  private Snappy() {}

  /** The first {@code length} bytes, packed. */
  public static byte[] compress(byte[] plain, int length) {
    Out out = new Out(32 + length + length / 6);
    out.varint(length);
    int[] table = new int[1 << HASH_BITS];
    for (int start = 0; start < length; start += BLOCK) {
      // Offsets are of two bytes, so each block stands for itself.
      Arrays.fill(table, -1);
      block(plain, start, Math.min(length, start + BLOCK), table, out);
    }
    return Arrays.copyOf(out.bytes, out.at);
  }

  private static void block(byte[] plain, int start, int end, int[] table, Out out) {
    int literal = start;
    int at = start;
    int missed = 0;
    while (at + SHORTEST <= end) {
      int word = word(plain, at);
      int slot = (word * 0x1e35a7bd) >>> (32 - HASH_BITS);
      int before = table[slot];
      table[slot] = at;
      if (before < 0 || word(plain, before) != word) {
        // What does not repeat is stepped over faster and faster.
        at += 1 + (missed++ >> 5);
        continue;
      }
      missed = 0;
      int length = SHORTEST;
      while (at + length < end && plain[before + length] == plain[at + length]) {
        length++;
      }
      out.literal(plain, literal, at);
      out.copy(at - before, length);
      at += length;
      literal = at;
    }
    out.literal(plain, literal, end);
  }

  /**
   * Unpacks.
   *
   * @param mostBytes of the plain text; nothing is allocated beyond it
   * @throws FormatException if it is larger, cut off or no snappy
   */
  public static byte[] decompress(byte[] packed, int mostBytes) throws FormatException {
    long length = 0;
    int at = 0;
    for (int shift = 0; ; shift += 7) {
      if (at == packed.length || shift > 28) {
        throw new FormatException("not snappy: it has no length");
      }
      int b = packed[at++];
      length |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        break;
      }
    }
    if (length > mostBytes) {
      throw FormatException.tooLarge(length + " bytes unpacked; " + mostBytes + " are allowed");
    }
    // A copy of 64 bytes takes 3: whatever claims to grow more than that is a lie.
    if (length > 64L * packed.length) {
      throw new FormatException("not snappy: " + packed.length + " bytes can't hold " + length);
    }
    byte[] plain = new byte[(int) length];
    int to = 0;
    while (at < packed.length) {
      int tag = packed[at++] & 0xff;
      if ((tag & 3) == 0) {
        int run = (tag >> 2) + 1;
        if (run > 60) {
          int bytes = run - 60;
          long more = number(packed, at, bytes) + 1;
          at += bytes;
          run = (int) Math.min(more, Integer.MAX_VALUE);
        }
        if (run > packed.length - at || run > plain.length - to) {
          throw new FormatException("not snappy: a literal runs over the end");
        }
        System.arraycopy(packed, at, plain, to, run);
        at += run;
        to += run;
        continue;
      }
      int run;
      long offset;
      if ((tag & 3) == 1) {
        run = (tag >> 2 & 7) + 4;
        offset = (tag >> 5) << 8 | number(packed, at, 1);
        at += 1;
      } else {
        int bytes = (tag & 3) == 2 ? 2 : 4;
        run = (tag >> 2) + 1;
        offset = number(packed, at, bytes);
        at += bytes;
      }
      if (offset == 0 || offset > to || run > plain.length - to) {
        throw new FormatException("not snappy: a copy points outside");
      }
      int from = to - (int) offset;
      if (offset >= run) {
        System.arraycopy(plain, from, plain, to, run);
        to += run;
      } else {
        // Byte by byte: the copy overlaps itself, to repeat what it makes.
        for (; run > 0; run--) {
          plain[to++] = plain[from++];
        }
      }
    }
    if (to != plain.length) {
      throw new FormatException("not snappy: " + to + " bytes instead of " + length);
    }
    return plain;
  }

  private static long number(byte[] from, int at, int bytes) throws FormatException {
    if (bytes > from.length - at) {
      throw new FormatException("not snappy: cut off");
    }
    long number = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      number = (number << 8) | (from[at + i] & 0xff);
    }
    return number;
  }

  private static int word(byte[] from, int at) {
    return (from[at] & 0xff)
        | ((from[at + 1] & 0xff) << 8)
        | ((from[at + 2] & 0xff) << 16)
        | (from[at + 3] & 0xff) << 24;
  }

  /** Large enough from the start: incompressible bytes grow by less than a sixth. */
  private static final class Out {
    private final byte[] bytes;
    private int at;

    Out(int size) {
      bytes = new byte[size];
    }

    void varint(int value) {
      int left = value;
      while (left >= 0x80) {
        bytes[at++] = (byte) (left | 0x80);
        left >>>= 7;
      }
      bytes[at++] = (byte) left;
    }

    void literal(byte[] from, int start, int end) {
      int length = end - start;
      if (length == 0) {
        return;
      }
      if (length <= 60) {
        bytes[at++] = (byte) ((length - 1) << 2);
      } else if (length <= 256) {
        bytes[at++] = (byte) (60 << 2);
        bytes[at++] = (byte) (length - 1);
      } else {
        bytes[at++] = (byte) (61 << 2);
        bytes[at++] = (byte) (length - 1);
        bytes[at++] = (byte) ((length - 1) >> 8);
      }
      System.arraycopy(from, start, bytes, at, length);
      at += length;
    }

    void copy(int offset, int length) {
      for (int left = length; left > 0; ) {
        int part = Math.min(left, LONGEST);
        if (part >= SHORTEST && part < 12 && offset < 2048) {
          bytes[at++] = (byte) (((offset >> 8) << 5) | ((part - SHORTEST) << 2) | 1);
          bytes[at++] = (byte) offset;
        } else {
          bytes[at++] = (byte) (((part - 1) << 2) | 2);
          bytes[at++] = (byte) offset;
          bytes[at++] = (byte) (offset >> 8);
        }
        left -= part;
      }
    }
  }
}
