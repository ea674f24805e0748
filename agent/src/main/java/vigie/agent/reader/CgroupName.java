package vigie.agent.reader;

import org.jspecify.annotations.Nullable;

/**
 * What a control group is for, by its path alone.
 *
 * @param kind {@code unit}, {@code container}, {@code machine}, {@code user} or {@code other}
 * @param name of the unit; the first 12 digits of the container's id, or its name where it has one;
 *     of the machine; the number of the user
 */
record CgroupName(String kind, String name) {
  private static final int ID_DIGITS = 64;
  private static final int SHORT_ID = 12;

  /**
   * The name of a folder that is told as one, with all below it; null for one that is only a way to
   * others.
   *
   * @param parent the path of the folder that it lies in, empty for the root
   */
  static @Nullable CgroupName of(String parent, String folder) {
    String bare = without(folder, ".scope");
    String id = bare.substring(Math.max(bare.lastIndexOf('-'), bare.lastIndexOf(':')) + 1);
    // conmon watches a container from outside of it.
    if (isId(id) && !bare.contains("conmon-")) {
      return new CgroupName("container", id.substring(0, SHORT_ID));
    }
    if (folder.startsWith("lxc.payload.")) {
      return new CgroupName("container", folder.substring("lxc.payload.".length()));
    }
    if (parent.equals("/lxc") || parent.equals("/lxc.payload")) {
      return new CgroupName("container", folder);
    }
    if (parent.equals("/machine.slice") && folder.startsWith("machine-")) {
      return new CgroupName("machine", bare.substring("machine-".length()).replace("\\x2d", "-"));
    }
    if (parent.equals("/user.slice") && folder.startsWith("user-")) {
      return new CgroupName("user", without(folder, ".slice").substring("user-".length()));
    }
    return isUnit(folder) ? new CgroupName("unit", folder) : null;
  }

  private static boolean isUnit(String folder) {
    return folder.endsWith(".service")
        || folder.endsWith(".scope")
        || folder.endsWith(".socket")
        || folder.endsWith(".mount")
        || folder.endsWith(".swap");
  }

  private static boolean isId(String text) {
    if (text.length() != ID_DIGITS) {
      return false;
    }
    for (int i = 0; i < ID_DIGITS; i++) {
      if (Character.digit(text.charAt(i), 16) < 0) {
        return false;
      }
    }
    return true;
  }

  private static String without(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }
}
