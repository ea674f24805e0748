package vigie.agent.reader;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A line of mountinfo. Source: proc_pid_mountinfo(5).
 *
 * <pre>
 * 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 * id parent dev root mount options optional… - type source super-options
 * </pre>
 *
 * @param number the device's, {@code major:minor}
 * @param mountPoint as the watched system sees it
 */
public record Mount(
    String device, String number, String mountPoint, String type, boolean readOnly) {
  private static final int MAX_MOUNTS = 4096;

  /**
   * The mounts of a mountinfo text that are wanted, each (device, mount point, type) once: of those
   * on top of each other the last, which is the one that whoever asks there sees.
   */
  static List<Mount> parse(String text, String rootfs, Predicate<Mount> wanted) {
    Map<Mount, Mount> mounts = new LinkedHashMap<>();
    for (String line : text.split("\n", -1)) {
      Mount mount = parseLine(line, rootfs);
      if (mount != null && wanted.test(mount) && mounts.size() < MAX_MOUNTS) {
        mounts.put(mount.key(), mount);
      }
    }
    return new ArrayList<>(mounts.values());
  }

  private Mount key() {
    return new Mount(device, "", mountPoint, type, false);
  }

  private static @Nullable Mount parseLine(String line, String rootfs) {
    int dash = line.indexOf(" - ");
    if (dash < 0) {
      return null;
    }
    String[] left = line.substring(0, dash).split(" ", -1);
    String[] right = line.substring(dash + 3).split(" ", -1);
    if (left.length < 6 || right.length < 2) {
      return null;
    }
    boolean readOnly = hasReadOnly(left[5]) || (right.length > 2 && hasReadOnly(right[2]));
    return new Mount(
        unescape(right[1]),
        left[2],
        below(unescape(left[4]), rootfs),
        unescape(right[0]),
        readOnly);
  }

  private static boolean hasReadOnly(String options) {
    return options.equals("ro") || options.startsWith("ro,");
  }

  private static String below(String path, String rootfs) {
    if (rootfs.equals("/") || !(path + "/").startsWith(rootfs + "/")) {
      return path;
    }
    return path.length() == rootfs.length() ? "/" : path.substring(rootfs.length());
  }

  /** The kernel writes space, tab, line end and backslash as three octal digits. */
  static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    byte[] in = text.getBytes(StandardCharsets.UTF_8);
    int length = 0;
    for (int i = 0; i < in.length; i++) {
      if (in[i] == '\\' && i + 3 < in.length && octal(in, i + 1)) {
        in[length++] = (byte) ((in[i + 1] & 7) << 6 | (in[i + 2] & 7) << 3 | (in[i + 3] & 7));
        i += 3;
      } else {
        in[length++] = in[i];
      }
    }
    return new String(in, 0, length, StandardCharsets.UTF_8);
  }

  private static boolean octal(byte[] in, int at) {
    for (int i = at; i < at + 3; i++) {
      if (in[i] < '0' || in[i] > '7') {
        return false;
      }
    }
    return true;
  }
}
