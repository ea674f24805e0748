package vigie.agent.probe;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One look through the folders of a pattern: how many regular files match, and the newest of them.
 * Keeps a few files and no list, so that a folder of thousands costs no memory. A symbolic link
 * counts as the file it leads to, unless that one matches itself. As in a shell, a wildcard does
 * not stand for a dot at the start of a name: rsync's unfinished files are such.
 */
final class FileScan {
  /** The newest and those that it is compared with. */
  static final int MOST_KEPT = 31;

  private static final int MOST_ENTRIES = 100_000;
  private static final String WILDCARDS = "*?[";

  private final Path pattern;
  private final Instant latest;
  private final BooleanSupplier ended;
  private final PriorityQueue<Found> newest =
      new PriorityQueue<>(Comparator.comparing(Found::modified));
  private long entries;
  private long count;
  private long others;
  private long future;
  private @Nullable Found furthest;
  private @Nullable Path denied;
  private boolean deniedOnTheWay;
  private @Nullable Path missing;
  private @Nullable Path dangling;
  private String fault = "";

  /** A regular file that matches. */
  record Found(Path path, Instant modified, long size) {}

  /**
   * @param latest what is dated after this is kept apart: a clock was wrong
   * @param ended asked for each entry; a scan ends early where it says so
   */
  FileScan(Path pattern, Instant latest, BooleanSupplier ended) {
    this.pattern = pattern;
    this.latest = latest;
    this.ended = ended;
  }

  /** The folders of a pattern up to the first name with a wildcard. */
  static Path folder(Path pattern) {
    Path folder = pattern.getRoot();
    for (int i = 0; i < pattern.getNameCount() - 1; i++) {
      if (isWild(pattern.getName(i))) {
        break;
      }
      folder = folder.resolve(pattern.getName(i));
    }
    return folder;
  }

  static boolean isWild(Path name) {
    return name.toString().chars().anyMatch(c -> WILDCARDS.indexOf(c) >= 0);
  }

  FileScan run() {
    scan(pattern.getRoot(), 0, false);
    return this;
  }

  private void scan(Path folder, int part, boolean chosen) {
    Path name = pattern.getName(part);
    boolean last = part == pattern.getNameCount() - 1;
    if (!isWild(name)) {
      Path path = folder.resolve(name);
      if (last) {
        take(folder, path, null, chosen);
      } else {
        scan(path, part + 1, chosen);
      }
      return;
    }
    PathMatcher matcher = matcher(name);
    boolean dots = name.toString().startsWith(".");
    try (DirectoryStream<Path> members = Files.newDirectoryStream(folder)) {
      for (Path member : members) {
        if (++entries > MOST_ENTRIES || ended.getAsBoolean()) {
          return;
        }
        Path memberName = member.getFileName();
        if (!dots && memberName.toString().startsWith(".")) {
          continue;
        }
        if (!matcher.matches(memberName)) {
          others += last ? 1 : 0;
        } else if (last) {
          take(folder, member, matcher, chosen);
        } else if (Files.isDirectory(member)) {
          scan(member, part + 1, true);
        }
      }
    } catch (DirectoryIteratorException e) {
      IOException cause = e.getCause();
      failed(folder, cause == null ? new IOException(e) : cause, chosen);
    } catch (IOException e) {
      failed(folder, e, chosen);
    }
  }

  /**
   * Braces are no wildcards, as in agent.yaml's other patterns.
   *
   * @throws java.util.regex.PatternSyntaxException if it is wrong
   */
  static PathMatcher matcher(Path name) {
    String glob = name.toString().replace("{", "\\{").replace("}", "\\}");
    return name.getFileSystem().getPathMatcher("glob:" + glob);
  }

  private void take(Path folder, Path path, @Nullable PathMatcher matcher, boolean chosen) {
    try {
      BasicFileAttributes is =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (is.isSymbolicLink()) {
        if (matcher != null && leadsToAnother(folder, path, matcher)) {
          return;
        }
        is = Files.readAttributes(path, BasicFileAttributes.class);
      }
      if (is.isRegularFile()) {
        count(new Found(path, is.lastModifiedTime().toInstant(), is.size()));
      } else {
        others++;
      }
    } catch (NoSuchFileException gone) {
      if (Files.isSymbolicLink(path)) {
        dangling = path;
      } else if (matcher == null && !Files.isDirectory(folder)) {
        missing = folder;
      }
    } catch (IOException e) {
      failed(path, e, chosen);
    }
  }

  /** Whether a link leads to a file of the same folder that matches, and so is counted itself. */
  private static boolean leadsToAnother(Path folder, Path link, PathMatcher matcher)
      throws IOException {
    Path real = link.toRealPath();
    return folder.toRealPath().equals(real.getParent()) && matcher.matches(real.getFileName());
  }

  private void count(Found found) {
    count++;
    if (found.modified.isAfter(latest)) {
      future++;
      if (furthest == null || found.modified.isAfter(furthest.modified)) {
        furthest = found;
      }
      return;
    }
    newest.add(found);
    if (newest.size() > MOST_KEPT) {
      newest.poll();
    }
  }

  /**
   * @param chosen whether a wildcard led there: such a folder ({@code lost+found}) was not asked
   *     for by name, and must not hide the others
   */
  private void failed(Path at, IOException e, boolean chosen) {
    if (e instanceof AccessDeniedException) {
      denied = at;
      deniedOnTheWay |= !chosen;
    } else if (e instanceof NoSuchFileException || e instanceof NotDirectoryException) {
      missing = chosen ? missing : at;
    } else {
      fault = Words.name(at) + " cannot be read: " + PeerWords.of(e);
    }
  }

  /** The newest files that match, newest first, at most {@link #MOST_KEPT}. */
  List<Found> newest() {
    List<Found> sorted = new ArrayList<>(newest);
    sorted.sort(newest.comparator().reversed());
    return sorted;
  }

  /** How many files match, those dated in the future included. */
  long count() {
    return count;
  }

  /** How many entries there are that are no regular file or don't match. */
  long others() {
    return others;
  }

  /** How many files are dated in the future. */
  long future() {
    return future;
  }

  /** The one of them that is dated the latest. */
  @Nullable Found furthest() {
    return furthest;
  }

  /** A folder or file that this user may not read. */
  @Nullable Path denied() {
    return denied;
  }

  /** Whether that one was asked for by name. */
  boolean deniedOnTheWay() {
    return deniedOnTheWay;
  }

  /** A folder that was asked for by name and is not there. */
  @Nullable Path missing() {
    return missing;
  }

  /** A symbolic link that matches and leads nowhere. */
  @Nullable Path dangling() {
    return dangling;
  }

  /** What else went wrong; empty where nothing did. */
  String fault() {
    return fault;
  }

  /** Whether there were too many entries, so that the newest may not have been seen. */
  boolean tooMany() {
    return entries > MOST_ENTRIES;
  }

  static int mostEntries() {
    return MOST_ENTRIES;
  }
}
