package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import vigie.agent.reader.IpvsReader;
import vigie.agent.reader.IpvsReader.Backend;

/** {@code node_ipvs_*}: the kernel's load balancer and the servers behind it. */
final class IpvsMetrics implements Subject {
  /** The labels of a server, all of them unless the configuration names some. */
  static final String BACKEND_LABELS =
      "local_address,local_port,remote_address,remote_port,proto,local_mark";

  /** By the reader's index. */
  private final List<Family> totals =
      List.of(
          Family.counter("node_ipvs_connections_total", "Connections balanced."),
          Family.counter("node_ipvs_incoming_packets_total", "Packets received from clients."),
          Family.counter("node_ipvs_outgoing_packets_total", "Packets sent to clients."),
          Family.counter("node_ipvs_incoming_bytes_total", "Bytes received from clients."),
          Family.counter("node_ipvs_outgoing_bytes_total", "Bytes sent to clients."));

  private final Family active =
      Family.gauge("node_ipvs_backend_connections_active", "Connections to the server now.");
  private final Family inactive =
      Family.gauge(
          "node_ipvs_backend_connections_inactive", "Connections to the server that have ended.");
  private final Family weight =
      Family.gauge("node_ipvs_backend_weight", "The server's share of new connections.");
  private final List<Family> families =
      List.of(
          totals.get(0),
          totals.get(1),
          totals.get(2),
          totals.get(3),
          totals.get(4),
          active,
          inactive,
          weight);
  private final LabelCache<List<String>> labels;
  private final IpvsReader reader;
  private final List<String> labelNames;

  /**
   * @param labelNames which labels a server has; servers that are the same by these are summed
   */
  IpvsMetrics(IpvsReader reader, String labelNames) {
    this.reader = reader;
    List<String> wanted = List.of(labelNames.split(",", -1));
    this.labelNames =
        List.of(BACKEND_LABELS.split(",", -1)).stream().filter(wanted::contains).toList();
    labels = new LabelCache<>(values -> Labels.of(this.labelNames, values));
  }

  @Override
  public String name() {
    return "ipvs";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < totals.size(); i++) {
      totals.get(i).add(reader.total(i));
    }
    Map<Labels, double[]> sums = new TreeMap<>();
    for (Backend backend : reader.backends()) {
      List<String> values = labelNames.stream().map(name -> value(backend, name)).toList();
      double[] sum = sums.computeIfAbsent(labels.get(values), key -> new double[3]);
      sum[0] += backend.active();
      sum[1] += backend.inactive();
      sum[2] += backend.weight();
    }
    sums.forEach(
        (of, sum) -> {
          active.add(of, sum[0]);
          inactive.add(of, sum[1]);
          weight.add(of, sum[2]);
        });
  }

  private static String value(Backend backend, String label) {
    return switch (label) {
      case "local_address" -> backend.local().host();
      case "local_port" -> backend.local().port();
      case "remote_address" -> backend.remote().host();
      case "remote_port" -> backend.remote().port();
      case "proto" -> backend.proto();
      default -> backend.mark();
    };
  }
}
