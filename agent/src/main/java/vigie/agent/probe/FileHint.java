package vigie.agent.probe;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Nearest;

/** What is likely wrong where a pattern finds no file: the folder, the name, a permission. */
final class FileHint {
  static final String USER = System.getProperty("user.name", "unknown");
  private static final int MOST_LOOKED_AT = 10_000;

  private final Path pattern;
  private final Path root;

  /**
   * @param root where the watched machine's tree begins, usually {@code /}
   */
  FileHint(Path pattern, Path root) {
    this.pattern = pattern;
    this.root = root;
  }

  /** A sentence or two; empty where nothing looks wrong. May block. */
  String text() {
    Path folder = FileScan.folder(pattern);
    Path there = root;
    for (Path name : root.relativize(folder)) {
      if (name.toString().isEmpty()) {
        break;
      }
      if (!Files.isExecutable(there)) {
        return permission(there);
      }
      Path next = there.resolve(name);
      if (!Files.isDirectory(next)) {
        return privateTmp() + inThatFolder(there, name);
      }
      there = next;
    }
    if (!Files.isExecutable(there) || !Files.isReadable(there)) {
      return permission(there);
    }
    Path name = pattern.getName(there.getNameCount());
    return Files.exists(pattern) ? "" : privateTmp() + inThatFolder(there, name);
  }

  /** Which of the agent's unit file or the folder's rights would let the agent in. */
  private String permission(Path folder) {
    String rights = "";
    String group = "";
    try {
      PosixFileAttributes is = Files.readAttributes(folder, PosixFileAttributes.class);
      rights =
          " belongs to "
              + is.owner().getName()
              + ":"
              + is.group().getName()
              + " ("
              + PosixFilePermissions.toString(is.permissions())
              + ")";
      if (is.permissions().contains(PosixFilePermission.GROUP_READ)
          && is.permissions().contains(PosixFilePermission.GROUP_EXECUTE)) {
        group = "SupplementaryGroups=" + is.group().getName() + " or ";
      }
    } catch (IOException | UnsupportedOperationException e) {
      // Then without.
    }
    return shown(folder)
        + rights
        + "; what lets the agent in: in its unit "
        + group
        + "AmbientCapabilities=CAP_DAC_READ_SEARCH with the same CapabilityBoundingSet=, or setfacl"
        + " -m u:"
        + USER
        + ":rx "
        + shown(folder);
  }

  /** A unit with PrivateTmp= sees folders of its own there. */
  private String privateTmp() {
    Path relative = root.relativize(pattern);
    if (!relative.startsWith("tmp") && !relative.startsWith("var/tmp")) {
      return "";
    }
    try {
      return Files.readString(Path.of("/proc/self/mountinfo")).contains("/systemd-private-")
          ? "the agent's unit has a /tmp of its own: set PrivateTmp=no in it, or write elsewhere; "
          : "";
    } catch (IOException e) {
      return "";
    }
  }

  private String inThatFolder(Path folder, Path wanted) {
    Set<String> names = new LinkedHashSet<>();
    @Nullable Path newest = null;
    long newestTime = Long.MIN_VALUE;
    try (DirectoryStream<Path> members = Files.newDirectoryStream(folder)) {
      for (Path member : members) {
        names.add(Objects.requireNonNull(member.getFileName()).toString());
        long time = Files.getLastModifiedTime(member).toMillis();
        if (time > newestTime) {
          newest = member;
          newestTime = time;
        }
        if (names.size() >= MOST_LOOKED_AT) {
          break;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      return shown(folder) + " cannot be listed";
    }
    if (newest == null) {
      return shown(folder) + " is empty";
    }
    String nearest = Nearest.of(wanted.toString(), names);
    return nearest != null
        ? shown(folder) + " has " + Words.name(nearest)
        : shown(folder)
            + " has "
            + Words.count(names.size(), "other entry").replace("entrys", "entries")
            + ", the newest is "
            + Words.name(Objects.requireNonNull(newest.getFileName()));
  }

  private String shown(Path path) {
    return Words.name(root.equals(root.getRoot()) ? path : "/" + root.relativize(path));
  }
}
