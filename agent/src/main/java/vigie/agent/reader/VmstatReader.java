package vigie.agent.reader;

import java.io.IOException;

/** /proc/vmstat: the counters of the kernel's memory management. Source: mm/vmstat.c. */
public final class VmstatReader implements AutoCloseable {
  private final KernelFile file;
  private final NamedValues values = new NamedValues();

  public VmstatReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("vmstat"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/vmstat cannot be read
   */
  public NamedValues read() throws IOException {
    Bytes in = file.read();
    values.clear();
    while (in.line()) {
      if (in.field()) {
        String name = in.text();
        values.add(name, in.number());
      }
    }
    return values;
  }

  @Override
  public void close() {
    file.close();
  }
}
