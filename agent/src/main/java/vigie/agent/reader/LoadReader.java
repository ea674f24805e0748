package vigie.agent.reader;

import java.io.IOException;

/** /proc/loadavg: how many tasks ran or waited for a disk, over 1, 5 and 15 minutes. */
public final class LoadReader implements AutoCloseable {
  private final KernelFile file;
  private double load1;
  private double load5;
  private double load15;

  public LoadReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("loadavg"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/loadavg cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    in.line();
    load1 = in.number();
    load5 = in.number();
    load15 = in.number();
  }

  public double load1() {
    return load1;
  }

  public double load5() {
    return load5;
  }

  public double load15() {
    return load15;
  }

  @Override
  public void close() {
    file.close();
  }
}
