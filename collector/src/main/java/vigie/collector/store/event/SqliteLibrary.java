package vigie.collector.store.event;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sqlite.SQLiteJDBCLoader;

/** Loads SQLite's native part, which comes inside a jar and must be unpacked to be loaded. */
final class SqliteLibrary {
  private SqliteLibrary() {}

  /**
   * Unpacks into the temporary folder, or where programs may not be run there (noexec), into {@code
   * folder}/native.
   */
  static synchronized void load(Path folder) throws IOException {
    if (!loads() && System.getProperty("org.sqlite.tmpdir") == null) {
      Path own = Files.createDirectories(folder.resolve("native"));
      System.setProperty("org.sqlite.tmpdir", own.toString());
      if (!loads()) {
        throw new IOException(
            "SQLite cannot be loaded, neither from "
                + System.getProperty("java.io.tmpdir")
                + " nor from "
                + own
                + "; name a folder without noexec: -Dorg.sqlite.tmpdir=FOLDER");
      }
    }
  }

  private static boolean loads() {
    try {
      return SQLiteJDBCLoader.initialize();
    } catch (Exception e) {
      return false; // its own log says more
    }
  }
}
