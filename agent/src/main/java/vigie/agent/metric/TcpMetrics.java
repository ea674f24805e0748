package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.TcpReader;

/** {@code node_tcp_connection_states}: connections of TCP by state; reads all of them. */
final class TcpMetrics implements Subject {
  private static final Labels RECEIVED = Labels.of("state", "rx_queued_bytes");
  private static final Labels SENT = Labels.of("state", "tx_queued_bytes");

  private final Family states =
      Family.gauge(
          "node_tcp_connection_states",
          "Connections of TCP in each state, and the bytes in their queues.");
  private final LabelCache<String> labels = LabelCache.of("state");
  private final TcpReader reader;

  TcpMetrics(TcpReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "tcpstat";
  }

  @Override
  public List<Family> families() {
    return List.of(states);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    if (reader.sockets() == 0) {
      return;
    }
    for (int state = 1; state < TcpReader.STATES.size(); state++) {
      double count = reader.inState(state);
      if (count > 0) {
        states.add(labels.get(TcpReader.STATES.get(state)), count);
      }
    }
    states.add(RECEIVED, reader.receiveQueueBytes());
    states.add(SENT, reader.sendQueueBytes());
  }
}
