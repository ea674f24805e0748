package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.UdpReader;

/** {@code node_udp_queues}: what waits in the queues of UDP's sockets. */
final class UdpMetrics implements Subject {
  private static final Labels SEND_4 = Labels.of("ip", "v4", "queue", "tx");
  private static final Labels RECEIVE_4 = Labels.of("ip", "v4", "queue", "rx");
  private static final Labels SEND_6 = Labels.of("ip", "v6", "queue", "tx");
  private static final Labels RECEIVE_6 = Labels.of("ip", "v6", "queue", "rx");

  private final Family queues =
      Family.gauge("node_udp_queues", "Bytes in the queues of all sockets of UDP.");
  private final UdpReader reader;

  UdpMetrics(UdpReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "udp_queues";
  }

  @Override
  public List<Family> families() {
    return List.of(queues);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    queues.add(SEND_4, reader.sendBytes4());
    queues.add(RECEIVE_4, reader.receiveBytes4());
    queues.add(SEND_6, reader.sendBytes6());
    queues.add(RECEIVE_6, reader.receiveBytes6());
  }
}
