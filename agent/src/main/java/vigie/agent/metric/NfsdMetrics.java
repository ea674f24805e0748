package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.NfsReader;

/** {@code node_nfsd_*}: what this machine did as a file server. */
final class NfsdMetrics implements Subject {
  /** The operations by the kernel's index, {@code -} for those not told; RFC 7530, section 16. */
  private static final List<String> OPERATIONS_4 =
      List.of(
          ("- - - Access Close Commit Create DelegPurge DelegReturn GetAttr GetFH Link Lock Lockt"
                  + " Locku Lookup LookupRoot Nverify Open OpenAttr OpenConfirm OpenDgrd PutFH"
                  + " - - Read ReadDir ReadLink Remove Rename Renew RestoreFH SaveFH"
                  + " SecInfo SetAttr SetClientID SetClientIDConfirm Verify Write RelLockOwner")
              .split(" ", -1));

  private static final Labels DELEGATION_GETATTR =
      Labels.of("method", "WdelegGetattr", "proto", "4");

  private final Family hits =
      Family.counter("node_nfsd_reply_cache_hits_total", "Calls answered from kept replies.");
  private final Family misses =
      Family.counter("node_nfsd_reply_cache_misses_total", "Calls whose reply was not kept yet.");
  private final Family noCache =
      Family.counter("node_nfsd_reply_cache_nocache_total", "Calls whose reply need not be kept.");
  private final Family stale =
      Family.counter(
          "node_nfsd_file_handles_stale_total", "Calls for files that are no longer there.");
  private final Family read =
      Family.counter("node_nfsd_disk_bytes_read_total", "Bytes read for clients.");
  private final Family written =
      Family.counter("node_nfsd_disk_bytes_written_total", "Bytes written for clients.");
  private final Family threads =
      Family.gauge("node_nfsd_server_threads", "Threads that serve clients.");
  private final Family readAheadSize =
      Family.gauge(
          "node_nfsd_read_ahead_cache_size_blocks", "Blocks that the read-ahead cache can hold.");
  private final Family readAheadMisses =
      Family.counter(
          "node_nfsd_read_ahead_cache_not_found_total", "Reads not found in the read-ahead cache.");
  private final Family packets =
      Family.counter("node_nfsd_packets_total", "Packets of calls, by transport.");
  private final Family connections =
      Family.counter("node_nfsd_connections_total", "Connections accepted over TCP.");
  private final Family errors =
      Family.counter("node_nfsd_rpc_errors_total", "Calls refused, by what was wrong.");
  private final Family rpcs = Family.counter("node_nfsd_server_rpcs_total", "Calls received.");
  private final Family requests =
      Family.counter("node_nfsd_requests_total", "Calls by version of the protocol and procedure.");
  private final NfsMethods version2 =
      new NfsMethods(requests, "2", NfsMethods.withoutNull(NfsMethods.VERSION_2));
  private final NfsMethods version3 =
      new NfsMethods(requests, "3", NfsMethods.withoutNull(NfsMethods.VERSION_3));
  private final NfsMethods version4 = new NfsMethods(requests, "4", OPERATIONS_4);
  private final List<Family> families =
      List.of(
          hits,
          misses,
          noCache,
          stale,
          read,
          written,
          threads,
          readAheadSize,
          readAheadMisses,
          packets,
          connections,
          errors,
          rpcs,
          requests);
  private final NfsReader reader;

  NfsdMetrics(NfsReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "nfsd";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    hits.add(reader.number("rc", 0));
    misses.add(reader.number("rc", 1));
    noCache.add(reader.number("rc", 2));
    stale.add(reader.number("fh", 0));
    read.add(reader.number("io", 0));
    written.add(reader.number("io", 1));
    threads.add(reader.number("th", 0));
    readAheadSize.add(reader.number("ra", 0));
    readAheadMisses.add(reader.number("ra", 11));
    packets.add(Labels.of("proto", "udp"), reader.number("net", 1));
    packets.add(Labels.of("proto", "tcp"), reader.number("net", 2));
    connections.add(reader.number("net", 3));
    rpcs.add(reader.number("rpc", 0));
    errors.add(Labels.of("error", "fmt"), reader.number("rpc", 2));
    errors.add(Labels.of("error", "auth"), reader.number("rpc", 3));
    errors.add(Labels.of("error", "cInt"), reader.number("rpc", 4));
    // The first number of these lines is how many follow.
    version2.add(reader, "proc2");
    version3.add(reader, "proc3");
    version4.add(reader, "proc4ops");
    requests.add(DELEGATION_GETATTR, reader.number("wdeleg_getattr", 0));
  }
}
