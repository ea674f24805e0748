package vigie.base.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Files named by patterns: {@code *}, {@code ?} and {@code […]} stand for parts of names, as in a
 * shell.
 */
public final class Globs {
  private Globs() {}

  /**
   * The files that a pattern names, sorted. A pattern without wildcards is the file itself, whether
   * it is there or not.
   *
   * @param folder that relative patterns start from
   * @throws ConfigException if a folder on the way cannot be listed
   */
  public static List<Path> find(Path folder, String pattern) {
    Path whole = folder.resolve(pattern).normalize();
    if (!isPattern(pattern)) {
      return List.of(whole);
    }
    List<Path> found = new ArrayList<>();
    Path root = whole.getRoot();
    found.add(root == null ? Path.of("") : root);
    for (Path part : whole) {
      List<Path> deeper = new ArrayList<>();
      for (Path each : found) {
        deeper.addAll(
            isPattern(part.toString()) ? members(each, part) : List.of(each.resolve(part)));
      }
      found = deeper;
    }
    found.removeIf(file -> !Files.exists(file));
    Collections.sort(found);
    return found;
  }

  /** The files of several patterns, in their order. */
  public static List<Path> expand(List<Path> patterns) {
    List<Path> all = new ArrayList<>();
    for (Path pattern : patterns) {
      all.addAll(find(Path.of(""), pattern.toString()));
    }
    return all;
  }

  private static boolean isPattern(String text) {
    return text.chars().anyMatch(c -> "*?[".indexOf(c) >= 0);
  }

  private static List<Path> members(Path folder, Path pattern) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    PathMatcher matcher =
        folder
            .getFileSystem()
            .getPathMatcher("glob:" + pattern.toString().replace("{", "\\{").replace("}", "\\}"));
    try (Stream<Path> members = Files.list(folder)) {
      return members.filter(member -> matcher.matches(member.getFileName())).toList();
    } catch (IOException e) {
      throw new ConfigException(folder + ": cannot be listed: " + e.getMessage());
    }
  }
}
