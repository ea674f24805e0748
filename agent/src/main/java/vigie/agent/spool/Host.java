package vigie.agent.spool;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What tells this node from others. Empty strings and an empty list where the machine does not say.
 *
 * @param node the node's name, HOSTNAME of its records
 * @param boot the kernel's boot id
 * @param machineId content of {@code /etc/machine-id}
 * @param cpuSerial {@code Serial} of {@code /proc/cpuinfo}, as Raspberry Pis have it
 * @param macs the fixed addresses of the network devices that are hardware, sorted
 * @param clockSynced a file that is there while systemd-timesyncd holds the clock right
 * @param uptime {@code /proc/uptime}
 */
public record Host(
    String node,
    String boot,
    String machineId,
    String cpuSerial,
    List<String> macs,
    Path clockSynced,
    Path uptime) {
  private static final int MOST_BYTES = 4 << 20;

  public Host {
    macs = List.copyOf(macs);
  }

  /** A machine that does not say how long it is up. */
  public Host(
      String node,
      String boot,
      String machineId,
      String cpuSerial,
      List<String> macs,
      Path clockSynced) {
    this(node, boot, machineId, cpuSerial, macs, clockSynced, Path.of("/none"));
  }

  /** Reads it under the given roots, {@code /proc}, {@code /sys} and {@code /} in real life. */
  public static Host read(String node, Path procfs, Path sysfs, Path rootfs) {
    return new Host(
        node,
        text(procfs.resolve("sys/kernel/random/boot_id")),
        text(rootfs.resolve("etc/machine-id")),
        cpuSerial(text(procfs.resolve("cpuinfo"))),
        macs(sysfs.resolve("class/net")),
        rootfs.resolve("run/systemd/timesync/synchronized"),
        procfs.resolve("uptime"));
  }

  private static String text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return ""; // many machines and containers lack one or the other
    }
  }

  private static String cpuSerial(String cpuinfo) {
    return cpuinfo
        .lines()
        .filter(line -> line.startsWith("Serial") && line.indexOf(':') > 0)
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("");
  }

  private static List<String> macs(Path classNet) {
    List<String> macs = new ArrayList<>();
    try (DirectoryStream<Path> devices = Files.newDirectoryStream(classNet)) {
      for (Path device : devices) {
        // 0: given by the hardware, not random or set by somebody.
        if (Files.exists(device.resolve("device"))
            && text(device.resolve("addr_assign_type")).equals("0")) {
          String mac = text(device.resolve("address"));
          if (!mac.isEmpty() && !mac.equals("00:00:00:00:00:00")) {
            macs.add(mac);
          }
        }
      }
    } catch (IOException e) {
      return List.of();
    }
    Collections.sort(macs);
    return macs;
  }

  /**
   * Whether {@code other} may be the same machine: nothing that both say differs, where one network
   * address in common is enough, since adapters come and go.
   */
  boolean mayBe(Host other) {
    return agree(machineId, other.machineId)
        && agree(cpuSerial, other.cpuSerial)
        && (macs.isEmpty() || other.macs.isEmpty() || !Collections.disjoint(macs, other.macs));
  }

  private static boolean agree(String one, String other) {
    return one.isEmpty() || other.isEmpty() || one.equals(other);
  }
}
