package vigie.base.dns;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import vigie.base.dns.DnsMessage.FormatException;

/**
 * The data of resource records as text, in the form of zone files and with the spaces and quotes
 * that Go's miekg/dns puts: users' expressions are written for what blackbox_exporter matches them
 * with. A type without a form of its own is written as RFC 3597 has it: {@code \# LENGTH HEX}.
 */
final class DnsText {
  private static final HexFormat LOWER = HexFormat.of();
  private static final HexFormat UPPER = HexFormat.of().withUpperCase();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMddHHmmss").withZone(ZoneOffset.UTC);
  private static final Set<Integer> KNOWN =
      Set.of(
          1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 21, 23, 28, 33, 35, 36, 39, 43, 44,
          46, 47, 48, 50, 51, 52, 53, 59, 60, 61, 64, 65, 99, 108, 109, 256, 257, 258, 261, 32769);

  private DnsText() {}

  /** Whether the type is written with its name and in its own form. */
  static boolean isKnown(int type) {
    return KNOWN.contains(type);
  }

  /** The rest of {@code in}, which is one record's data, not empty; SOA is read elsewhere. */
  static String data(int type, DnsReader in) throws FormatException {
    return switch (type) {
      case 1 -> in.address(4);
      case 2, 3, 4, 5, 7, 8, 9, 12, 23, 39 -> in.name();
      case 13, 16, 99, 258, 261 -> strings(in);
      case 14, 17 -> in.name() + " " + in.name();
      case 15, 18, 21, 36 -> in.u16() + " " + in.name();
      case 28 -> in.address(16);
      case 33 -> in.u16() + " " + in.u16() + " " + in.u16() + " " + in.name();
      case 35 -> naptr(in);
      case 43, 59, 32769 -> in.u16() + " " + in.u8() + " " + in.u8() + " " + upper(in);
      case 44 -> in.u8() + " " + in.u8() + " " + upper(in);
      case 46 -> signature(in);
      case 47 -> in.name() + types(in);
      case 48, 60 -> in.u16() + " " + in.u8() + " " + in.u8() + " " + base64(in.rest());
      case 50 -> nsec3(in);
      case 51 -> in.u8() + " " + in.u8() + " " + in.u16() + " " + salt(in);
      case 52, 53 -> in.u8() + " " + in.u8() + " " + in.u8() + " " + LOWER.formatHex(in.rest());
      case 61 -> base64(in.rest());
      case 64, 65 -> service(in);
      case 108, 109 -> HexFormat.ofDelimiter("-").formatHex(in.rest());
      case 256 -> in.u16() + " " + in.u16() + " " + quoted(in.rest());
      case 257 -> in.u8() + " " + ascii(in.string()) + " " + quoted(in.rest());
      default -> {
        byte[] bytes = in.rest();
        yield "\\# " + bytes.length + " " + LOWER.formatHex(bytes);
      }
    };
  }

  /** A byte of a name: what means something there gets a backslash, what has no face a number. */
  static void label(StringBuilder out, int octet) {
    if (octet < ' ' || octet > '~') {
      number(out, octet);
      return;
    }
    if (".'@;()\"\\ ".indexOf(octet) >= 0) {
      out.append('\\');
    }
    out.append((char) octet);
  }

  private static String strings(DnsReader in) throws FormatException {
    StringBuilder out = new StringBuilder();
    while (in.hasMore()) {
      out.append(out.isEmpty() ? "" : " ").append(quoted(in.string()));
    }
    return out.toString();
  }

  private static String quoted(byte[] bytes) {
    StringBuilder out = new StringBuilder("\"");
    for (byte b : bytes) {
      int octet = b & 0xFF;
      if (octet < ' ' || octet > '~') {
        number(out, octet);
      } else {
        out.append(octet == '"' || octet == '\\' ? "\\" : "").append((char) octet);
      }
    }
    return out.append('"').toString();
  }

  private static void number(StringBuilder out, int octet) {
    out.append('\\').append((char) ('0' + octet / 100));
    out.append((char) ('0' + octet / 10 % 10)).append((char) ('0' + octet % 10));
  }

  private static String naptr(DnsReader in) throws FormatException {
    String numbers = in.u16() + " " + in.u16() + " ";
    String texts = quoted(in.string()) + " " + quoted(in.string()) + " " + quoted(in.string());
    return numbers + texts + " " + in.name();
  }

  private static String signature(DnsReader in) throws FormatException {
    String head = DnsNames.type(in.u16()) + " " + in.u8() + " " + in.u8() + " " + in.u32();
    String times = " " + time(in.u32()) + " " + time(in.u32());
    return head + times + " " + in.u16() + " " + in.name() + " " + base64(in.rest());
  }

  private static String time(long seconds) {
    return TIME.format(Instant.ofEpochSecond(seconds));
  }

  private static String nsec3(DnsReader in) throws FormatException {
    String head = in.u8() + " " + in.u8() + " " + in.u16() + " ";
    return head + salt(in) + " " + base32(in.string()) + types(in);
  }

  private static String salt(DnsReader in) throws FormatException {
    byte[] salt = in.string();
    return salt.length == 0 ? "-" : UPPER.formatHex(salt);
  }

  /** The bitmap of types in windows of 256: number, length, bits from the left. */
  private static String types(DnsReader in) throws FormatException {
    StringBuilder out = new StringBuilder();
    while (in.hasMore()) {
      int window = in.u8();
      byte[] bits = in.string();
      for (int i = 0; i < 8 * bits.length; i++) {
        if ((bits[i / 8] & (0x80 >>> (i % 8))) != 0) {
          out.append(' ').append(DnsNames.type(window * 256 + i));
        }
      }
    }
    return out.toString();
  }

  /** SVCB and HTTPS: priority, target and parameters. RFC 9460, section 2. */
  private static String service(DnsReader in) throws FormatException {
    StringBuilder out = new StringBuilder().append(in.u16()).append(' ').append(in.name());
    while (in.hasMore()) {
      int key = in.u16();
      DnsReader value = in.part(in.u16());
      out.append(' ').append(key(key)).append("=\"");
      switch (key) {
        case 0 -> join(out, value, part -> key(part.u16()));
        case 1 -> join(out, value, part -> ascii(part.string()));
        case 3 -> out.append(value.u16());
        case 4 -> join(out, value, part -> part.address(4));
        case 6 -> join(out, value, part -> part.address(16));
        case 5 -> out.append(base64(value.rest()));
        default -> {
          String text = quoted(value.rest());
          out.append(text, 1, text.length() - 1);
        }
      }
      out.append('"');
    }
    return out.toString();
  }

  private static String key(int key) {
    return switch (key) {
      case 0 -> "mandatory";
      case 1 -> "alpn";
      case 2 -> "no-default-alpn";
      case 3 -> "port";
      case 4 -> "ipv4hint";
      case 5 -> "ech";
      case 6 -> "ipv6hint";
      case 7 -> "dohpath";
      case 8 -> "ohttp";
      default -> "key" + key;
    };
  }

  /** One of several values. */
  private interface Part {
    String read(DnsReader in) throws FormatException;
  }

  private static void join(StringBuilder out, DnsReader in, Part part) throws FormatException {
    boolean first = true;
    while (in.hasMore()) {
      out.append(first ? "" : ",").append(part.read(in));
      first = false;
    }
  }

  private static String upper(DnsReader in) throws FormatException {
    return UPPER.formatHex(in.rest());
  }

  /** Without control characters, which would do things to a terminal. */
  private static String ascii(byte[] bytes) {
    StringBuilder out = new StringBuilder(bytes.length);
    for (byte b : bytes) {
      char c = (char) (b & 0xFF);
      out.append(Character.isISOControl(c) ? ' ' : c);
    }
    return out.toString();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  /** Base 32 with the digits first, without padding: RFC 4648, section 7. */
  private static String base32(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    int buffer = 0;
    int bits = 0;
    for (byte b : bytes) {
      buffer = ((buffer << 8) | (b & 0xFF)) & 0xFFFF;
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        out.append("0123456789ABCDEFGHIJKLMNOPQRSTUV".charAt((buffer >>> bits) & 0x1F));
      }
    }
    if (bits > 0) {
      out.append("0123456789ABCDEFGHIJKLMNOPQRSTUV".charAt((buffer << (5 - bits)) & 0x1F));
    }
    return out.toString();
  }
}
