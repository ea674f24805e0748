package vigie.agent.reader;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** The sizes of a mounted file system: statfs(2), as far as Java has it. */
public interface Statfs {
  /**
   * Opens the file system mounted at a path; may block for ever on a server that is gone.
   *
   * @throws IOException when there is none or it may not be seen
   */
  Volume open(Path mountPoint) throws IOException;

  /** A mounted file system, asked again at each call. All sizes are in bytes. */
  interface Volume {
    long size() throws IOException;

    long free() throws IOException;

    /** What is left for others than root. */
    long available() throws IOException;
  }

  /** The machine's, by {@link FileStore}. */
  static Statfs host() {
    return mountPoint -> {
      FileStore store = Files.getFileStore(mountPoint);
      return new Volume() {
        @Override
        public long size() throws IOException {
          return store.getTotalSpace();
        }

        @Override
        public long free() throws IOException {
          return store.getUnallocatedSpace();
        }

        @Override
        public long available() throws IOException {
          return store.getUsableSpace();
        }
      };
    };
  }
}
