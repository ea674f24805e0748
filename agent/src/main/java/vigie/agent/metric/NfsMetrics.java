package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.NfsReader;

/** {@code node_nfs_*}: what this machine asked file servers for. */
final class NfsMetrics implements Subject {
  /** The procedures by the kernel's index, the first is Null; include/linux/nfs4.h. */
  private static final List<String> METHODS_4 =
      List.of(
          ("Null Read Write Commit Open OpenConfirm OpenNoattr OpenDowngrade Close Setattr FsInfo"
                  + " Renew SetClientID SetClientIDConfirm Lock Lockt Locku Access Getattr Lookup"
                  + " LookupRoot Remove Rename Link Symlink Create Pathconf StatFs ReadLink ReadDir"
                  + " ServerCaps DelegReturn GetACL SetACL FsLocations ReleaseLockowner Secinfo"
                  + " FsidPresent ExchangeID CreateSession DestroySession Sequence GetLeaseTime"
                  + " ReclaimComplete GetDeviceInfo LayoutGet LayoutCommit LayoutReturn"
                  + " SecinfoNoName TestStateID FreeStateID GetDeviceList BindConnToSession"
                  + " DestroyClientID Seek Allocate DeAllocate LayoutStats Clone")
              .split(" ", -1));

  private final Family packets =
      Family.counter("node_nfs_packets_total", "Packets of calls, by transport.");
  private final Family connections =
      Family.counter("node_nfs_connections_total", "Connections made over TCP.");
  private final Family rpcs = Family.counter("node_nfs_rpcs_total", "Calls made.");
  private final Family retransmissions =
      Family.counter("node_nfs_rpc_retransmissions_total", "Calls sent again.");
  private final Family refreshes =
      Family.counter(
          "node_nfs_rpc_authentication_refreshes_total", "Times that credentials were renewed.");
  private final Family requests =
      Family.counter("node_nfs_requests_total", "Calls by version of the protocol and procedure.");
  private final NfsMethods version2 = new NfsMethods(requests, "2", NfsMethods.VERSION_2);
  private final NfsMethods version3 = new NfsMethods(requests, "3", NfsMethods.VERSION_3);
  private final NfsMethods version4 = new NfsMethods(requests, "4", METHODS_4);
  private final NfsReader reader;

  NfsMetrics(NfsReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "nfs";
  }

  @Override
  public List<Family> families() {
    return List.of(packets, connections, rpcs, retransmissions, refreshes, requests);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    packets.add(Labels.of("protocol", "udp"), reader.number("net", 1));
    packets.add(Labels.of("protocol", "tcp"), reader.number("net", 2));
    connections.add(reader.number("net", 3));
    rpcs.add(reader.number("rpc", 0));
    retransmissions.add(reader.number("rpc", 1));
    refreshes.add(reader.number("rpc", 2));
    // The first number of these lines is how many follow.
    version2.add(reader, "proc2");
    version3.add(reader, "proc3");
    version4.add(reader, "proc4");
  }
}
