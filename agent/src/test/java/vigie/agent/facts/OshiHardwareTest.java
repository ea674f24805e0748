package vigie.agent.facts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import oshi.spi.SystemInfoFactory;
import vigie.agent.facts.Hardware.Battery;
import vigie.agent.facts.Hardware.Computer;
import vigie.agent.facts.Hardware.Disk;
import vigie.agent.facts.Hardware.Sensors;

/**
 * OSHI over trees of files. Runs a second time with oshi-core on the class path, whose provider
 * calls native code: both must answer the same.
 */
class OshiHardwareTest {
  private static final String PROVIDER =
      System.getProperty("oshi.provider", "oshi.nativefree.SystemInfo");
  private static final String IDENTITY = "sys/devices/virtual/dmi/id/";

  @TempDir Path root;
  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  @Test
  void givenClassPath_whenAsked_thenItsProviderAnswers() {
    assertThat(SystemInfoFactory.create().getClass().getName()).isEqualTo(PROVIDER);
  }

  @Test
  void givenRaspberryPi_whenAsked_thenModelTemperatureAndOptInSerialNumber() throws Exception {
    file("sys/firmware/devicetree/base/model", "Raspberry Pi Zero W Rev 1.1\0");
    file("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n");
    file("sys/class/thermal/thermal_zone0/temp", "44388\n");
    file("proc/cpuinfo", "CPU implementer\t: 0x41\nRevision\t: 9000c1\nSerial\t\t: 00c0ffee\n");

    Hardware pi = hardware(false);

    assertThat(pi.computer().model()).isEqualTo("Raspberry Pi Zero W Rev 1.1");
    assertThat(pi.computer().serial()).isEmpty();
    assertThat(pi.sensors()).isEqualTo(new Sensors(44.388, List.of()));
    assertThat(pi.memory()).isEmpty();
    assertThat(hardware(true).computer().serial()).isEqualTo("00c0ffee");
  }

  @Test
  void givenServer_whenAsked_thenIdentityFansAndBattery() throws Exception {
    file("proc/stat", "btime 1767225600\n");
    file(IDENTITY + "sys_vendor", "Maker\n");
    file(IDENTITY + "product_name", "Server 9\n");
    file(IDENTITY + "product_serial", "S123\n");
    file(IDENTITY + "board_name", "Board 1\n");
    file("sys/class/hwmon/hwmon0/name", "coretemp\n");
    file("sys/class/hwmon/hwmon0/temp1_input", "47000\n");
    file("sys/class/hwmon/hwmon1/name", "nct6775\n");
    file("sys/class/hwmon/hwmon1/fan1_input", "0\n");
    file("sys/class/hwmon/hwmon1/fan2_input", "1054\n");
    file(
        "sys/class/power_supply/BAT0/uevent",
        "POWER_SUPPLY_NAME=BAT0\nPOWER_SUPPLY_PRESENT=1\nPOWER_SUPPLY_CAPACITY=87\n");

    Hardware server = hardware(true);

    assertThat(server.computer()).isEqualTo(new Computer("Maker", "Server 9", "Board 1", "S123"));
    assertThat(server.sensors()).isEqualTo(new Sensors(47, List.of(0, 1054)));
    assertThat(server.batteries()).containsExactly(new Battery("BAT0", 0.87));
  }

  @Test
  void givenMachineThatTellsNothing_whenAsked_thenNothingAndNoFailure() throws Exception {
    Files.createDirectories(root.resolve("sys"));
    file("proc/cpuinfo", "processor\t: 0\n");
    file("proc/stat", "btime 1767225600\n");

    Hardware bare = hardware(true);

    assertThat(bare.computer()).isEqualTo(new Computer("", "", "", ""));
    assertThat(bare.sensors().celsius()).isNaN();
    assertThat(bare.sensors().fans()).isEmpty();
    assertThat(bare.batteries()).isEmpty();
    assertThat(bare.memory()).isEmpty();
  }

  @Test
  @DisabledIfSystemProperty(
      named = "oshi.provider",
      matches = "oshi.SystemInfo",
      disabledReason = "oshi-core asks udev for disks, which knows this machine's only")
  void givenDisks_whenAsked_thenModelSizeAndOptInSerialNumber() throws Exception {
    file("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n");
    file("sys/block/sda/device/model", "Disk 1000\n");
    file("sys/block/sda/device/serial", "D77\n");
    file("sys/block/sda/size", "2048\n");
    file("sys/block/sda/stat", "1 0 8 1 1 0 8 1 0 2 2\n");
    file("sys/block/loop0/size", "8\n");

    assertThat(hardware(false).disks()).containsExactly(new Disk("sda", "Disk 1000", "", 1 << 20));
    assertThat(hardware(true).disks())
        .containsExactly(new Disk("sda", "Disk 1000", "D77", 1 << 20));
  }

  @Test
  void givenThisMachine_whenItsDisksAreAsked_thenEachOnceWithItsSize() {
    List<Disk> disks = Hardware.host(Path.of("/proc"), Path.of("/sys"), false).disks();

    assertThat(disks).allMatch(disk -> !disk.device().isEmpty() && disk.sizeBytes() >= 0);
    assertThat(disks).extracting(Disk::device).doesNotHaveDuplicates();
  }

  private void file(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  /** By classes of its own, since OSHI keeps for good what tree it saw first. */
  private Hardware hardware(boolean serials) throws Exception {
    List<URL> jars = new ArrayList<>();
    for (String name : List.of(PROVIDER, SystemInfoFactory.class.getName())) {
      jars.add(Class.forName(name).getProtectionDomain().getCodeSource().getLocation());
    }
    jars.add(OshiHardware.class.getProtectionDomain().getCodeSource().getLocation());
    ClassLoader apart = new Apart(jars.toArray(URL[]::new), before);
    Thread.currentThread().setContextClassLoader(apart); // where OSHI looks for its provider
    Class.forName("oshi.util.GlobalConfig", true, apart)
        .getMethod("set", String.class, Object.class)
        .invoke(null, "oshi.os.linux.allowudev", false); // it knows no other machine
    Constructor<?> constructor =
        Class.forName(OshiHardware.class.getName(), true, apart)
            .getDeclaredConstructor(Path.class, Path.class, boolean.class);
    constructor.setAccessible(true);
    return (Hardware) constructor.newInstance(root.resolve("proc"), root.resolve("sys"), serials);
  }

  private static final class Apart extends URLClassLoader {
    Apart(URL[] jars, ClassLoader parent) {
      super(jars, parent);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("oshi.") && !name.equals(OshiHardware.class.getName())) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? findClass(name) : loaded;
      }
    }
  }
}
