package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file, read and written at given places. Safe for all threads. */
public interface DataFile extends Closeable {
  long sizeBytes() throws IOException;

  /**
   * Reads from {@code position} until {@code into} is full or the file ends.
   *
   * @return how many bytes; 0 at or behind the end
   */
  int read(ByteBuffer into, long position) throws IOException;

  /**
   * Writes all that remains in {@code from}. When it throws, any part of it may have been written.
   */
  void write(ByteBuffer from, long position) throws IOException;

  /** Cuts the file to this size; one that is shorter stays as it is. */
  void truncate(long sizeBytes) throws IOException;

  /**
   * Makes the content certain (fdatasync). When it throws, nothing that was written since the last
   * sync can be relied on, and a later sync that succeeds says nothing about it.
   */
  void sync() throws IOException;
}
