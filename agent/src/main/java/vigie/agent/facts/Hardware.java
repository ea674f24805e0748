package vigie.agent.facts;

import java.nio.file.Path;
import java.util.List;

/** What the machine consists of, asked anew at each call; any call may be slow and may throw. */
public interface Hardware {
  /** Never changes while the agent runs. */
  Computer computer();

  /** Never changes while the agent runs; empty where the firmware does not tell this user. */
  List<MemoryModule> memory();

  Sensors sensors();

  List<Disk> disks();

  List<Battery> batteries();

  /**
   * The machine's, by OSHI; its classes are loaded by the first call.
   *
   * @param procfs where {@code /proc} is found
   * @param sysfs where {@code /sys} is found
   * @param serials whether serial numbers are told; empty otherwise, since many may read metrics
   */
  static Hardware host(Path procfs, Path sysfs, boolean serials) {
    return new OshiHardware(procfs, sysfs, serials);
  }

  /** Texts are empty where unknown. */
  record Computer(String manufacturer, String model, String board, String serial) {}

  /**
   * A module of memory.
   *
   * @param bank where it is, in the words of the firmware
   * @param hertz 0 where unknown
   */
  record MemoryModule(
      String bank, long sizeBytes, String type, long hertz, String manufacturer, String part) {}

  /** The processor's temperature, NaN where unknown; fans in turns a minute, 0 for one at rest. */
  record Sensors(double celsius, List<Integer> fans) {
    /** A machine without any. */
    public static final Sensors NONE = new Sensors(Double.NaN, List.of());

    public Sensors {
      fans = List.copyOf(fans);
    }
  }

  /** A disk and its size in bytes. */
  record Disk(String device, String model, String serial, long sizeBytes) {}

  /** A battery and its charge, 0 to 1. */
  record Battery(String name, double charge) {}
}
