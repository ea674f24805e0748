package vigie.agent.reader;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Single values under /proc/sys, by their path below it. One thread at a time. */
public final class SysctlReader {
  private static final int MOST_WORDS = 64;

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

  /** The words of the file's line, at most 64; empty where there is no file. */
  public List<String> words(String path) {
    List<String> words = new ArrayList<>();
    Bytes line = files.open(folder + path);
    while (line != null && words.size() < MOST_WORDS && line.field()) {
      words.add(line.text());
    }
    return words;
  }
}
