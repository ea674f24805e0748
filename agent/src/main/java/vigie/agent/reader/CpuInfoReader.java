package vigie.agent.reader;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * /proc/cpuinfo: a block of {@code key : value} for each processor. Its keys differ between
 * architectures; those of x86 are what is asked for, others are empty. Not for the hot path.
 */
public final class CpuInfoReader implements AutoCloseable {
  private static final int MAX_CPUS = 8192;

  private final KernelFile file;

  public CpuInfoReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("cpuinfo"));
  }

  /**
   * The processors as they are now.
   *
   * @throws IOException when /proc/cpuinfo cannot be read
   */
  public List<Cpu> read() throws IOException {
    Bytes in = file.read();
    List<Cpu> cpus = new ArrayList<>();
    while (in.line() && cpus.size() <= MAX_CPUS) {
      if (!in.fieldBefore(':', false)) {
        continue;
      }
      String key = in.text().strip();
      String value = in.rest() ? in.text() : "";
      if (key.equals("processor")) {
        cpus.add(new Cpu(value, new HashMap<>()));
      } else if (!cpus.isEmpty()) {
        cpus.get(cpus.size() - 1).values.put(key, value);
      }
    }
    return cpus;
  }

  @Override
  public void close() {
    file.close();
  }

  /** One block of the file. */
  public record Cpu(String number, Map<String, String> values) {
    /** The value of a key; empty where the kernel tells none. */
    public String text(String key) {
      return values.getOrDefault(key, "");
    }

    /** The value as a number; NaN where it is none. */
    public double value(String key) {
      try {
        return Double.parseDouble(text(key));
      } catch (NumberFormatException notTold) {
        return Double.NaN;
      }
    }
  }
}
