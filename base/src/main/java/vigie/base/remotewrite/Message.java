package vigie.base.remotewrite;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Walks the fields of one protobuf message, over bytes that others hold. Nothing is read twice by
 * itself: ask for the value of a field before the next one.
 */
public final class Message {
  private static final char REPLACEMENT = '\uFFFD';
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private final byte[] from;
  private final int end;
  private int at;
  private int type;
  private long number;
  private int start;
  private int length;

  /** Those from {@code start} to before {@code end}. */
  public Message(byte[] from, int start, int end) {
    this.from = from;
    this.at = start;
    this.end = end;
  }

  /**
   * The number of the next field, 0 at the end.
   *
   * @throws FormatException as the others: if the bytes are cut off, or of another type
   */
  public int next() throws FormatException {
    if (at == end) {
      return 0;
    }
    long tag = varint();
    type = (int) tag & 7;
    long field = tag >>> 3;
    if (field == 0 || field > Integer.MAX_VALUE) {
      throw new FormatException("not protobuf: field " + field);
    }
    switch (type) {
      case VARINT -> number = varint();
      case FIXED64 -> number = fixed(8);
      case FIXED32 -> number = fixed(4);
      case BYTES -> {
        long size = varint();
        if (size < 0 || size > end - at) {
          throw new FormatException("not protobuf: a field runs over the end");
        }
        start = at;
        length = (int) size;
        at += length;
      }
      default -> throw new FormatException("not protobuf: wire type " + type);
    }
    return (int) field;
  }

  /** Where the next field begins. */
  public int position() {
    return at;
  }

  /** The message that the field is. */
  public Message message() throws FormatException {
    require(BYTES);
    return new Message(from, start, start + length);
  }

  /** The field as text. */
  public String text() throws FormatException {
    require(BYTES);
    String text = new String(from, start, length, StandardCharsets.UTF_8);
    // It stands for what is no UTF-8, and may have been sent as well.
    if (text.indexOf(REPLACEMENT) >= 0
        && !Arrays.equals(
            text.getBytes(StandardCharsets.UTF_8),
            Arrays.copyOfRange(from, start, start + length))) {
      throw new FormatException("not protobuf: text that is no UTF-8");
    }
    return text;
  }

  /** The field as a double. */
  public double real() throws FormatException {
    require(FIXED64);
    return Double.longBitsToDouble(number);
  }

  /** The field as a number. */
  public long whole() throws FormatException {
    require(VARINT);
    return number;
  }

  /** A list of numbers in one field, each handed on; or, as is allowed too, one number. */
  public void numbers(Numbers to) throws FormatException {
    if (type == VARINT) {
      to.add(number);
      return;
    }
    require(BYTES);
    Message list = new Message(from, start, start + length);
    while (list.at < list.end) {
      to.add(list.varint());
    }
  }

  /** A list of doubles in one field, each handed on; or, as is allowed too, one double. */
  public void reals(Reals to) throws FormatException {
    if (type == FIXED64) {
      to.add(Double.longBitsToDouble(number));
      return;
    }
    require(BYTES);
    if (length % 8 != 0) {
      throw new FormatException("not protobuf: doubles of " + length + " bytes");
    }
    Message list = new Message(from, start, start + length);
    while (list.at < list.end) {
      to.add(Double.longBitsToDouble(list.fixed(8)));
    }
  }

  /** A signed number, written so that small ones are short. */
  public static long signed(long zigzag) {
    return zigzag >>> 1 ^ -(zigzag & 1);
  }

  /** Takes doubles. */
  public interface Reals {
    void add(double number) throws FormatException;
  }

  /** Takes numbers. */
  public interface Numbers {
    void add(long number) throws FormatException;
  }

  private void require(int wanted) throws FormatException {
    if (type != wanted) {
      throw new FormatException("not protobuf: wire type " + type + " instead of " + wanted);
    }
  }

  private long varint() throws FormatException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == end) {
        throw new FormatException("not protobuf: cut off");
      }
      byte b = from[at++];
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new FormatException("not protobuf: a number of more than 10 bytes");
  }

  private long fixed(int bytes) throws FormatException {
    if (bytes > end - at) {
      throw new FormatException("not protobuf: cut off");
    }
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = (value << 8) | (from[at + i] & 0xff);
    }
    at += bytes;
    return value;
  }
}
