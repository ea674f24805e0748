package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.ArpReader;

/** {@code node_arp_entries}: neighbours known by IPv4. */
final class ArpMetrics implements Subject {
  private final Family entries =
      Family.gauge("node_arp_entries", "Neighbours that the device knows by IPv4.");
  private final LabelCache<String> labels = LabelCache.of("device");
  private final ArpReader reader;
  private final Filter devices;

  ArpMetrics(ArpReader reader, Filter devices) {
    this.reader = reader;
    this.devices = devices;
  }

  @Override
  public String name() {
    return "arp";
  }

  @Override
  public List<Family> families() {
    return List.of(entries);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < reader.count(); i++) {
      if (devices.accepts(reader.device(i))) {
        entries.add(labels.get(reader.device(i)), reader.entries(i));
      }
    }
  }
}
