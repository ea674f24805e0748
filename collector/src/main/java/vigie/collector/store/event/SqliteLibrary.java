package vigie.collector.store.event;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.sqlite.SQLiteJDBCLoader;

/** Loads SQLite's native part, which comes inside a jar and must be unpacked to be loaded. */
final class SqliteLibrary {
  private static final String ARCHITECTURE = "org.sqlite.osinfo.architecture";

  private SqliteLibrary() {}

  /**
   * Unpacks into the temporary folder, or where programs may not be run there (noexec), into {@code
   * folder}/native.
   *
   * @throws IOException saying what to do
   */
  static synchronized void load(Path folder) throws IOException {
    String temporary = System.getProperty("java.io.tmpdir");
    if (System.getProperty("org.sqlite.tmpdir") == null && !mayRunIn(Path.of(temporary))) {
      Path own = Files.createDirectories(folder.resolve("native"));
      System.setProperty("org.sqlite.tmpdir", own.toString());
    }
    try {
      if (isLoaded()) {
        return;
      }
    } catch (Exception e) {
      throw new IOException(
          "SQLite cannot be loaded from "
              + System.getProperty("org.sqlite.tmpdir", temporary)
              + "; name a folder without noexec: -Dorg.sqlite.tmpdir=FOLDER",
          e);
    }
    throw new IOException("this machine has a processor that SQLite's jar has no library for");
  }

  private static boolean isLoaded() throws Exception {
    try {
      return SQLiteJDBCLoader.initialize();
    } catch (Exception e) {
      boolean arm = "arm".equals(System.getProperty("os.arch"));
      if (!arm || System.getProperty(ARCHITECTURE) != null) {
        throw e;
      }
      // It goes by the processor, but Debian's armel Java takes no library with hard floats.
      System.setProperty(ARCHITECTURE, "arm");
      return SQLiteJDBCLoader.initialize();
    }
  }

  private static boolean mayRunIn(Path folder) {
    try {
      Path file = Files.createTempFile(folder, "vigie", ".so");
      try {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        return Files.isExecutable(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      return false; // nor can anything be unpacked there
    }
  }
}
