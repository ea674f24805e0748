package vigie.collector.receive.syslog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The kernel's own count of datagrams that one port lost: the last column of {@code
 * /proc/net/udp{,6}} (net/ipv4/udp.c, udp4_seq_show), of all sockets with that local port.
 */
final class UdpDrops {
  private final Path proc;
  private final String suffix;

  UdpDrops(Path proc, int port) {
    this.proc = proc;
    this.suffix = String.format(Locale.ROOT, ":%04X", port);
  }

  /** How many so far; 0 where it cannot be read. */
  double count() {
    double sum = 0;
    for (String file : List.of("net/udp", "net/udp6")) {
      try {
        for (String line : Files.readAllLines(proc.resolve(file))) {
          String[] columns = line.strip().split(" +", -1);
          if (columns.length > 12 && columns[1].endsWith(suffix)) {
            sum += Double.parseDouble(columns[columns.length - 1]);
          }
        }
      } catch (IOException | NumberFormatException unreadable) {
        // then it counts as none: without /proc there is no such counter
      }
    }
    return sum;
  }
}
