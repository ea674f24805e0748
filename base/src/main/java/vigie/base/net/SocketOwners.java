package vigie.base.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Which process of this host a socket belongs to, for messages. Reads {@code /proc}, which takes
 * milliseconds to a second; whose socket it is can be seen for our own processes, or by root.
 */
public final class SocketOwners {
  private static final String LISTEN = "0A";
  private static final int LOCAL_ADDRESS = 1;
  private static final int STATE = 3;
  private static final int INODE = 9;

  private final Path procfs;

  /**
   * A process.
   *
   * @param pid 0 if it may not be looked at
   */
  public record Owner(String name, long pid) {
    public static final Owner UNKNOWN = new Owner("something", 0);

    /** {@code python3 (process 812)}. */
    @Override
    public String toString() {
      return pid == 0 ? "another process" : name + " (process " + pid + ")";
    }
  }

  public SocketOwners(Path procfs) {
    this.procfs = procfs;
  }

  /** {@code : python3 (process 812) listens there; stop it}, or nothing if nobody does. */
  public String whoListens(int port) {
    List<Long> inodes = new ArrayList<>();
    for (String table : List.of("tcp", "tcp6")) {
      try (var lines =
          Files.lines(procfs.resolve("net").resolve(table), StandardCharsets.ISO_8859_1)) {
        lines.map(line -> line.strip().split(" +")).forEach(row -> take(row, port, inodes));
      } catch (IOException | java.io.UncheckedIOException e) {
        // Names are an extra; the message goes without them.
      }
    }
    if (inodes.isEmpty()) {
      return "";
    }
    Owner owner = of(inodes).values().stream().findFirst().orElse(Owner.UNKNOWN);
    return ": " + owner + " listens there; stop it";
  }

  private static void take(String[] row, int port, List<Long> inodes) {
    if (row.length > INODE
        && row[STATE].equals(LISTEN)
        && row[LOCAL_ADDRESS].endsWith(String.format(Locale.ROOT, ":%04X", port))) {
      inodes.add(Long.parseLong(row[INODE]));
    }
  }

  /** Socket inode to its process, for as many as may be seen. */
  public Map<Long, Owner> of(Collection<Long> inodes) {
    Map<Long, Owner> found = new HashMap<>();
    Map<String, Long> wanted = new HashMap<>();
    for (long inode : inodes) {
      wanted.put("socket:[" + inode + "]", inode);
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(procfs, "[0-9]*")) {
      for (Path process : processes) {
        if (found.size() == wanted.size()) {
          break;
        }
        lookInto(process, wanted, found);
      }
    } catch (IOException | DirectoryIteratorException e) {
      // As above.
    }
    return found;
  }

  private static void lookInto(Path process, Map<String, Long> wanted, Map<Long, Owner> found) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        Long inode = wanted.get(linkOf(descriptor));
        if (inode != null) {
          String name = Files.readString(process.resolve("comm")).strip();
          String pid = Objects.requireNonNull(process.getFileName()).toString();
          found.putIfAbsent(inode, new Owner(name, Long.parseLong(pid)));
        }
      }
    } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
      // Somebody else's process, or one that has just ended.
    }
  }

  private static String linkOf(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
