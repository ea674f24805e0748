package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.NetstatReader;

/**
 * {@code node_netstat_*}: the counters of the network protocols, named as the kernel names them.
 */
final class NetstatMetrics implements Subject {
  /** What is told unless the configuration says otherwise: node_exporter's choice. */
  static final String FIELDS =
      "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
          + "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
          + "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
          + "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

  private final NamedFamilies families;
  private final NetstatReader reader;

  NetstatMetrics(NetstatReader reader, Filter fields) {
    this.reader = reader;
    families =
        new NamedFamilies(
            fields,
            name -> Family.untyped("node_netstat_" + name, "The kernel's counter " + name + "."));
  }

  @Override
  public String name() {
    return "netstat";
  }

  @Override
  public List<Family> families() {
    return families.families();
  }

  @Override
  public void collect() throws IOException {
    families.add(reader.read());
  }
}
