package vigie.base.config;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Files named by patterns whose last part may hold {@code *}, {@code ?} and {@code [a-z]}. */
public final class Globs {
  private Globs() {}

  /**
   * The files that match, sorted within each pattern; a path without a wildcard stands for itself,
   * there or not.
   */
  public static List<Path> expand(List<Path> patterns) {
    List<Path> all = new ArrayList<>();
    for (Path pattern : patterns) {
      Path name = pattern.getFileName();
      Path folder = pattern.toAbsolutePath().getParent();
      if (name == null || folder == null || !isPattern(name.toString())) {
        all.add(pattern);
        continue;
      }
      List<Path> found = new ArrayList<>();
      try (DirectoryStream<Path> matches = Files.newDirectoryStream(folder, name.toString())) {
        matches.forEach(found::add);
      } catch (IOException | DirectoryIteratorException e) {
        // A folder that is not there or may not be read holds no files; who needs one says so.
        continue;
      }
      found.sort(null);
      all.addAll(found);
    }
    return all;
  }

  private static boolean isPattern(String name) {
    return name.indexOf('*') >= 0 || name.indexOf('?') >= 0 || name.indexOf('[') >= 0;
  }
}
