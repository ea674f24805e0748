package vigie.agent.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;

/**
 * Whether this node goes down just now, and what for. Source: systemctl(1) is-system-running,
 * systemd.special(7), utmp(5).
 */
final class Shutdown {
  // A slow node that is busy with its shutdown loads the classes for D-Bus now.
  private static final Duration PATIENCE = Duration.ofSeconds(2);
  private static final List<String> REASONS =
      List.of("poweroff", "reboot", "halt", "kexec", "soft-reboot");
  private static final int UTMP_BYTES = 384;
  private static final int UTMP_PID = 4;
  private static final int RUN_LEVEL = 1;
  private static final int MOST_UTMP = 1 << 20;

  private Shutdown() {}

  /**
   * {@code poweroff}, {@code reboot}, {@code halt}, {@code kexec}, {@code soft-reboot}, {@code
   * shutdown} where it is not known which; {@code ""} where the node stays up as far as can be
   * known.
   */
  static String reason(Roots roots, Systemd systemd) {
    try {
      if (!systemd.systemState(PATIENCE).equals("stopping")) {
        return "";
      }
      List<String> starting = systemd.starting(PATIENCE);
      for (String reason : REASONS) {
        if (starting.contains(reason + ".target")) {
          return reason;
        }
      }
      return "shutdown";
    } catch (IOException e) {
      return byRunLevel(roots.inRoot("run/utmp"));
    }
  }

  /** Whether this node goes down as far as can be known within that time. */
  static boolean hasBegun(Roots roots, Systemd systemd, Duration patience) {
    try {
      return systemd.systemState(patience).equals("stopping");
    } catch (IOException e) {
      return !byRunLevel(roots.inRoot("run/utmp")).isEmpty();
    }
  }

  /** What init wrote: run level 0 is the way down, 6 the way round. */
  private static String byRunLevel(Path utmp) {
    byte[] records;
    try {
      if (Files.size(utmp) > MOST_UTMP) {
        return "";
      }
      records = Files.readAllBytes(utmp);
    } catch (IOException e) {
      return ""; // no init that writes it: nothing to know it from
    }
    String reason = "";
    ByteBuffer buffer = ByteBuffer.wrap(records).order(ByteOrder.nativeOrder());
    for (int at = 0; at + UTMP_BYTES <= records.length; at += UTMP_BYTES) {
      if (buffer.getShort(at) == RUN_LEVEL) {
        char level = (char) (buffer.getInt(at + UTMP_PID) & 0xff);
        reason = level == '0' ? "poweroff" : level == '6' ? "reboot" : "";
      }
    }
    return reason;
  }
}
