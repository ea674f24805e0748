package vigie.agent.reader;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Attributes under /sys and single values under /proc/sys, at most 4 KiB each, opened, read and
 * closed at each reading into one kept buffer. One thread at a time.
 */
final class SmallFiles {
  /** More of a file is not read; a text of this length was most likely cut. */
  static final int MAX_BYTES = 4096;

  private final Bytes bytes = new Bytes(MAX_BYTES);

  /** The first line of the file, or null where it is missing, not readable now, or empty. */
  @Nullable Bytes open(String path) {
    int length;
    try (FileInputStream in = new FileInputStream(path)) {
      length = in.read(bytes.data, 0, bytes.data.length);
    } catch (IOException absent) {
      // Attributes that do not apply answer EINVAL: the speed of a link that is down, for one.
      return null;
    }
    bytes.reset(Math.max(0, length));
    return bytes.line() ? bytes : null;
  }

  /** Whether there is such a file or folder: cheaper to ask than to open what is not there. */
  static boolean exists(String path) {
    return new File(path).exists();
  }

  /** The first line's number, in hexadecimal behind {@code 0x}; or NaN. */
  double number(String path) {
    Bytes line = open(path);
    return line == null ? Double.NaN : line.signedOrHexadecimal();
  }

  /** The first line's text without spaces at its ends, or the empty string. */
  String text(String path) {
    Bytes line = open(path);
    return line != null && line.rest() ? line.text() : "";
  }

  /** How many names a folder has, or NaN where it is missing. */
  static double count(String folder) {
    String[] names = new File(folder).list();
    return names == null ? Double.NaN : names.length;
  }

  /** The names in a folder in order; empty where it is missing. */
  static String[] list(String folder) {
    String[] names = new File(folder).list();
    if (names == null) {
      return new String[0];
    }
    Arrays.sort(names);
    return names;
  }
}
