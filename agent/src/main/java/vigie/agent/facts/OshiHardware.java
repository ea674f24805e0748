package vigie.agent.facts;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oshi.hardware.CentralProcessor;
import oshi.hardware.ComputerSystem;
import oshi.hardware.HWDiskStore;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.PowerSource;
import oshi.spi.SystemInfoFactory;

/**
 * The hardware as OSHI sees it. It may run programs such as dmidecode, but not vcgencmd: on a
 * Raspberry Pi, where OSHI asks that one for sensors and firmware, these two are not asked of OSHI.
 * The kernel tells the same to the collectors hwmon, thermal_zone and rpi.
 */
final class OshiHardware implements Hardware {
  private static final String UNKNOWN = "unknown";
  private static final int MOST = 256;
  private static final Path MODEL = Path.of("/proc/device-tree/model");

  private @Nullable HardwareAbstractionLayer layer;

  private synchronized HardwareAbstractionLayer layer() {
    HardwareAbstractionLayer known = layer;
    if (known == null) {
      known = SystemInfoFactory.create().getHardware();
      layer = known;
    }
    return known;
  }

  @Override
  public Computer computer() {
    ComputerSystem system = layer().getComputerSystem();
    return new Computer(
        text(system.getManufacturer()),
        text(system.getModel()),
        text(system.getBaseboard().getModel()),
        isRaspberryPi() ? "" : text(system.getFirmware().getVersion()));
  }

  @Override
  public Processor processor() {
    CentralProcessor processor = layer().getProcessor();
    CentralProcessor.ProcessorIdentifier identifier = processor.getProcessorIdentifier();
    return new Processor(
        text(identifier.getName()),
        text(identifier.getVendor()),
        text(identifier.getMicroarchitecture()),
        processor.getPhysicalPackageCount(),
        processor.getPhysicalProcessorCount(),
        processor.getLogicalProcessorCount());
  }

  @Override
  public Sensors sensors() {
    if (isRaspberryPi()) {
      return Sensors.NONE;
    }
    oshi.hardware.Sensors sensors = layer().getSensors();
    List<Integer> fans = new ArrayList<>();
    for (int speed : sensors.getFanSpeeds()) {
      if (fans.size() < MOST) {
        fans.add(speed);
      }
    }
    return new Sensors(known(sensors.getCpuTemperature()), known(sensors.getCpuVoltage()), fans);
  }

  private static boolean isRaspberryPi() {
    try {
      return Files.readString(MODEL, StandardCharsets.ISO_8859_1).startsWith("Raspberry Pi");
    } catch (IOException noDeviceTree) {
      return false;
    }
  }

  /** OSHI says 0 for what it does not know. */
  private static double known(double value) {
    return value == 0 ? Double.NaN : value;
  }

  @Override
  public List<Disk> disks() {
    List<Disk> disks = new ArrayList<>();
    for (HWDiskStore disk : layer().getDiskStores()) {
      if (disks.size() < MOST) {
        String name = disk.getName();
        String device = name.startsWith("/dev/") ? name.substring(5) : name;
        disks.add(new Disk(device, text(disk.getModel()), disk.getSize()));
      }
    }
    return disks;
  }

  @Override
  public List<Battery> batteries() {
    List<Battery> batteries = new ArrayList<>();
    for (PowerSource source : layer().getPowerSources()) {
      double charge = source.getRemainingCapacityPercent(); // 0 to 1 in spite of its name
      if (batteries.size() < MOST && charge >= 0) {
        batteries.add(new Battery(text(source.getName()), charge));
      }
    }
    return batteries;
  }

  private static String text(@Nullable String value) {
    return value == null || value.equalsIgnoreCase(UNKNOWN) ? "" : value.strip();
  }
}
