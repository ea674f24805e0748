package vigie.base.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What tells one content of a file from the next: its inode and when that changed last. Unlike the
 * time of the content nobody can set it, and a file that becomes readable has a new one.
 */
public record FileStamp(Path path, @Nullable Object changed, @Nullable Object inode) {
  /** The file as it is now; one that is missing has a stamp too. */
  public static FileStamp of(Path file) {
    try {
      Map<String, Object> now = Files.readAttributes(file, "unix:ctime,ino");
      return new FileStamp(file, now.get("ctime"), now.get("ino"));
    } catch (IOException gone) {
      return new FileStamp(file, null, null);
    }
  }

  /** The stamp among those known, else the present one. */
  public static FileStamp of(Path file, List<FileStamp> known) {
    return known.stream().filter(s -> s.path.equals(file)).findFirst().orElseGet(() -> of(file));
  }
}
