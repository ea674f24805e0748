package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.BuddyReader;
import vigie.agent.reader.BuddyReader.Zone;

/** {@code node_buddyinfo_blocks}: free memory by the size of its blocks. */
final class BuddyMetrics implements Subject {
  private final Family blocks =
      Family.gauge(
          "node_buddyinfo_blocks", "Free blocks of memory of 2 to the power of size pages.");
  private final LabelCache<Key> labels =
      new LabelCache<>(
          key -> Labels.of("node", key.node, "size", Integer.toString(key.size), "zone", key.zone));
  private final BuddyReader reader;

  BuddyMetrics(BuddyReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "buddyinfo";
  }

  @Override
  public List<Family> families() {
    return List.of(blocks);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Zone zone : reader.zones()) {
      for (int size = 0; size < zone.sizes(); size++) {
        blocks.add(labels.get(new Key(zone.node(), size, zone.name())), zone.blocks(size));
      }
    }
  }

  private record Key(String node, int size, String zone) {}
}
