package vigie.agent.reader;

import org.jspecify.annotations.Nullable;

/** Where a version of control groups keeps its numbers. One thread at a time. */
interface CgroupFiles {
  /** The folder whose folders are the groups. */
  String folder();

  /** The files of a group that are read, always as many; each is looked for in its folder. */
  String[] paths(String group);

  /**
   * Takes what a file tells.
   *
   * @param file the place of its path in {@link #paths}
   * @param text at its first line; null when it is empty or cannot be read
   * @param values to be set, by {@link CgroupReader#CPU_USER} and so on
   */
  void take(int file, @Nullable Bytes text, double[] values);

  /** The number behind {@code key} at the start of a line, from the line on where it is. */
  static double number(Bytes text, String key) {
    do {
      if (text.field() && text.is(key)) {
        return text.number();
      }
    } while (text.line());
    return Double.NaN;
  }
}
