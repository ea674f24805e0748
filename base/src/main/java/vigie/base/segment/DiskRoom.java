package vigie.base.segment;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says of a disk that is full which one it is, and what to do. */
public final class DiskRoom {
  private static final long LITTLE = 1 << 20;

  private DiskRoom() {}

  /**
   * What to add to the words of a failure: {@code ""} where the disk is not full, or the words say
   * so already.
   *
   * @param folder on that disk; it need not be there
   * @param words of the failure
   */
  public static String hint(Path folder, String words) {
    if (words.endsWith("make room")) {
      return "";
    }
    String disk = "; the disk of " + folder;
    long free = freeBytes(folder);
    if (free < LITTLE) {
      return disk + " has " + (free >> 10) + " KiB left: make room";
    }
    // As the system says it: files or a quota can run out before the bytes do.
    boolean takesNoMore = words.contains("No space left") || words.contains("uota exceeded");
    return takesNoMore ? disk + " takes no more files or bytes (df -i, quota): make room" : "";
  }

  /** {@code FileLayer.reason}, and where the disk is full what to do. */
  public static String reason(Path folder, IOException e) {
    String words = FileLayer.reason(e);
    return words + hint(folder, words);
  }

  /** Many where that cannot be known. */
  private static long freeBytes(Path folder) {
    for (Path at = folder.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at)) {
        try {
          return Files.getFileStore(at).getUsableSpace();
        } catch (IOException unknown) {
          return Long.MAX_VALUE;
        }
      }
    }
    return Long.MAX_VALUE;
  }
}
