package vigie.agent.reader;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel's load balancer: totals of /proc/net/ip_vs_stats, and of /proc/net/ip_vs the servers
 * behind each virtual address. Source: the kernel's net/netfilter/ipvs/ip_vs_ctl.c.
 */
public final class IpvsReader implements AutoCloseable {
  /** The columns of the totals. */
  public static final int CONNECTIONS = 0,
      PACKETS_IN = 1,
      PACKETS_OUT = 2,
      BYTES_IN = 3,
      BYTES_OUT = 4;

  private static final int MAX_BACKENDS = 10_000;

  private final KernelFile stats;
  private final KernelFile table;
  private final double[] totals = new double[BYTES_OUT + 1];

  public IpvsReader(Roots roots) {
    stats = new KernelFile(roots.procfs().resolve("net/ip_vs_stats"));
    table = new KernelFile(roots.procfs().resolve("net/ip_vs"));
  }

  /**
   * Reads the totals anew.
   *
   * @throws NoDataException where the kernel's module is not loaded
   * @throws IOException when the file is there and cannot be read
   */
  public void read() throws IOException {
    Bytes in = stats.readOrNoData();
    in.line();
    in.line(); // two lines of titles
    in.line();
    for (int column = 0; column < totals.length; column++) {
      totals[column] = in.hex();
    }
  }

  /** A total since the module was loaded; NaN where not told. */
  public double total(int column) {
    return totals[column];
  }

  /**
   * The servers as they are now.
   *
   * @throws IOException when the table cannot be read
   */
  public List<Backend> backends() throws IOException {
    List<Backend> backends = new ArrayList<>();
    Bytes in = table.read();
    String proto = "";
    String mark = "";
    Address local = Address.NONE;
    while (in.line() && backends.size() < MAX_BACKENDS) {
      if (!in.field()) {
        continue;
      }
      if (in.is("TCP") || in.is("UDP") || in.is("SCTP")) {
        proto = in.text();
        mark = "";
        local = in.field() ? Address.parse(in.text()) : Address.NONE;
      } else if (in.is("FWM")) {
        proto = in.text();
        mark = in.field() ? in.text() : "";
        local = Address.NONE;
      } else if (in.is("->") && in.field()) {
        Address remote = Address.parse(in.text());
        in.field(); // the way of forwarding
        double weight = in.number();
        double active = in.number();
        double inactive = in.number();
        if (!remote.equals(Address.NONE)) {
          backends.add(new Backend(proto, mark, local, remote, weight, active, inactive));
        }
      }
    }
    return backends;
  }

  /** One server behind a virtual address; the numbers are NaN where not told. */
  public record Backend(
      String proto,
      String mark,
      Address local,
      Address remote,
      double weight,
      double active,
      double inactive) {}

  /** An address and port as text; an empty text and {@code 0} where there is none. */
  public record Address(String host, String port) {
    static final Address NONE = new Address("", "0");
    private static final Pattern ZEROS = Pattern.compile("\\b0(:0)+\\b");

    /** {@code C0A8000A:0050}, or 32 digits, or {@code [2001:…]:0050}; else {@link #NONE}. */
    static Address parse(String text) {
      int colon = text.lastIndexOf(':');
      if (colon < 0) {
        return NONE;
      }
      try {
        int port = Integer.parseInt(text.substring(colon + 1), 16);
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
          host = host.substring(1, host.length() - 1).replace(":", "");
        }
        if ((host.length() != 8 && host.length() != 32) || port < 0 || port > 0xffff) {
          return NONE;
        }
        byte[] bytes = HexFormat.of().parseHex(host);
        return new Address(text(bytes), Integer.toString(port));
      } catch (IllegalArgumentException | UnknownHostException notAnAddress) {
        return NONE;
      }
    }

    /** Of IPv6 with the longest run of zeros left out, RFC 5952. */
    private static String text(byte[] bytes) throws UnknownHostException {
      String full = InetAddress.getByAddress(bytes).getHostAddress();
      String longest = "";
      Matcher zeros = ZEROS.matcher(full);
      while (zeros.find()) {
        longest = zeros.group().length() > longest.length() ? zeros.group() : longest;
      }
      return longest.isEmpty() ? full : full.replaceFirst("(^|:)" + longest + "(:|$)", "::");
    }
  }

  @Override
  public void close() {
    stats.close();
    table.close();
  }
}
