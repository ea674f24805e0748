package vigie.agent.reader;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * /proc/net/dev: what each network device received and sent since it came up, and from /sys how
 * many packets nobody wanted. Source: the kernel's net/core/net-procfs.c.
 */
public final class TrafficReader implements AutoCloseable {
  /** Columns of a device: eight received, eight sent, and packets without a handler. */
  public static final int COLUMNS = 17;

  /** The column that /sys gives: packets dropped because nothing handled their protocol. */
  public static final int NO_HANDLER = 16;

  private static final int MAX_DEVICES = 4096;

  private final KernelFile file;
  private final SmallFiles files = new SmallFiles();
  private final String sysClassNet;
  private final List<Device> devices = new ArrayList<>();
  private int count;

  public TrafficReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("net/dev"));
    sysClassNet = roots.sysfs() + "/class/net/";
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/net/dev cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    while (in.line() && count < MAX_DEVICES) {
      // An old alias has a colon in its name; the titles have none.
      if (!in.fieldBefore(':', true)) {
        continue;
      }
      if (count == devices.size()) {
        devices.add(new Device());
      }
      Device device = devices.get(count++);
      String name = in.text();
      if (!device.name.equals(name)) {
        device.name = name;
        device.noHandlerPath = sysClassNet + name + "/statistics/rx_nohandler";
      }
      for (int column = 0; column < NO_HANDLER; column++) {
        device.values[column] = in.number();
      }
    }
    for (int i = 0; i < count; i++) {
      Device device = devices.get(i);
      device.values[NO_HANDLER] = files.number(device.noHandlerPath);
    }
  }

  /** The devices, overwritten by the next reading. */
  public List<Device> devices() {
    return devices.subList(0, count);
  }

  /** One line of the file. */
  public static final class Device {
    private String name = "";
    private String noHandlerPath = "";
    private final double[] values = new double[COLUMNS];

    public String name() {
      return name;
    }

    /** The value of a column, 0 to 16; NaN where this kernel does not tell it. */
    public double value(int column) {
      return values[column];
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
