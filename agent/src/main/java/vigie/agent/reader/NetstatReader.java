package vigie.agent.reader;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * /proc/net/netstat, /proc/net/snmp and /proc/net/snmp6: the counters of the network protocols,
 * named as {@code Tcp_InSegs}. The first two have a line of names and a line of numbers for each
 * protocol, the third one name a line. Source: the kernel's net/ipv4/proc.c and net/ipv6/proc.c.
 */
public final class NetstatReader implements AutoCloseable {
  private static final int MAX_NAMES = 4096;

  private final KernelFile netstat;
  private final KernelFile snmp;
  private final KernelFile snmp6;
  private final NamedValues values = new NamedValues();
  private final Map<String, String> names6 = new HashMap<>();

  public NetstatReader(Roots roots) {
    netstat = new KernelFile(roots.procfs().resolve("net/netstat"));
    snmp = new KernelFile(roots.procfs().resolve("net/snmp"));
    snmp6 = new KernelFile(roots.procfs().resolve("net/snmp6"));
  }

  /**
   * Reads anew. A kernel without IPv6 has no snmp6.
   *
   * @throws IOException when one of the other two cannot be read
   */
  public NamedValues read() throws IOException {
    values.clear();
    readPairs(netstat.read());
    readPairs(snmp.read());
    Bytes in = snmp6.readIfThere();
    while (in != null && in.line()) {
      if (in.field()) {
        String name = name6(in.text());
        if (!name.isEmpty()) {
          values.add(name, in.number());
        }
      }
    }
    return values;
  }

  private void readPairs(Bytes in) {
    while (in.line()) {
      if (!in.fieldBefore(':', false)) {
        continue;
      }
      String protocol = in.text();
      int first = values.count();
      while (in.field()) {
        values.add(protocol, in.text(), Double.NaN);
      }
      if (!in.line() || !in.fieldBefore(':', false) || !in.is(protocol)) {
        return;
      }
      for (int i = first; i < values.count(); i++) {
        values.set(i, in.signed());
      }
    }
  }

  /** {@code Ip6InReceives} is Ip6_InReceives; empty where the name has no protocol. */
  private String name6(String text) {
    String known = names6.get(text);
    if (known == null) {
      int six = text.indexOf('6');
      known = six < 0 ? "" : text.substring(0, six + 1) + "_" + text.substring(six + 1);
      if (names6.size() < MAX_NAMES) {
        names6.put(text, known);
      }
    }
    return known;
  }

  @Override
  public void close() {
    netstat.close();
    snmp.close();
    snmp6.close();
  }
}
