package vigie.agent.metric;

import java.util.List;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.SysctlReader;

/** {@code node_entropy_*}: the kernel's pool of randomness. */
final class EntropyMetrics implements Subject {
  private final Family available =
      Family.gauge("node_entropy_available_bits", "Randomness that the kernel has, in bits.");
  private final Family poolSize =
      Family.gauge("node_entropy_pool_size_bits", "Randomness that the kernel can have, in bits.");
  private final SysctlReader sysctl;

  EntropyMetrics(SysctlReader sysctl) {
    this.sysctl = sysctl;
  }

  @Override
  public String name() {
    return "entropy";
  }

  @Override
  public List<Family> families() {
    return List.of(available, poolSize);
  }

  @Override
  public void collect() throws NoDataException {
    double bits = sysctl.number("kernel/random/entropy_avail");
    if (Double.isNaN(bits)) {
      throw new NoDataException("no number in /proc/sys/kernel/random/entropy_avail");
    }
    available.add(bits);
    poolSize.add(sysctl.number("kernel/random/poolsize"));
  }
}
