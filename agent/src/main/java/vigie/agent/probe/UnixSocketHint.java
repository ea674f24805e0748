package vigie.agent.probe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.Roots;

/**
 * Why a socket's path cannot be connected to: looked up in the file system and in {@code
 * /proc/net/unix}.
 */
final class UnixSocketHint {
  private static final int MOST_NAMED = 3;
  private final Path path;
  private final Roots roots;

  UnixSocketHint(Path path, Roots roots) {
    this.path = path;
    this.roots = roots;
  }

  /** In words; empty where nothing is known. */
  String find() {
    try {
      Path closed = closedFolder();
      if (closed != null) {
        return mayNot("enter the folder", closed, PosixFilePermission.GROUP_EXECUTE);
      }
      PosixFileAttributes file = Files.readAttributes(path, PosixFileAttributes.class);
      if (!file.isOther()) {
        return path + " is no socket but a " + (file.isDirectory() ? "folder" : "file") + others();
      }
      if (!Files.isWritable(path)) {
        return mayNot("write to the socket", path, PosixFilePermission.GROUP_WRITE);
      }
      List<String> all = listening();
      return all.contains(path.toString()) || all.isEmpty()
          ? ""
          : "the socket is there, but nobody listens on it" + others();
    } catch (NoSuchFileException e) {
      return missing();
    } catch (IOException e) {
      return "";
    }
  }

  /** The first folder on the way that this user may not enter, or null. */
  private @Nullable Path closedFolder() {
    Path folder = path.getRoot();
    for (Path name : path) {
      if (folder == null || !Files.isDirectory(folder)) {
        return null;
      }
      if (!Files.isExecutable(folder)) {
        return folder;
      }
      folder = folder.resolve(name);
    }
    return null;
  }

  private static String mayNot(String what, Path which, PosixFilePermission byGroup)
      throws IOException {
    PosixFileAttributes file = Files.readAttributes(which, PosixFileAttributes.class);
    String group = file.group().getName();
    String text = "this user may not " + what + " " + which;
    return file.permissions().contains(byGroup)
        ? text
            + "; the group "
            + group
            + " may: add SupplementaryGroups="
            + group
            + " to the agent's unit"
        : text
            + ", which is "
            + file.owner().getName()
            + ":"
            + group
            + " and not open to the group";
  }

  private String missing() {
    Path folder = path.getParent();
    return folder != null && Files.isDirectory(folder)
        ? "there is no " + path + others()
        : "there is no folder " + folder;
  }

  /** {@code ; /run/gunicorn2.sock listens}, for at most three in the same folder. */
  private String others() {
    Path folder = path.getParent();
    StringBuilder out = new StringBuilder();
    listening().stream()
        .filter(other -> !other.equals(path.toString()))
        .filter(other -> folder != null && folder.equals(Path.of(other).getParent()))
        .sorted()
        .limit(MOST_NAMED)
        .forEach(other -> out.append("; ").append(other).append(" listens"));
    return out.toString();
  }

  /** Stream sockets that listen, by their paths. */
  private List<String> listening() {
    try (Stream<String> lines = Files.lines(roots.procfs().resolve("net/unix"))) {
      return lines.map(UnixSocketHint::listener).filter(found -> found.startsWith("/")).toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  /** The path in a line of the table where that is a listening stream socket's; else empty. */
  private static String listener(String line) {
    String[] words = line.split(" +", 8);
    return words.length == 8 && words[3].equals("00010000") && words[4].equals("0001")
        ? words[7]
        : "";
  }
}
