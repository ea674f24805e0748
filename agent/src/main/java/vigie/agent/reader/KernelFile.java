package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * A file under /proc that is read over and over: kept open, read from its start each time, which
 * makes the kernel write it anew. One thread at a time.
 */
final class KernelFile implements AutoCloseable {
  private static final int FIRST_BYTES = 4096;

  /** More than any of these files has on a machine of 1,000 processors or 10,000 devices. */
  private static final int MAX_BYTES = 4 << 20;

  private final Path path;
  private final File file;
  private final Bytes bytes = new Bytes(FIRST_BYTES);
  private ByteBuffer buffer = ByteBuffer.wrap(bytes.data);
  private @Nullable FileChannel channel;

  KernelFile(Path path) {
    this.path = path;
    file = path.toFile();
  }

  Path path() {
    return path;
  }

  /**
   * The whole file as it is now, cut at 4 MiB. The answer is overwritten by the next call.
   *
   * @throws IOException when it cannot be opened or read
   */
  Bytes read() throws IOException {
    FileChannel open = channel;
    if (open != null) {
      try {
        return fill(open);
      } catch (IOException stale) {
        // The process or device behind it is gone, or the thread was interrupted: open it anew.
        close();
      }
    }
    open = FileChannel.open(path, StandardOpenOption.READ);
    channel = open;
    return fill(open);
  }

  /**
   * As {@link #read}, or null when this kernel has no such file: a look at its name then, without
   * an exception's cost at every scrape.
   */
  @Nullable Bytes readIfThere() throws IOException {
    return channel == null && !file.exists() ? null : read();
  }

  /**
   * As {@link #read}, for what not every kernel has.
   *
   * @throws NoDataException when there is no such file
   */
  Bytes readOrNoData() throws IOException {
    Bytes there = readIfThere();
    if (there == null) {
      throw new NoDataException("no file " + path);
    }
    return there;
  }

  /** Whether the last reading was cut at 4 MiB. */
  boolean isCut() {
    return bytes.length() >= MAX_BYTES;
  }

  private Bytes fill(FileChannel open) throws IOException {
    int length = 0;
    while (true) {
      buffer.limit(buffer.capacity()).position(length);
      int read = open.read(buffer, length);
      if (read <= 0) {
        break;
      }
      length += read;
      if (length == buffer.capacity()) {
        if (length >= MAX_BYTES) {
          break;
        }
        byte[] larger = new byte[length * 2];
        System.arraycopy(bytes.data, 0, larger, 0, length);
        bytes.data = larger;
        buffer = ByteBuffer.wrap(larger);
      }
    }
    bytes.reset(length);
    return bytes;
  }

  @Override
  public void close() {
    FileChannel open = channel;
    channel = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException ignored) {
        // Read-only: nothing can be lost.
      }
    }
  }
}
