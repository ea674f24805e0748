package vigie.agent.reader;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A cursor over one D-Bus message in either byte order. Every length is checked against the message
 * before it is used: whatever the bytes are, the worst is an {@link IOException}.
 */
final class DBusReader {
  /** The longest message taken: what ListUnits answers for some 15,000 units. */
  static final int MAX_BYTES = 4 << 20;

  /** What must be there before {@link #length} can tell. */
  static final int HEADER_BYTES = 16;

  static final int METHOD_RETURN = 2, ERROR = 3;
  private static final int ERROR_NAME = 4, REPLY_SERIAL = 5;

  /** The specification's limit of nested containers. */
  private static final int MAX_DEPTH = 64;

  private static final char CLOSING = ')';

  private final Names names = new Names();
  private byte[] data = new byte[0];
  private ByteBuffer buffer = ByteBuffer.wrap(data);
  private int start;
  private int end;
  private int type;
  private long replySerial;
  private @Nullable String error;

  /**
   * The length in bytes of the message at {@code from}, of which the first 16 bytes are there.
   *
   * @throws IOException when no message begins there or it is longer than 4 MiB
   */
  static int length(byte[] data, int from) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(data).order(order(data[from]));
    long body = header.getInt(from + 4) & 0xffffffffL;
    long fields = header.getInt(from + 12) & 0xffffffffL;
    long length = HEADER_BYTES + (fields + 7) / 8 * 8 + body;
    if (length > MAX_BYTES) {
      throw new IOException("D-Bus message of " + length + " bytes; taken are " + MAX_BYTES);
    }
    return (int) length;
  }

  private static ByteOrder order(byte mark) throws IOException {
    if (mark != 'l' && mark != 'B') {
      throw new IOException("what came is not D-Bus: byte order mark " + (mark & 0xff));
    }
    return mark == 'l' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
  }

  /** Goes to the body of the message that lies there; read it before {@code data} changes. */
  void open(byte[] message, int from, int length) throws IOException {
    if (data != message) {
      data = message;
      buffer = ByteBuffer.wrap(message);
    }
    start = from;
    end = from + length;
    buffer.order(order(message[from])).clear().position(from);
    need(HEADER_BYTES);
    type = message[from + 1];
    replySerial = -1;
    error = null;
    buffer.position(from + 12);
    int fieldsEnd = array(8);
    while (isBefore(fieldsEnd)) {
      struct();
      int code = uint8();
      String signature = signature();
      if (code == REPLY_SERIAL && signature.equals("u")) {
        replySerial = uint32();
      } else if (code == ERROR_NAME && signature.equals("s")) {
        error = string();
      } else {
        skip(signature);
      }
    }
    align(8);
  }

  /** {@link #METHOD_RETURN}, {@link #ERROR}, or something that answers nothing. */
  int type() {
    return type;
  }

  /** The serial of the call that it answers, or -1. */
  long replySerial() {
    return replySerial;
  }

  /** The name of the error, such as {@code org.freedesktop.DBus.Error.AccessDenied}, or null. */
  @Nullable String error() {
    return error;
  }

  int uint8() throws IOException {
    need(1);
    return buffer.get() & 0xff;
  }

  long uint32() throws IOException {
    return int32() & 0xffffffffL;
  }

  private int int32() throws IOException {
    align(4);
    need(4);
    return buffer.getInt();
  }

  private long int64() throws IOException {
    align(8);
    need(8);
    return buffer.getLong();
  }

  /** A string or an object path; the same String for the same text. */
  String string() throws IOException {
    return text(uint32());
  }

  private String signature() throws IOException {
    return text(uint8());
  }

  private String text(long length) throws IOException {
    need(length + 1);
    int from = buffer.position();
    buffer.position(from + (int) length + 1);
    return names.of(data, from, from + (int) length);
  }

  /**
   * Goes to the first element of the array that begins here.
   *
   * @param alignment of the elements: 8 for structures
   * @return where the array ends, for {@link #isBefore}
   */
  int array(int alignment) throws IOException {
    long length = uint32();
    // The padding before the first element does not count as the array's.
    align(alignment);
    need(length);
    return buffer.position() + (int) length;
  }

  /** Whether the array that ends there has another element. */
  boolean isBefore(int arrayEnd) {
    return buffer.position() < arrayEnd;
  }

  /** Goes to the structure that begins at the next multiple of 8. */
  void struct() throws IOException {
    align(8);
  }

  /** Checks what the next value's variant holds, and goes to the value. */
  private boolean variantIs(String signature) throws IOException {
    String found = signature();
    if (found.equals(signature)) {
      return true;
    }
    skip(found);
    return false;
  }

  /** The variant's text; empty when it holds something else. */
  String variantString() throws IOException {
    return variantIs("s") ? string() : "";
  }

  /** The variant's number, -1 when it holds something else; 2⁶⁴-1, systemd's "none", is -1 too. */
  long variantNumber() throws IOException {
    String signature = signature();
    switch (signature) {
      case "u" -> {
        return uint32();
      }
      case "i" -> {
        return int32();
      }
      case "t", "x" -> {
        return int64();
      }
      default -> {
        skip(signature);
        return -1;
      }
    }
  }

  /** The variant's bytes in hexadecimal; empty when it holds something else or more than 64. */
  String variantHex() throws IOException {
    if (!variantIs("ay")) {
      return "";
    }
    int stop = array(1);
    StringBuilder hex = new StringBuilder();
    while (buffer.position() < stop && hex.length() < 128) {
      int value = uint8();
      hex.append(Character.forDigit(value >> 4, 16)).append(Character.forDigit(value & 15, 16));
    }
    buffer.position(stop);
    return hex.toString();
  }

  void skipString() throws IOException {
    long length = uint32();
    need(length + 1);
    buffer.position(buffer.position() + (int) length + 1);
  }

  /** Goes past values of these types. */
  void skip(String signature) throws IOException {
    int at = 0;
    while (at < signature.length()) {
      at = skip(signature, at, 0);
    }
  }

  private int skip(String signature, int at, int depth) throws IOException {
    char type = typeAt(signature, at, depth);
    switch (type) {
      case 'y' -> uint8();
      case 'n', 'q' -> {
        align(2);
        need(2);
        buffer.getShort();
      }
      case 'b', 'i', 'u', 'h' -> int32();
      case 'x', 't', 'd' -> int64();
      case 's', 'o' -> skipString();
      case 'g' -> signature();
      case 'v' -> {
        String inner = signature();
        if (skip(inner, 0, depth + 1) != inner.length()) {
          throw malformed();
        }
      }
      case 'a' -> {
        int past = pastType(signature, at + 1, depth + 1);
        buffer.position(array(alignment(signature.charAt(at + 1))));
        return past;
      }
      default -> {
        struct();
        int next = at + 1;
        while (typeAt(signature, next, depth) != CLOSING) {
          next = skip(signature, next, depth + 1);
        }
        return next + 1;
      }
    }
    return at + 1;
  }

  /** Where the type ends that begins at {@code at}. */
  private static int pastType(String signature, int at, int depth) throws IOException {
    char type = typeAt(signature, at, depth);
    if (type == 'a') {
      return pastType(signature, at + 1, depth + 1);
    }
    if (type != '(') {
      return at + 1;
    }
    int next = at + 1;
    while (typeAt(signature, next, depth) != CLOSING) {
      next = pastType(signature, next, depth + 1);
    }
    return next + 1;
  }

  /** The type's letter; an entry of a dictionary is a structure. */
  private static char typeAt(String signature, int at, int depth) throws IOException {
    if (depth > MAX_DEPTH || at >= signature.length()) {
      throw malformed();
    }
    char type = signature.charAt(at);
    if (type == '{' || type == '}') {
      return type == '{' ? '(' : CLOSING;
    }
    if ("ynqbiuhxtdsogva()".indexOf(type) < 0) {
      throw malformed();
    }
    return type;
  }

  private static int alignment(char type) {
    return switch (type) {
      case 'y', 'g', 'v' -> 1;
      case 'n', 'q' -> 2;
      case 'x', 't', 'd', '(', '{' -> 8;
      default -> 4;
    };
  }

  private void align(int to) throws IOException {
    int padding = -(buffer.position() - start) & (to - 1);
    need(padding);
    buffer.position(buffer.position() + padding);
  }

  private void need(long bytes) throws IOException {
    if (bytes > end - buffer.position()) {
      throw new IOException("a D-Bus message ends within a value");
    }
  }

  private static IOException malformed() {
    return new IOException("a D-Bus message has a malformed signature");
  }
}
