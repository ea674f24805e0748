package vigie.agent.spool;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import vigie.base.time.Clock;

/**
 * The wall clock against the time since the kernel's start ({@code /proc/uptime}, which counts
 * suspended time, too): their difference moves only when the wall clock is stepped. Safe for all
 * threads.
 */
final class BootClock {
  /** Below this nothing was stepped: a leap second, or the hundredths of {@code /proc/uptime}. */
  static final long LEAST_STEP = 2000;

  private final Clock clock;
  private final Host host;

  BootClock(Clock clock, Host host) {
    this.clock = clock;
    this.host = host;
  }

  /** When the kernel was started, by the wall clock as it is now; 0 where it does not say. */
  long booted() {
    try (InputStream in = Files.newInputStream(host.uptime())) {
      String text = new String(in.readNBytes(64), StandardCharsets.US_ASCII);
      long up = (long) (Double.parseDouble(text.substring(0, text.indexOf(' '))) * 1000);
      return clock.millis() - up;
    } catch (IOException | NumberFormatException | StringIndexOutOfBoundsException unknown) {
      return 0; // not on Linux, or hidden in a container
    }
  }

  /** Whether somebody is known to hold the clock right. */
  boolean isSynced() {
    return Files.exists(host.clockSynced());
  }
}
