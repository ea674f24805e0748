package vigie.agent.reader;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * /proc/interrupts or /proc/softirqs: a column for each processor that is on line, a line for each
 * kind of interrupt. Source: proc(5).
 */
public final class InterruptReader implements AutoCloseable {
  private static final int MAX_CPUS = 8192;
  private static final int MAX_ROWS = 8192;

  private final KernelFile file;
  private final List<Row> rows = new ArrayList<>();
  private int[] cpus = new int[8];
  private int cpuCount;
  private int count;

  private InterruptReader(Path path) {
    file = new KernelFile(path);
  }

  public static InterruptReader hard(Roots roots) {
    return new InterruptReader(roots.procfs().resolve("interrupts"));
  }

  public static InterruptReader soft(Roots roots) {
    return new InterruptReader(roots.procfs().resolve("softirqs"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when the file cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    readHead(in);
    while (in.line() && count < MAX_ROWS) {
      if (!in.fieldBefore(':', false)) {
        continue;
      }
      if (count == rows.size()) {
        rows.add(new Row());
      }
      Row row = rows.get(count);
      row.name = in.text();
      if (row.values.length < cpuCount) {
        row.values = new double[cpuCount];
      }
      boolean whole = true;
      for (int i = 0; i < cpuCount; i++) {
        row.values[i] = in.number();
        whole &= !Double.isNaN(row.values[i]);
      }
      if (whole) { // ERR and MIS have one number for all processors
        row.describe(in.rest() ? in.text() : "");
        count++;
      }
    }
  }

  private void readHead(Bytes in) {
    cpuCount = 0;
    if (!in.line()) {
      return;
    }
    while (cpuCount < MAX_CPUS && in.field()) {
      int cpu = in.startsWith("CPU") ? in.digitsAfter(3) : -1;
      if (cpuCount == cpus.length) {
        cpus = Arrays.copyOf(cpus, cpuCount * 2);
      }
      cpus[cpuCount] = cpu < 0 ? cpuCount : cpu;
      cpuCount++;
    }
  }

  /** How many processors there are. */
  public int cpuCount() {
    return cpuCount;
  }

  /** The kernel's number of the processor of a column. */
  public int cpu(int column) {
    return cpus[column];
  }

  /** The lines that have a number for each processor, overwritten by the next reading. */
  public List<Row> rows() {
    return rows.subList(0, count);
  }

  /** One kind of interrupt. */
  public static final class Row {
    private String name = "";
    private String description = "";
    private String firstWord = "";
    private String words = "";
    private double[] values = {};

    /** {@code 24}, {@code NMI}, {@code NET_RX}. */
    public String name() {
      return name;
    }

    /** What follows the numbers, with one space between words. */
    public String words() {
      return words;
    }

    /** The first of the words: of a numbered interrupt its controller. */
    public String firstWord() {
      return firstWord;
    }

    public double value(int column) {
      return values[column];
    }

    private void describe(String text) {
      if (!text.equals(description)) {
        description = text;
        String[] parts = text.trim().split("\\s+", -1);
        firstWord = parts[0];
        words = String.join(" ", parts);
      }
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
