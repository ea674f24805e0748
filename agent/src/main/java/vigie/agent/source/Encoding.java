package vigie.agent.source;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import vigie.base.config.Section;

/** How the bytes of a log file are text. */
enum Encoding {
  UTF_8(StandardCharsets.UTF_8, 1, 0),
  LATIN_1(StandardCharsets.ISO_8859_1, 1, 0),
  UTF_16LE(StandardCharsets.UTF_16LE, 2, 0),
  UTF_16BE(StandardCharsets.UTF_16BE, 2, 1);

  private static final char BYTE_ORDER_MARK = '\uFEFF';
  private static final char REPLACEMENT = '\uFFFD';

  private final Charset charset;
  private final int width;
  private final int low;

  /**
   * @param width bytes of an LF
   * @param low which of them is 0x0A
   */
  Encoding(Charset charset, int width, int low) {
    this.charset = charset;
    this.width = width;
    this.low = low;
  }

  /** The key {@code encoding}; UTF-8 where it lacks or is none, which is a fault. */
  static Encoding read(Section section) {
    String text = section.string("encoding", "utf-8").toLowerCase(Locale.ROOT);
    return switch (text) {
      case "utf-8", "utf8" -> UTF_8;
      case "latin-1", "latin1", "iso-8859-1" -> LATIN_1;
      case "utf-16", "utf-16le" -> UTF_16LE;
      case "utf-16be" -> UTF_16BE;
      default -> {
        section.fault(
            "encoding",
            "encoding \""
                + text
                + "\" is not known; write utf-8, latin-1, utf-16 (little-endian) or utf-16be");
        yield UTF_8;
      }
    };
  }

  /** How many bytes a line end has. */
  int width() {
    return width;
  }

  /** Where the next LF begins, within {@code from} (the beginning of a line) to {@code to}; -1. */
  int lineEnd(byte[] bytes, int from, int to) {
    for (int i = from; i + width <= to; i += width) {
      if (bytes[i + low] == '\n' && (width == 1 || bytes[i + 1 - low] == 0)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The text of a line, without CR at its end, a byte order mark or the NULs that a truncated file
   * may begin with. Bytes that are no UTF-8 are shown as {@code \xNN}.
   */
  String text(byte[] bytes, int from, int to) {
    int start = from;
    while (start + width <= to && bytes[start] == 0 && (width == 1 || bytes[start + 1] == 0)) {
      start += width;
    }
    String text = new String(bytes, start, to - start, charset);
    if (this == UTF_8 && text.indexOf(REPLACEMENT) >= 0) {
      text = visible(ByteBuffer.wrap(bytes, start, to - start));
    }
    int end = text.endsWith("\r") ? text.length() - 1 : text.length();
    return text.substring(end > 0 && text.charAt(0) == BYTE_ORDER_MARK ? 1 : 0, end);
  }

  private static String visible(ByteBuffer in) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // which reports what is malformed
    CharBuffer out = CharBuffer.allocate(4 * in.remaining());
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = 0; i < result.length(); i++) {
        out.put(String.format(Locale.ROOT, "\\x%02X", in.get()));
      }
      decoder.reset();
    }
  }
}
