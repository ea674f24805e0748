package vigie.agent.reader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * D-Bus method calls as bytes, one behind the other, little-endian; their arguments are strings.
 *
 * <pre>
 * 'l' 1 flags 1   u32 body length   u32 serial
 * u32 length of the fields, then each at a multiple of 8: u8 code, signature of its type, value
 * padding to a multiple of 8
 * body: the arguments, each a u32 length at a multiple of 4, the text, 0
 * </pre>
 *
 * <p>D-Bus Specification, "Message Protocol". Positions count from the message's first byte.
 */
final class DBusWriter {
  private static final int METHOD_CALL = 1;

  /** Starts no program that would own the name asked: who monitors changes nothing. */
  private static final int NO_AUTO_START = 2;

  private static final int PATH = 1, INTERFACE = 2, MEMBER = 3, DESTINATION = 6, SIGNATURE = 8;

  private ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
  private int start;

  /** What was written, to be read and then {@link #clear}ed. */
  ByteBuffer written() {
    return out.flip();
  }

  void clear() {
    out.clear();
  }

  void call(
      int serial,
      String destination,
      String path,
      String interfaceName,
      String member,
      String... arguments) {
    start = out.position();
    room(16);
    out.put((byte) 'l').put((byte) METHOD_CALL).put((byte) NO_AUTO_START).put((byte) 1);
    out.putInt(0).putInt(serial).putInt(0);
    field(PATH, 'o', path);
    field(DESTINATION, 's', destination);
    field(INTERFACE, 's', interfaceName);
    field(MEMBER, 's', member);
    if (arguments.length > 0) {
      field(SIGNATURE, 'g', "s".repeat(arguments.length));
    }
    out.putInt(start + 12, out.position() - start - 16);
    align(8);
    int body = out.position();
    for (String argument : arguments) {
      string(argument);
    }
    out.putInt(start + 4, out.position() - body);
  }

  private void field(int code, char type, String value) {
    align(8);
    room(4);
    out.put((byte) code).put((byte) 1).put((byte) type).put((byte) 0);
    if (type == 'g') {
      byte[] text = value.getBytes(StandardCharsets.US_ASCII);
      room(text.length + 2);
      out.put((byte) text.length).put(text).put((byte) 0);
    } else {
      string(value);
    }
  }

  private void string(String value) {
    align(4);
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    room(text.length + 5);
    out.putInt(text.length).put(text).put((byte) 0);
  }

  private void align(int to) {
    room(to);
    while ((out.position() - start) % to != 0) {
      out.put((byte) 0);
    }
  }

  private void room(int bytes) {
    if (out.remaining() < bytes) {
      int capacity = Math.max(out.capacity() * 2, out.position() + bytes);
      out = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(out.flip());
    }
  }
}
