package vigie.collector.cli;

import java.io.IOException;
import java.nio.file.Path;

/** What commands do with the samples in a storage folder, without asking a collector. */
public interface SampleFiles {
  /**
   * Opens the samples of a collector that is stopped.
   *
   * @param storage {@code storage.path}
   * @throws IOException if it runs, or the folder cannot be used
   */
  Kept open(Path storage) throws IOException;

  /** What is kept there. */
  interface Kept extends AutoCloseable {
    /** Whether any series matches. */
    boolean has(String selector);

    @Override
    void close();
  }
}
