package vigie.agent.reader;

import java.io.IOException;
import java.util.Arrays;

/**
 * /proc/net/softnet_stat: what each processor did with the packets that arrived, one line of
 * hexadecimal columns each. Source: the kernel's net/core/net-procfs.c.
 */
public final class SoftnetReader implements AutoCloseable {
  /** What is told of a processor. */
  public static final int PROCESSED = 0,
      DROPPED = 1,
      SQUEEZED = 2,
      COLLISIONS = 3,
      RECEIVED_RPS = 4,
      FLOW_LIMIT = 5,
      BACKLOG = 6,
      COUNT = 7;

  /** The file's columns of the above; the twelfth is the processor's number since kernel 5.10. */
  private static final int[] COLUMNS = {0, 1, 2, 8, 9, 10, 11};

  private static final int CPU_COLUMN = 12;
  private static final int MAX_CPUS = 8192;

  private final KernelFile file;
  private final double[] line = new double[CPU_COLUMN + 1];
  private int[] cpus = new int[8];
  private double[] values = new double[8 * COUNT];
  private int count;

  public SoftnetReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("net/softnet_stat"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/net/softnet_stat cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    while (in.line() && count < MAX_CPUS) {
      for (int column = 0; column < line.length; column++) {
        line[column] = in.hex();
      }
      if (!Double.isNaN(line[0])) {
        add();
      }
    }
  }

  private void add() {
    if (count == cpus.length) {
      cpus = Arrays.copyOf(cpus, count * 2);
      values = Arrays.copyOf(values, count * 2 * COUNT);
    }
    double cpu = line[CPU_COLUMN];
    cpus[count] = cpu < MAX_CPUS ? (int) cpu : count;
    for (int what = 0; what < COUNT; what++) {
      values[count * COUNT + what] = line[COLUMNS[what]];
    }
    count++;
  }

  /** How many processors there are. */
  public int count() {
    return count;
  }

  /** The kernel's number of the processor at {@code index}; the line's where it is not told. */
  public int cpu(int index) {
    return cpus[index];
  }

  /** A value of the processor at {@code index}; NaN where this kernel does not tell it. */
  public double value(int index, int what) {
    return values[index * COUNT + what];
  }

  @Override
  public void close() {
    file.close();
  }
}
