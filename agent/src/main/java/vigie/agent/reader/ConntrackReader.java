package vigie.agent.reader;

import java.io.IOException;
import java.util.Arrays;

/**
 * The kernel's connection tracking: entries and their limit under /proc/sys/net/netfilter, and the
 * sums over all processors of /proc/net/stat/nf_conntrack, whose columns its first line names.
 * Source: net/netfilter/nf_conntrack_standalone.c.
 */
public final class ConntrackReader implements AutoCloseable {
  /** The columns that are summed, as the file names them. */
  private static final String[] NAMES = {
    "found", "invalid", "ignore", "insert", "insert_failed", "drop", "early_drop", "search_restart"
  };

  /** Indices of {@link #sum}. */
  public static final int FOUND = 0,
      INVALID = 1,
      IGNORE = 2,
      INSERT = 3,
      INSERT_FAILED = 4,
      DROP = 5,
      EARLY_DROP = 6,
      SEARCH_RESTART = 7;

  private static final int MAX_COLUMNS = 64;

  private final SysctlReader sysctl;
  private final KernelFile stat;
  private final int[] columns = new int[MAX_COLUMNS];
  private final double[] sums = new double[NAMES.length];
  private double entries;
  private double limit;

  public ConntrackReader(Roots roots) {
    sysctl = new SysctlReader(roots);
    stat = new KernelFile(roots.procfs().resolve("net/stat/nf_conntrack"));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where connections are not tracked
   * @throws IOException when a file that is there cannot be read
   */
  public void read() throws IOException {
    entries = sysctl.number("net/netfilter/nf_conntrack_count");
    if (Double.isNaN(entries)) {
      throw new NoDataException("the kernel's module nf_conntrack is not loaded");
    }
    limit = sysctl.number("net/netfilter/nf_conntrack_max");
    Arrays.fill(sums, Double.NaN);
    Bytes in = stat.readIfThere();
    if (in == null || !in.line()) {
      return;
    }
    int count = 0;
    while (in.field() && count < MAX_COLUMNS) {
      columns[count] = -1;
      for (int i = 0; i < NAMES.length; i++) {
        if (in.is(NAMES[i])) {
          columns[count] = i;
          sums[i] = 0;
        }
      }
      count++;
    }
    while (in.line()) {
      for (int column = 0; column < count; column++) {
        double value = in.hex();
        if (columns[column] >= 0) {
          sums[columns[column]] += value;
        }
      }
    }
  }

  public double entries() {
    return entries;
  }

  public double limit() {
    return limit;
  }

  /** The sum of a column; NaN where this kernel does not tell it. */
  public double sum(int what) {
    return sums[what];
  }

  @Override
  public void close() {
    stat.close();
  }
}
