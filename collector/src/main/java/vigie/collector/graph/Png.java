package vigie.collector.graph;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * Writes a PNG: with a palette where there are at most 256 colours, else in 24-bit colour. Source:
 * the W3C's PNG specification.
 */
final class Png {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final int MOST_COLOURS = 256;
  private static final byte PALETTE = 3;
  private static final byte COLOUR = 2;

  private Png() {}

  /**
   * @param pixels 0xRRGGBB, row by row
   */
  static byte[] write(int[] pixels, int width, int height) {
    Map<Integer, Integer> palette = new HashMap<>();
    int before = -1;
    for (int pixel : pixels) {
      if (pixel != before && !palette.containsKey(pixel)) {
        if (palette.size() == MOST_COLOURS) {
          palette.clear();
          break;
        }
        palette.put(pixel, palette.size());
      }
      before = pixel;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream(32 << 10);
    out.writeBytes(SIGNATURE);
    byte[] header = new byte[13];
    number(header, 0, width);
    number(header, 4, height);
    header[8] = 8;
    header[9] = palette.isEmpty() ? COLOUR : PALETTE;
    chunk(out, "IHDR", header, header.length);
    if (!palette.isEmpty()) {
      byte[] colours = new byte[3 * palette.size()];
      palette.forEach((colour, place) -> colour(colours, 3 * place, colour));
      chunk(out, "PLTE", colours, colours.length);
    }
    data(out, palette.isEmpty() ? rows(pixels, width) : rows(pixels, width, palette));
    chunk(out, "IEND", new byte[0], 0);
    return out.toByteArray();
  }

  /** One byte for a pixel; no filter, which is best for flat colours. */
  private static byte[] rows(int[] pixels, int width, Map<Integer, Integer> palette) {
    byte[] rows = new byte[pixels.length + pixels.length / width];
    int last = -1;
    byte index = 0;
    int at = 0;
    for (int i = 0; i < pixels.length; i++) {
      at += i % width == 0 ? 1 : 0;
      if (pixels[i] != last) {
        last = pixels[i];
        index = palette.getOrDefault(last, 0).byteValue();
      }
      rows[at++] = index;
    }
    return rows;
  }

  private static byte[] rows(int[] pixels, int width) {
    byte[] rows = new byte[3 * pixels.length + pixels.length / width];
    int at = 0;
    for (int i = 0; i < pixels.length; i++) {
      at += i % width == 0 ? 1 : 0;
      colour(rows, at, pixels[i]);
      at += 3;
    }
    return rows;
  }

  private static void data(ByteArrayOutputStream out, byte[] rows) {
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION);
    try {
      deflater.setInput(rows);
      deflater.finish();
      byte[] buffer = new byte[8 << 10];
      while (!deflater.finished()) {
        chunk(out, "IDAT", buffer, deflater.deflate(buffer));
      }
    } finally {
      deflater.end();
    }
  }

  /** Length, type, bytes, checksum of the latter two. */
  private static void chunk(ByteArrayOutputStream out, String type, byte[] bytes, int length) {
    byte[] word = new byte[4];
    number(word, 0, length);
    out.writeBytes(word);
    CRC32 crc = new CRC32();
    byte[] name = type.getBytes(ISO_8859_1);
    crc.update(name);
    crc.update(bytes, 0, length);
    out.writeBytes(name);
    out.write(bytes, 0, length);
    number(word, 0, (int) crc.getValue());
    out.writeBytes(word);
  }

  private static void number(byte[] to, int at, int value) {
    for (int i = 0; i < 4; i++) {
      to[at + i] = (byte) (value >>> (24 - 8 * i));
    }
  }

  private static void colour(byte[] to, int at, int colour) {
    to[at] = (byte) (colour >> 16);
    to[at + 1] = (byte) (colour >> 8);
    to[at + 2] = (byte) colour;
  }
}
