package vigie.agent.probe;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The paths of the listening stream sockets of this host, as {@code /proc/net/unix} lists them.
 * Reuses its buffers and makes no object per line. Not safe for several threads.
 *
 * <pre>
 *   Num       RefCount Protocol Flags    Type St Inode Path
 *   0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/gunicorn.sock
 * </pre>
 *
 * A socket that listens has the flag 00010000, and a stream socket the type 0001.
 */
final class UnixListeners {
  private static final int FLAGS = 3;
  private static final int TYPE = 4;
  private static final int PATH = 7;
  // A table that is longer is read as far as this.
  private static final int MOST_BYTES = 4 << 20;

  private final Path table;
  private final byte[] buffer = new byte[16 * 1024];
  private byte[] paths = new byte[1024];
  private int size;
  private final byte[] line = new byte[256];

  UnixListeners(Path procfs) {
    this.table = procfs.resolve("net").resolve("unix");
  }

  /** Takes the present state in. */
  void read() throws IOException {
    size = 0;
    int length = 0;
    int total = 0;
    try (FileInputStream in = new FileInputStream(table.toFile())) {
      for (int got = in.read(buffer); got > 0; got = in.read(buffer)) {
        for (int i = 0; i < got; i++) {
          if (buffer[i] == '\n') {
            take(length);
            length = 0;
          } else if (length < line.length) {
            line[length++] = buffer[i];
          }
        }
        total += got;
        if (total > MOST_BYTES) {
          return;
        }
      }
    }
  }

  /** Whether a stream socket listens on a path, written as it was when it was bound. */
  boolean has(String path) {
    byte[] wanted = path.getBytes(StandardCharsets.UTF_8);
    int at = 0;
    while (at < size) {
      int end = at;
      while (paths[end] != '\n') {
        end++;
      }
      if (Arrays.equals(paths, at, end, wanted, 0, wanted.length)) {
        return true;
      }
      at = end + 1;
    }
    return false;
  }

  private void take(int length) {
    int at = 0;
    for (int word = 0; word < PATH; word++) {
      if ((word == FLAGS && !is("00010000", at, length))
          || (word == TYPE && !is("0001", at, length))) {
        return;
      }
      while (at < length && line[at] != ' ') {
        at++;
      }
      while (at < length && line[at] == ' ') {
        at++;
      }
    }
    if (at >= length) {
      return;
    }
    if (size + length > paths.length) {
      paths = Arrays.copyOf(paths, Math.max(size + length, 2 * paths.length));
    }
    System.arraycopy(line, at, paths, size, length - at);
    size += length - at;
    paths[size++] = '\n';
  }

  private boolean is(String word, int at, int length) {
    if (at + word.length() > length) {
      return false;
    }
    for (int i = 0; i < word.length(); i++) {
      if (line[at + i] != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }
}
