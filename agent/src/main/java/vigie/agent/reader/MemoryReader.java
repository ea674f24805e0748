package vigie.agent.reader;

import java.io.IOException;

/** /proc/meminfo: each line as the kernel names it, in bytes where the line has a unit. */
public final class MemoryReader implements AutoCloseable {
  private static final int MAX_LINES = 256;

  private final KernelFile file;
  private final String[] names = new String[MAX_LINES];
  private final double[] values = new double[MAX_LINES];
  private final boolean[] inBytes = new boolean[MAX_LINES];
  private int count;

  public MemoryReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("meminfo"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/meminfo cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    while (in.line() && count < MAX_LINES) {
      if (!in.fieldBefore(':', false)) {
        continue;
      }
      String name = in.text();
      double value = in.number();
      boolean kilobytes = in.field() && in.is("kB");
      names[count] = name;
      values[count] = kilobytes ? value * 1024 : value;
      inBytes[count] = kilobytes;
      count++;
    }
  }

  public int count() {
    return count;
  }

  /** The kernel's name of the line: {@code MemTotal}, {@code Active(anon)}. */
  public String name(int index) {
    return names[index];
  }

  public double value(int index) {
    return values[index];
  }

  /** Whether the value is in bytes; otherwise it is a count. */
  public boolean inBytes(int index) {
    return inBytes[index];
  }

  @Override
  public void close() {
    file.close();
  }
}
