package vigie.collector.store.sample;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Bytes that grow, and the numbers and texts that our files are made of, big-endian. */
final class Buffer {
  byte[] bytes;
  int length;

  Buffer(int capacity) {
    bytes = new byte[capacity];
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
    }
  }

  void putByte(int value) {
    room(1);
    bytes[length++] = (byte) value;
  }

  void putInt(int value) {
    room(4);
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes[length++] = (byte) (value >>> shift);
    }
  }

  void putLong(long value) {
    putInt((int) (value >>> 32));
    putInt((int) value);
  }

  /** Seven bits a byte, the lowest first; the highest bit says that more follow. */
  void putVarint(long value) {
    room(10);
    long left = value;
    while ((left & ~0x7fL) != 0) {
      bytes[length++] = (byte) (left & 0x7f | 0x80);
      left >>>= 7;
    }
    bytes[length++] = (byte) left;
  }

  /** Small for numbers near zero on both sides. */
  void putSigned(long value) {
    putVarint(value << 1 ^ value >> 63);
  }

  void putText(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    putVarint(utf8.length);
    putBytes(utf8, 0, utf8.length);
  }

  void putBytes(byte[] from, int at, int count) {
    room(count);
    System.arraycopy(from, at, bytes, length, count);
    length += count;
  }

  void putChunk(Chunk chunk) {
    room(chunk.length);
    chunk.copyTo(bytes, length);
    length += chunk.length;
  }

  /** The CRC32C of what stands from there on. */
  void putCrc(int from) {
    putInt(crc(bytes, from, length - from));
  }

  static int crc(byte[] bytes, int from, int count) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, count);
    return (int) crc.getValue();
  }

  ByteBuffer view() {
    return ByteBuffer.wrap(bytes, 0, length);
  }

  static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalStateException("a number that does not end");
  }

  static long signed(ByteBuffer in) {
    long value = varint(in);
    return value >>> 1 ^ -(value & 1);
  }

  /** A count of things that take at least a byte each. */
  static int count(ByteBuffer in) {
    long count = varint(in);
    if (count < 0 || count > in.remaining()) {
      throw new IllegalStateException("a count of " + count + " with " + in.remaining() + " bytes");
    }
    return (int) count;
  }

  static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[count(in)];
    in.get(bytes);
    return bytes;
  }

  static String text(ByteBuffer in) {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }
}
