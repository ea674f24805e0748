package vigie.agent.reader;

import java.util.Arrays;

/** Single values under /proc/sys, by their path below it. One thread at a time. */
public final class SysctlReader {
  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public SysctlReader(Roots roots) {
    folder = roots.procfs() + "/sys/";
  }

  /** The number in the file, or NaN where this kernel has none. */
  public double number(String path) {
    return files.number(folder + path);
  }

  /** Fills {@code into} with the numbers of the file's line; NaN where there are fewer. */
  public void numbers(String path, double[] into) {
    Arrays.fill(into, Double.NaN);
    Bytes line = files.open(folder + path);
    for (int i = 0; line != null && i < into.length; i++) {
      into[i] = line.signed();
    }
  }
}
