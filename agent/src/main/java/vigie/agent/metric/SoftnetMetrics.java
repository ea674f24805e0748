package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.SoftnetReader;

/** {@code node_softnet_*}: what each processor did with the packets that arrived. */
final class SoftnetMetrics implements Subject {
  /** By the reader's index. */
  private final List<Family> families =
      List.of(
          Family.counter("node_softnet_processed_total", "Packets taken from devices."),
          Family.counter(
              "node_softnet_dropped_total", "Packets dropped since the backlog was full."),
          Family.counter(
              "node_softnet_times_squeezed_total",
              "Times that packets were left for later since time or quota was used up."),
          Family.counter(
              "node_softnet_cpu_collision_total",
              "Times that a device was locked by another processor while sending."),
          Family.counter(
              "node_softnet_received_rps_total",
              "Times that another processor woke this one to take packets."),
          Family.counter(
              "node_softnet_flow_limit_count_total", "Packets dropped by the limit of a flow."),
          Family.gauge("node_softnet_backlog_len", "Packets in the backlog now."));

  private final LabelCache<Integer> labels =
      new LabelCache<>(cpu -> Labels.of("cpu", cpu.toString()));
  private final SoftnetReader reader;

  SoftnetMetrics(SoftnetReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "softnet";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < reader.count(); i++) {
      Labels of = labels.get(reader.cpu(i));
      for (int what = 0; what < SoftnetReader.COUNT; what++) {
        families.get(what).add(of, reader.value(i, what));
      }
    }
  }
}
