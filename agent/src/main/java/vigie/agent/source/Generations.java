package vigie.agent.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The older files that rotation left beside a log file: {@code app.log.1}, {@code
 * app.log-20260301}.
 */
final class Generations {
  private static final int MOST_LISTED = 10_000;
  private static final int MOST = 64;

  private Generations() {}

  private record Older(Path path, BasicFileAttributes attributes) {}

  /** Whether {@code name} is what rotation makes of {@code base}. */
  static boolean isOlder(String name, String base) {
    return name.length() > base.length() + 1
        && name.startsWith(base)
        && ".-_".indexOf(name.charAt(base.length())) >= 0;
  }

  static boolean isCompressed(String name) {
    return name.endsWith(".gz")
        || name.endsWith(".xz")
        || name.endsWith(".bz2")
        || name.endsWith(".zst");
  }

  /**
   * The file that was read when this identity was noted, and all that came after it, oldest first;
   * without the log file itself. Empty where it is gone or compressed.
   *
   * @param copy whether a copy with the same beginning is meant, not the same inode
   */
  static Deque<Path> since(Path log, FileIdentity was, boolean copy) throws IOException {
    List<Older> all = all(log);
    Deque<Path> since = new ArrayDeque<>();
    Older found = null;
    for (Older older : all) {
      boolean same = copy || was.inode().equals(FileIdentity.inode(older.attributes));
      if (found == null && same && older.attributes.size() >= was.offset() && begins(older, was)) {
        found = older;
      }
      if (found != null) {
        since.add(older.path);
      }
    }
    return since;
  }

  private static boolean begins(Older older, FileIdentity was) {
    try (FileChannel channel = FileChannel.open(older.path)) {
      return was.isHeadOf(channel);
    } catch (IOException e) {
      return false; // what cannot be read is not gone on with
    }
  }

  /** Oldest first: by time of the last write, then by number, where 1 is the newest. */
  private static List<Older> all(Path log) throws IOException {
    Path folder = log.getParent();
    String base = String.valueOf(log.getFileName());
    List<Older> all = new ArrayList<>();
    if (folder == null) {
      return all;
    }
    try (Stream<Path> members = Files.list(folder)) {
      for (Path member : (Iterable<Path>) members.limit(MOST_LISTED)::iterator) {
        String name = String.valueOf(member.getFileName());
        Older older = isOlder(name, base) && !isCompressed(name) ? read(member) : null;
        if (older != null) {
          all.add(older);
        }
      }
    }
    all.sort(
        Comparator.comparing((Older older) -> older.attributes.lastModifiedTime())
            .thenComparing(older -> -number(String.valueOf(older.path.getFileName())))
            .thenComparing(older -> older.path));
    return all.subList(Math.max(0, all.size() - MOST), all.size());
  }

  private static @Nullable Older read(Path path) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return attributes.isRegularFile() ? new Older(path, attributes) : null;
    } catch (IOException e) {
      return null; // gone since it was listed
    }
  }

  /** The number at the end of a name, 0 where there is none or a long one (a date). */
  private static int number(String name) {
    int start = name.length();
    while (start > 0 && Character.isDigit(name.charAt(start - 1))) {
      start--;
    }
    int digits = name.length() - start;
    return digits == 0 || digits > 4 ? 0 : Integer.parseInt(name.substring(start));
  }
}
