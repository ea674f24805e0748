package vigie.agent.reader;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The IPv4 gateway of the default route, and by which hardware addresses neighbours know each
 * other: an address such as 192.168.1.1 is a gateway at two sites, theirs are not. Sources below
 * procfs: {@code net/route} (the kernel's {@code net/ipv4/fib_trie.c}: columns Iface, Destination,
 * Gateway, Flags, RefCnt, Use, Metric, Mask; addresses in hexadecimal as they lie in memory) and
 * {@code net/arp} ({@code net/ipv4/arp.c}: IP address, HW type, Flags, HW address, Mask, Device);
 * below sysfs {@code class/net/IFACE/address}.
 */
public final class GatewayReader {
  private static final int MOST_LINES = 1000;
  private static final int MOST_OWN = 16;
  private static final String NONE = "00000000";
  private static final String NO_MAC = "00:00:00:00:00:00";

  /** Docker makes it of the bridge's IPv4 address, which is the same on many hosts. */
  private static final String DOCKER = "02:42:";

  private GatewayReader() {}

  /**
   * What is known.
   *
   * @param address such as {@code 192.0.2.1}, of several the one with the lowest metric; {@code ""}
   *     for none
   * @param mac the gateway's hardware address, {@code ""} where the kernel does not know it now
   * @param own the hardware addresses of this node's interfaces that have a route, at most 16
   */
  public record Gateway(String address, String mac, List<String> own) {
    public Gateway {
      own = List.copyOf(own);
    }
  }

  public static Gateway read(Roots roots) {
    String best = "";
    long bestMetric = Long.MAX_VALUE;
    Set<String> interfaces = new LinkedHashSet<>();
    for (String[] cells : rows(roots.procfs().resolve("net/route"))) {
      if (cells.length < 8) {
        continue;
      }
      interfaces.add(cells[0]);
      long metric = number(cells[6], 10);
      long gateway = number(cells[2], 16);
      if (cells[1].equals(NONE)
          && cells[7].equals(NONE)
          && gateway > 0
          && metric >= 0
          && metric < bestMetric) {
        bestMetric = metric;
        best = address(gateway);
      }
    }
    return new Gateway(best, best.isEmpty() ? "" : neighbour(roots, best), own(roots, interfaces));
  }

  private static String neighbour(Roots roots, String address) {
    for (String[] cells : rows(roots.procfs().resolve("net/arp"))) {
      if (cells.length > 3 && cells[0].equals(address)) {
        return mac(cells[3]);
      }
    }
    return "";
  }

  private static List<String> own(Roots roots, Set<String> interfaces) {
    Set<String> own = new LinkedHashSet<>();
    for (String name : interfaces) {
      try {
        Path file = roots.sysfs().resolve("class/net").resolve(name).resolve("address");
        own.add(mac(Files.readString(file, StandardCharsets.ISO_8859_1).strip()));
      } catch (IOException e) {
        continue; // gone since, or of a kind that has none
      }
      if (own.size() > MOST_OWN) {
        break;
      }
    }
    own.remove("");
    return own.stream().limit(MOST_OWN).toList();
  }

  /** {@code ""} for one that says nothing about whose it is. */
  private static String mac(String text) {
    String low = text.toLowerCase(Locale.ROOT);
    boolean whole = low.length() == NO_MAC.length() && low.charAt(2) == ':';
    return whole && !low.equals(NO_MAC) && !low.startsWith(DOCKER) ? low : "";
  }

  /** The cells of all lines but the first; none of a kernel without IPv4. */
  private static List<String[]> rows(Path file) {
    List<String[]> rows = new ArrayList<>();
    try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      lines.skip(1).limit(MOST_LINES).forEach(line -> rows.add(line.trim().split("\\s+", -1)));
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
    return rows;
  }

  private static long number(String text, int radix) {
    try {
      return Long.parseLong(text, radix);
    } catch (NumberFormatException e) {
      return -1;
    }
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
