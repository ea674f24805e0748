package vigie.agent.reader;

import java.util.ArrayList;
import java.util.List;

/**
 * How often each core and package was slowed down for heat: {@code thermal_throttle} under
 * /sys/devices/system/cpu, which Intel processors have outside virtual machines.
 */
public final class ThrottleReader {
  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public ThrottleReader(Roots roots) {
    folder = roots.sysfs() + "/devices/system/cpu/";
  }

  /**
   * The counts of the processors 0 to {@code cpus - 1}; empty where processor 0 has none, so that
   * other machines pay for one file that is not there.
   */
  public List<Throttle> read(int cpus) {
    List<Throttle> counts = new ArrayList<>();
    for (int cpu = 0; cpu < cpus; cpu++) {
      String path = folder + "cpu" + cpu;
      double core = files.number(path + "/thermal_throttle/core_throttle_count");
      double inPackage = files.number(path + "/thermal_throttle/package_throttle_count");
      if (Double.isNaN(core) && Double.isNaN(inPackage)) {
        if (cpu == 0) {
          return counts;
        }
        continue;
      }
      String coreId = files.text(path + "/topology/core_id");
      String packageId = files.text(path + "/topology/physical_package_id");
      if (!coreId.isEmpty() && !packageId.isEmpty()) {
        counts.add(new Throttle(coreId, packageId, core, inPackage));
      }
    }
    return counts;
  }

  /** One processor's view; processors of one core tell the same number. */
  public record Throttle(String core, String packageId, double coreCount, double packageCount) {}
}
