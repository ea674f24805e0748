package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.TrafficReader;
import vigie.agent.reader.TrafficReader.Device;

/** {@code node_network_receive_*} and {@code node_network_transmit_*}; not of the loopback. */
final class TrafficMetrics implements Subject {
  private final List<Family> columns =
      List.of(
          counter("receive_bytes", "Bytes received."),
          counter("receive_packets", "Packets received."),
          counter("receive_errs", "Packets received that were in error."),
          counter("receive_drop", "Packets received and dropped for want of room."),
          counter("receive_fifo", "Packets lost to a receive queue that ran over."),
          counter("receive_frame", "Packets received with a fault of framing."),
          counter("receive_compressed", "Compressed packets received."),
          counter("receive_multicast", "Multicast packets received."),
          counter("transmit_bytes", "Bytes sent."),
          counter("transmit_packets", "Packets sent."),
          counter("transmit_errs", "Packets that failed to be sent."),
          counter("transmit_drop", "Packets dropped before they were sent."),
          counter("transmit_fifo", "Packets lost to a send queue that ran dry."),
          counter("transmit_colls", "Collisions while sending."),
          counter("transmit_carrier", "Packets not sent for want of a carrier."),
          counter("transmit_compressed", "Compressed packets sent."),
          counter("receive_nohandler", "Packets received whose protocol nothing handles."));
  private final LabelCache<String> labels = LabelCache.of("device");
  private final TrafficReader reader;
  private final Filter filter;

  TrafficMetrics(TrafficReader reader, Filter filter) {
    this.reader = reader;
    this.filter = filter;
  }

  private static Family counter(String what, String help) {
    return Family.counter("node_network_" + what + "_total", help);
  }

  @Override
  public String name() {
    return "netdev";
  }

  @Override
  public List<Family> families() {
    return columns;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Device device : reader.devices()) {
      if (!filter.accepts(device.name())) {
        continue;
      }
      Labels of = labels.get(device.name());
      for (int column = 0; column < TrafficReader.COLUMNS; column++) {
        columns.get(column).add(of, device.value(column));
      }
    }
  }
}
