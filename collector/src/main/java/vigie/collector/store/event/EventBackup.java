package vigie.collector.store.event;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Copies a folder of events, also while a collector writes to it. The order matters: first the
 * checkpoint, then the files, then the receive log, so that each knows all that the one before it
 * does; what lies in the log alone is moved into files when the copy is opened.
 */
public final class EventBackup {
  private EventBackup() {}

  /**
   * Copies.
   *
   * @param from the folder of a {@link LogEventStore}
   * @param into a folder that is empty, or made
   * @param progress told of each file
   * @throws IOException that says what failed; what was copied so far stays
   */
  public static void copy(Path from, Path into, Consumer<String> progress) throws IOException {
    if (!Files.isDirectory(from.resolve("log"))) {
      throw new IOException(from + " has no events of a collector");
    }
    Files.createDirectories(into.resolve("log"));
    try (DirectoryStream<Path> there = Files.newDirectoryStream(into)) {
      for (Path path : there) {
        if (!path.endsWith("log")) {
          throw new IOException(into + " is not empty");
        }
      }
    }
    SqliteLibrary.load(into);
    copyBytes(from.resolve("taken"), into.resolve("taken"), progress);
    for (Path file : list(from)) {
      if (Part.of(file.getFileName().toString()) != null) {
        copyFile(file, into.resolve(file.getFileName().toString()), progress);
      }
    }
    for (Path segment : list(from.resolve("log"))) {
      if (!segment.endsWith("lock")) {
        copyBytes(segment, into.resolve("log").resolve(segment.getFileName().toString()), progress);
      }
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder)) {
      found.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  /** As one view of it, whatever is written meanwhile. */
  private static void copyFile(Path from, Path to, Consumer<String> progress) throws IOException {
    try (Connection connection = DaySearch.open(from);
        PreparedStatement copy = connection.prepareStatement("VACUUM INTO ?")) {
      copy.setString(1, to.toString());
      copy.execute();
    } catch (SQLException e) {
      if (Files.notExists(from)) {
        return; // dropped meanwhile, being the oldest
      }
      throw new IOException("cannot copy " + from + ": " + e.getMessage(), e);
    }
    progress.accept(to.getFileName().toString());
  }

  private static void copyBytes(Path from, Path to, Consumer<String> progress) throws IOException {
    try {
      Files.copy(from, to);
      progress.accept(to.getFileName().toString());
    } catch (NoSuchFileException e) {
      // A segment that was dropped meanwhile is in the files.
    }
  }
}
