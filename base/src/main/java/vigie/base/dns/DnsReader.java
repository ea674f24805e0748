package vigie.base.dns;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import vigie.base.dns.DnsMessage.FormatException;

/** Reads the parts of a DNS message from front to back, and never outside its bounds. */
final class DnsReader {
  private static final int MOST_NAME = 255;
  private static final int MOST_POINTERS = 126;

  private final byte[] message;
  private final int end;
  private int at;

  DnsReader(byte[] message, int start, int end) {
    this.message = message;
    this.at = start;
    this.end = end;
  }

  boolean hasMore() {
    return at < end;
  }

  int left() {
    return end - at;
  }

  /** A reader of the next bytes, which this one then has behind it. Names may point before them. */
  DnsReader part(int length) throws FormatException {
    need(length);
    DnsReader part = new DnsReader(message, at, at + length);
    at += length;
    return part;
  }

  int u8() throws FormatException {
    need(1);
    return message[at++] & 0xFF;
  }

  int u16() throws FormatException {
    return (u8() << 8) | u8();
  }

  long u32() throws FormatException {
    return ((long) u16() << 16) | u16();
  }

  byte[] bytes(int length) throws FormatException {
    need(length);
    byte[] taken = Arrays.copyOfRange(message, at, at + length);
    at += length;
    return taken;
  }

  byte[] rest() throws FormatException {
    return bytes(left());
  }

  /** A string of a length byte and so many bytes. */
  byte[] string() throws FormatException {
    return bytes(u8());
  }

  /** An address of 4 or 16 bytes as it is written. */
  String address(int length) throws FormatException {
    byte[] bytes = bytes(length);
    return length == 4 ? dotted(bytes, 0) : Ip6Text.of(bytes);
  }

  static String dotted(byte[] bytes, int from) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + 4)).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("BUG: four bytes are no address", e);
    }
  }

  /** A name with its last dot, what is not plain in it escaped; the root is {@code .}. */
  String name() throws FormatException {
    StringBuilder out = new StringBuilder();
    int from = at;
    boolean jumped = false;
    int pointers = 0;
    int size = 0;
    while (true) {
      int limit = jumped ? message.length : end;
      int length = byteAt(from++, limit);
      if (length == 0) {
        break;
      }
      if (length >= 0xC0) {
        int to = ((length & 0x3F) << 8) | byteAt(from++, limit);
        if (!jumped) {
          at = from;
          jumped = true;
        }
        if (++pointers > MOST_POINTERS) {
          throw new FormatException("a name points in circles");
        }
        from = to;
        continue;
      }
      size += length + 1;
      if (length > 63 || size > MOST_NAME - 1) {
        throw new FormatException("a name is too long");
      }
      for (int i = 0; i < length; i++) {
        DnsText.label(out, byteAt(from++, limit));
      }
      out.append('.');
    }
    if (!jumped) {
      at = from;
    }
    return out.isEmpty() ? "." : out.toString();
  }

  private int byteAt(int index, int limit) throws FormatException {
    if (index >= limit) {
      throw new FormatException("a name ends outside the message");
    }
    return message[index] & 0xFF;
  }

  private void need(int length) throws FormatException {
    if (length > end - at) {
      throw new FormatException("the message ends within a record");
    }
  }
}
