package vigie.agent.facts;

import java.util.List;

/** What the machine consists of, asked anew at each call; any call may be slow and may throw. */
public interface Hardware {
  /** Never changes while the agent runs. */
  Computer computer();

  /** Never changes while the agent runs. */
  Processor processor();

  Sensors sensors();

  List<Disk> disks();

  List<Battery> batteries();

  /** The machine's, by OSHI without native code; its classes are loaded by the first call. */
  static Hardware host() {
    return new OshiHardware();
  }

  /** Texts are empty where unknown. Serial numbers are left out: metrics are widely readable. */
  record Computer(String manufacturer, String model, String board, String firmware) {}

  /** Texts are empty, numbers 0 where unknown. */
  record Processor(
      String name, String vendor, String architecture, int packages, int cores, int threads) {}

  /** Temperature and voltage are NaN where unknown; fans in turns a minute, 0 for a fan at rest. */
  record Sensors(double celsius, double volts, List<Integer> fans) {
    /** A machine without any. */
    public static final Sensors NONE = new Sensors(Double.NaN, Double.NaN, List.of());

    public Sensors {
      fans = List.copyOf(fans);
    }
  }

  /** A disk and its size in bytes. */
  record Disk(String device, String model, long sizeBytes) {}

  /** A battery and its charge, 0 to 1. */
  record Battery(String name, double charge) {}
}
