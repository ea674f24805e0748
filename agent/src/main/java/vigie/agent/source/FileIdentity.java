package vigie.agent.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Which file it is that was read, and how far; as a cursor {@code DEV:INODE:OFFSET:LENGTH-CRC}. The
 * inode follows a file that is renamed; the CRC of its first bytes tells it from a later one that
 * got the same inode, and finds the copy that copytruncate made.
 *
 * @param inode {@code DEV:INODE}
 * @param offset behind the last line that was told
 * @param headLength how many bytes the CRC is of, at most 256
 */
record FileIdentity(String inode, long offset, int headLength, long headCrc) {
  static final int MOST_HEAD = 256;

  /** {@code DEV:INODE} as the file system says. */
  static String inode(BasicFileAttributes attributes) {
    // "(dev=801,ino=42)" on every Unix.
    return String.valueOf(attributes.fileKey())
        .replace("(dev=", "")
        .replace(",ino=", ":")
        .replace(")", "");
  }

  /** Null where it is not a cursor of ours. */
  static @Nullable FileIdentity parse(String cursor) {
    String[] parts = cursor.split("[:-]", -1);
    try {
      return parts.length != 5
          ? null
          : new FileIdentity(
              parts[0] + ":" + parts[1],
              Long.parseLong(parts[2]),
              Integer.parseInt(parts[3]),
              Long.parseLong(parts[4], 16));
    } catch (NumberFormatException e) {
      return null;
    }
  }

  String cursor() {
    return inode + ":" + offset + ":" + headLength + "-" + Long.toHexString(headCrc);
  }

  FileIdentity at(long newOffset) {
    return new FileIdentity(inode, newOffset, headLength, headCrc);
  }

  /** Whether the open file begins as this one did. */
  boolean isHeadOf(FileChannel channel) throws IOException {
    return crc(channel, headLength) == headCrc;
  }

  /** The same file with as much of its head as it has by now. */
  FileIdentity withHead(FileChannel channel) throws IOException {
    int length = (int) Math.min(MOST_HEAD, channel.size());
    return new FileIdentity(inode, offset, length, crc(channel, length));
  }

  private static long crc(FileChannel channel, int length) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(length);
    int read = 0;
    while (head.hasRemaining() && read >= 0) {
      read = channel.read(head, head.position());
    }
    CRC32 crc = new CRC32();
    crc.update(head.array(), 0, head.position());
    return crc.getValue();
  }
}
