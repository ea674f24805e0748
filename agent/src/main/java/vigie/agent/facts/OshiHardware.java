package vigie.agent.facts;

import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import oshi.hardware.Baseboard;
import oshi.hardware.ComputerSystem;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.spi.SystemInfoFactory;
import oshi.util.GlobalConfig;
import oshi.util.driver.linux.proc.CpuInfo;

/**
 * The hardware as OSHI sees it, with what it takes from files. Where OSHI finds no file it runs
 * programs (vcgencmd, lshw, lshal, dmidecode), or tries to, which costs a small node more than all
 * else; so it is asked only for what has a file. Memory modules alone come from a program, {@code
 * dmidecode}.
 */
final class OshiHardware implements Hardware {
  private static final String UNKNOWN = "unknown";
  private static final int MOST = 256;
  private static final int MOST_TEXT = 128;

  private final Path procfs;
  private final Path sysfs;
  private final boolean serials;
  private @Nullable HardwareAbstractionLayer layer; // guarded by this

  OshiHardware(Path procfs, Path sysfs, boolean serials) {
    this.procfs = procfs;
    this.sysfs = sysfs;
    this.serials = serials;
  }

  private synchronized HardwareAbstractionLayer layer() {
    HardwareAbstractionLayer known = layer;
    if (known == null) {
      GlobalConfig.set("oshi.util.proc.path", procfs.toString());
      GlobalConfig.set("oshi.util.sys.path", sysfs.toString());
      known = SystemInfoFactory.create().getHardware();
      layer = known;
    }
    return known;
  }

  @Override
  public Computer computer() {
    ComputerSystem system = layer().getComputerSystem();
    Baseboard board = system.getBaseboard();
    boolean named = readable("devices/virtual/dmi/id/product_name");
    boolean tree = readable("firmware/devicetree/base/model");
    return new Computer(
        text(system.getManufacturer()),
        named || tree ? text(system.getModel()) : "",
        text(board.getModel()),
        serials ? serial(system) : "");
  }

  private String serial(ComputerSystem system) {
    // A PC tells its serial number to root only; a Raspberry Pi has it beside the processor.
    boolean told = readable("devices/virtual/dmi/id/product_serial");
    return text(told ? system.getSerialNumber() : CpuInfo.queryBoardInfo().getD());
  }

  @Override
  public List<MemoryModule> memory() {
    if (!readable("firmware/dmi/tables/DMI") || !installed("dmidecode")) {
      return List.of();
    }
    return bounded(
        layer().getMemory().getPhysicalMemory(),
        module ->
            new MemoryModule(
                text(module.getBankLabel()),
                module.getCapacity(),
                text(module.getMemoryType()),
                Math.max(0, module.getClockSpeed()),
                text(module.getManufacturer()),
                text(module.getPartNumber())));
  }

  @Override
  public Sensors sensors() {
    layer(); // has set where the files are
    oshi.hardware.Sensors sensors = sensorsOfFiles();
    double celsius = sensors.getCpuTemperature();
    List<Integer> fans = new ArrayList<>();
    for (int speed : sensors.getFanSpeeds()) {
      if (fans.size() < MOST) {
        fans.add(speed);
      }
    }
    return new Sensors(celsius == 0 ? Double.NaN : celsius, fans); // 0: not known
  }

  /**
   * OSHI's public way to its sensors runs vcgencmd, and where that answers it runs it for every
   * value, though the kernel has the same in files. So they are made by the constructor that is
   * told not to; {@code OshiHardwareTest} fails when OSHI changes it.
   */
  private oshi.hardware.Sensors sensorsOfFiles() {
    String name = "oshi.hardware.common.platform.linux.LinuxSensors";
    try {
      Constructor<?> constructor =
          Class.forName(name).getDeclaredConstructor(String.class, String.class, boolean.class);
      constructor.setAccessible(true);
      String monitors = sysfs.resolve("class/hwmon/hwmon").toString();
      String zones = sysfs.resolve("class/thermal/thermal_zone").toString();
      return (oshi.hardware.Sensors) constructor.newInstance(monitors, zones, false);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("BUG: OSHI's sensors are made in another way: " + e, e);
    }
  }

  @Override
  public List<Disk> disks() {
    return bounded(
        layer().getDiskStores(),
        disk -> {
          String name = disk.getName();
          String device = name.startsWith("/dev/") ? name.substring("/dev/".length()) : name;
          String serial = serials ? text(disk.getSerial()) : "";
          return new Disk(device, text(disk.getModel()), serial, disk.getSize());
        });
  }

  @Override
  public List<Battery> batteries() {
    return bounded(
        layer().getPowerSources(),
        source -> {
          double charge = source.getRemainingCapacityPercent(); // 0 to 1 in spite of its name
          return charge < 0 ? null : new Battery(text(source.getName()), charge);
        });
  }

  private static <A, B> List<B> bounded(List<A> all, Function<A, @Nullable B> each) {
    return all.stream().map(each).filter(Objects::nonNull).limit(MOST).toList();
  }

  private boolean readable(String file) {
    return Files.isReadable(sysfs.resolve(file));
  }

  private static boolean installed(String program) {
    String path = System.getenv("PATH");
    return path != null
        && Stream.of(path.split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  /** Without the NUL that ends texts of a device tree, and what else no label should hold. */
  private static String text(@Nullable String value) {
    if (value == null || value.equalsIgnoreCase(UNKNOWN)) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    value.chars().filter(c -> c >= ' ').limit(MOST_TEXT).forEach(c -> text.append((char) c));
    return text.toString().strip();
  }
}
