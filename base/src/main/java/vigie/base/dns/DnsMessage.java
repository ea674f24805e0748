package vigie.base.dns;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A DNS message: a query written, an answer read.
 *
 * <pre>
 *   id(2) flags(2) questions(2) answers(2) authority(2) additional(2)
 *   question: name type(2) class(2)
 *   record:   name type(2) class(2) ttl(4) length(2) data
 * </pre>
 *
 * A name is labels of a length below 64 and its bytes, closed by an empty one, or by two bytes with
 * the upper bits set that point to where it goes on. Source: RFC 1035, section 4.
 *
 * @param id as in the query
 * @param isResponse whether it answers one
 * @param isTruncated whether the server had more to say than fits
 */
public record DnsMessage(
    int id,
    boolean isResponse,
    boolean isTruncated,
    int rcode,
    List<DnsRecord> answers,
    List<DnsRecord> authority,
    List<DnsRecord> additional) {
  private static final int HEADER = 12;
  private static final int RESPONSE = 0x8000;
  private static final int TRUNCATED = 0x0200;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int MOST_LABEL = 63;
  private static final int MOST_NAME = 255;

  /** The bytes are no DNS message. */
  public static final class FormatException extends Exception {
    private static final long serialVersionUID = 1;

    FormatException(String message) {
      super(message);
    }
  }

  /** A query with one question. */
  public static byte[] query(int id, boolean recursion, byte[] name, int type, int klass) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(HEADER + name.length + 4);
    for (int word : new int[] {id, recursion ? RECURSION_DESIRED : 0, 1, 0, 0, 0}) {
      putShort(out, word);
    }
    out.writeBytes(name);
    putShort(out, type);
    putShort(out, klass);
    return out.toByteArray();
  }

  private static void putShort(ByteArrayOutputStream out, int value) {
    out.write(value >>> 8);
    out.write(value);
  }

  /**
   * A name as people write it, with or without the last dot, in the form it has on the wire; {@code
   * \.} and {@code \123} stand for a single byte.
   *
   * @throws IllegalArgumentException that says what is wrong
   */
  public static byte[] name(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream label = new ByteArrayOutputStream();
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a name cannot be empty; the root is \".\"");
    }
    int at = text.equals(".") ? 1 : 0;
    while (at < text.length()) {
      char c = text.charAt(at++);
      if (c == '.') {
        close(label, out, text);
      } else if (c == '\\' && at < text.length()) {
        int code = at + 3 <= text.length() ? decimal(text.substring(at, at + 3)) : -1;
        label.write(code >= 0 ? code : text.charAt(at));
        at += code >= 0 ? 3 : 1;
      } else if (c < 128) {
        label.write(c);
      } else {
        throw new IllegalArgumentException(
            "\"" + text + "\" is not ASCII; write the name's xn-- form");
      }
    }
    if (label.size() > 0) {
      close(label, out, text);
    }
    out.write(0);
    if (out.size() > MOST_NAME) {
      throw new IllegalArgumentException("a name is longer than " + MOST_NAME + " bytes");
    }
    return out.toByteArray();
  }

  private static void close(ByteArrayOutputStream label, ByteArrayOutputStream out, String text) {
    if (label.size() == 0 || label.size() > MOST_LABEL) {
      throw new IllegalArgumentException(
          "\"" + text + "\" has a label that is not 1 to " + MOST_LABEL + " bytes long");
    }
    out.write(label.size());
    out.writeBytes(label.toByteArray());
    label.reset();
  }

  private static int decimal(String digits) {
    for (int i = 0; i < digits.length(); i++) {
      if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
        return -1;
      }
    }
    int value = Integer.parseInt(digits);
    return value <= 255 ? value : -1;
  }

  /** The id of a message, or -1 where there is none. */
  public static int idOf(byte[] message) {
    return message.length < 2 ? -1 : ((message[0] & 0xFF) << 8) | (message[1] & 0xFF);
  }

  /**
   * Reads a message of at most 64 KiB; it never takes more than a step for each byte of a name and
   * each record.
   *
   * @throws FormatException if it is none, or ends within a record. One that ends behind a record,
   *     with fewer of them than it says, is taken, as miekg/dns does
   */
  public static DnsMessage parse(byte[] message) throws FormatException {
    DnsReader in = new DnsReader(message, 0, message.length);
    int id = in.u16();
    int flags = in.u16();
    int questions = in.u16();
    int[] counts = {in.u16(), in.u16(), in.u16()};
    for (int i = 0; i < questions && in.hasMore(); i++) {
      in.name();
      in.u16();
      in.u16();
    }
    List<List<DnsRecord>> sections = new ArrayList<>();
    for (int count : counts) {
      List<DnsRecord> records = new ArrayList<>();
      for (int i = 0; i < count && in.hasMore(); i++) {
        records.add(DnsRecord.read(in));
      }
      sections.add(List.copyOf(records));
    }
    return new DnsMessage(
        id,
        (flags & RESPONSE) != 0,
        (flags & TRUNCATED) != 0,
        flags & 0xF,
        sections.get(0),
        sections.get(1),
        sections.get(2));
  }
}
