package vigie.base.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A segment file, big-endian, named by the number of its first record in 20 digits and {@code
 * .seg}:
 *
 * <pre>
 *  offset  bytes  header
 *       0      8  magic "VIGIESEG"
 *       8      2  version of this layout, 1
 *      10      2  zero
 *      12      4  CRC32C of bytes 0 to 11, so that any program can tell a newer version from damage
 *      16      8  what the records are, ASCII, filled up with zeros
 *      24      2  version of the records' own layout
 *      26      6  zero
 *      32      8  number of the first record
 *      40      4  zero
 *      44      4  CRC32C of bytes 16 to 43
 *      48         records, one behind the other
 *
 *  offset  bytes  record
 *       0      4  CRC32C of all that follows in this record
 *       4      4  length L of the payload, 1 or more
 *       8      8  number of the record
 *      16      L  payload
 * </pre>
 *
 * The number in each record lets reading go on behind damage and know how many records it cost.
 * Behind the last record of the last segment there may be zeros, see {@link
 * SegmentOptions#aheadBytes}.
 */
final class SegmentFormat {
  static final int HEADER = 48;
  static final int RECORD_HEADER = 16;
  private static final long MAGIC = 0x5649474945534547L; // VIGIESEG
  private static final int VERSION = 1;
  private static final String SUFFIX = ".seg";
  private static final int DIGITS = 20;

  private SegmentFormat() {}

  static String name(long first) {
    String number = Long.toString(first);
    return "0".repeat(DIGITS - number.length()) + number + SUFFIX;
  }

  /** The number in a segment's name, -1 if this is no segment's name. */
  static long first(String name) {
    if (name.length() != DIGITS + SUFFIX.length() || !name.endsWith(SUFFIX)) {
      return -1;
    }
    try {
      return Long.parseUnsignedLong(name, 0, DIGITS, 10);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  static ByteBuffer header(SegmentOptions options, long first) {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    header.putLong(MAGIC).putShort((short) VERSION).putShort((short) 0);
    header.putInt(crc(header, 0, 12));
    header.put(content(options)).putShort((short) options.contentVersion()).position(32);
    header.putLong(first).putInt(0);
    header.putInt(crc(header, 16, 28));
    return header.flip();
  }

  private static byte[] content(SegmentOptions options) {
    byte[] content = new byte[8];
    byte[] name = options.content().getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(name, 0, content, 0, name.length);
    return content;
  }

  /**
   * The version of the records' own layout that a whole header names; 0 where it is damaged.
   *
   * @throws SegmentFormatException if it is whole, but of a newer version or of other content
   */
  static int check(DataFile data, Path file, SegmentOptions options, long first)
      throws IOException {
    ByteBuffer header = ByteBuffer.allocate(HEADER);
    if (data.read(header, 0) < 16
        || header.getLong(0) != MAGIC
        || header.getInt(12) != crc(header, 0, 12)) {
      return 0;
    }
    refuseNewer(file, "format", header.getShort(8) & 0xffff, VERSION);
    if (header.hasRemaining() || header.getInt(44) != crc(header, 16, 28)) {
      return 0;
    }
    byte[] content = new byte[8];
    header.get(16, content);
    String found = new String(content, StandardCharsets.US_ASCII).replace("\0", "");
    if (!found.equals(options.content())) {
      throw new SegmentFormatException(
          file
              + " holds "
              + found
              + " records, not "
              + options.content()
              + " records; set another path");
    }
    refuseNewer(
        file,
        options.content() + " record",
        header.getShort(24) & 0xffff,
        options.contentVersion());
    return header.getLong(32) == first ? header.getShort(24) & 0xffff : 0;
  }

  private static void refuseNewer(Path file, String what, int found, int known)
      throws SegmentFormatException {
    if (found > known) {
      throw new SegmentFormatException(
          String.format(
              Locale.ROOT,
              "%s has %s version %d, and this program reads up to version %d; run a newer vigie or"
                  + " set another path",
              file,
              what,
              found,
              known));
    }
  }

  static int crc(ByteBuffer buffer, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(buffer.duplicate().limit(from + length).position(from));
    return (int) crc.getValue();
  }

  /** Closes what is not needed any more; a failure to is of no consequence to what was synced. */
  static void closeQuietly(@Nullable DataFile data) {
    if (data != null) {
      try {
        data.close();
      } catch (IOException e) {
        // Its content was synced or given up before.
      }
    }
  }
}
