package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The IPv4 gateway of the default route, from {@code net/route} below procfs. Source: the kernel's
 * {@code net/ipv4/fib_trie.c}: columns Iface, Destination, Gateway, Flags, RefCnt, Use, Metric,
 * Mask; addresses in hexadecimal as they lie in memory.
 */
public final class GatewayReader {
  private static final int MOST_LINES = 1000;
  private static final String NONE = "00000000";

  private GatewayReader() {}

  /** Such as {@code 192.0.2.1}, of several the one with the lowest metric; {@code ""} for none. */
  public static String read(Path procfs) {
    String best = "";
    long bestMetric = Long.MAX_VALUE;
    try (var lines = Files.lines(procfs.resolve("net/route"), StandardCharsets.ISO_8859_1)) {
      for (String line : lines.skip(1).limit(MOST_LINES).toList()) {
        String[] cells = line.trim().split("\\s+", -1);
        if (cells.length > 7
            && cells[1].equals(NONE)
            && cells[7].equals(NONE)
            && !cells[2].equals(NONE)) {
          long metric = Long.parseLong(cells[6]);
          if (metric < bestMetric) {
            bestMetric = metric;
            best = address(Long.parseLong(cells[2], 16));
          }
        }
      }
    } catch (IOException | java.io.UncheckedIOException | NumberFormatException e) {
      return ""; // a kernel without IPv4 has none
    }
    return best;
  }

  /** In the byte order of all machines that Vigie runs on. */
  private static String address(long word) {
    return (word & 255)
        + "."
        + (word >> 8 & 255)
        + "."
        + (word >> 16 & 255)
        + "."
        + (word >> 24 & 255);
  }
}
