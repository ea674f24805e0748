package vigie.collector.store.event;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import vigie.base.segment.DataFile;
import vigie.base.segment.FileLayer;
import vigie.collector.event.SpoolMarks;

/**
 * What was taken from the agents' spools up to one event, so that only the receive log behind it
 * must be read at start, and may be dropped before it. The file {@code taken}, big-endian:
 *
 * <pre>
 * magic "VIGIETKN" 8, version 2, reserved 2, CRC-32C of the rest 4, base 8, id 8, marks
 * </pre>
 *
 * @param base what is added to a record's number in the receive log to make the event's id; not
 *     zero once the log was lost and began again
 * @param id the last event that the marks know, and that was told and moved into SQLite
 */
record Checkpoint(long base, long id, SpoolMarks marks) {
  private static final byte[] MAGIC = "VIGIETKN".getBytes(StandardCharsets.US_ASCII);
  private static final short VERSION = 1;
  private static final int HEADER = 16;
  private static final long MOST_BYTES = 64L << 20;

  /**
   * Reads the one in the folder; null where there is none.
   *
   * @throws CorruptException if it is damaged
   * @throws IOException if it cannot be read, or is of a newer version
   */
  static @Nullable Checkpoint read(Path folder, FileLayer files) throws IOException {
    Path path = folder.resolve("taken");
    ByteBuffer in;
    try (DataFile file = files.openToRead(path)) {
      if (file.sizeBytes() < HEADER + 16 || file.sizeBytes() > MOST_BYTES) {
        throw new CorruptException(path + " has " + file.sizeBytes() + " bytes");
      }
      in = ByteBuffer.allocate((int) file.sizeBytes());
      file.read(in, 0);
    } catch (NoSuchFileException | FileNotFoundException e) {
      return null;
    }
    in.flip();
    byte[] magic = new byte[MAGIC.length];
    in.get(magic);
    int version = in.getShort();
    in.getShort();
    if (!Arrays.equals(magic, MAGIC)) {
      throw new CorruptException(path + " does not begin as it should");
    }
    if (version > VERSION) {
      throw new IOException(
          path
              + " is of version "
              + version
              + ", written by a newer collector; this one reads "
              + VERSION);
    }
    int crc = in.getInt();
    if (crc != crc(in.duplicate())) {
      throw new CorruptException(path + " has a wrong checksum");
    }
    long base = in.getLong();
    long id = in.getLong();
    byte[] marks = new byte[in.remaining()];
    in.get(marks);
    return new Checkpoint(base, id, SpoolMarks.decode(marks));
  }

  /** Replaces the one in the folder; certain when this returns. */
  void write(Path folder, FileLayer files) throws IOException {
    byte[] encoded = marks.encode();
    ByteBuffer out = ByteBuffer.allocate(HEADER + 16 + encoded.length);
    out.position(HEADER);
    out.putLong(base).putLong(id).put(encoded);
    int crc = crc(out.duplicate().flip().position(HEADER));
    out.flip();
    out.put(MAGIC).putShort(VERSION).putShort((short) 0).putInt(crc);
    out.position(0);
    Path fresh = folder.resolve("taken.new");
    try (DataFile file = files.create(fresh)) {
      file.write(out, 0);
      file.sync();
    }
    files.rename(fresh, folder.resolve("taken"));
    files.syncFolder(folder);
  }

  private static int crc(ByteBuffer rest) {
    CRC32C crc = new CRC32C();
    crc.update(rest);
    return (int) crc.getValue();
  }

  /** The file is there and damaged. */
  static final class CorruptException extends IOException {
    private static final long serialVersionUID = 1;

    CorruptException(String message) {
      super(message);
    }
  }
}
