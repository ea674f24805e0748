package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.BondingReader;
import vigie.agent.reader.BondingReader.Bond;

/** {@code node_bonding_*}: devices of each bonded link, and how many of them work. */
final class BondingMetrics implements Subject {
  private final Family slaves =
      Family.gauge("node_bonding_slaves", "Devices that the bonded link has.");
  private final Family active =
      Family.gauge("node_bonding_active", "Devices of the bonded link that are up.");
  private final LabelCache<String> labels = LabelCache.of("master");
  private final BondingReader reader;

  BondingMetrics(BondingReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "bonding";
  }

  @Override
  public List<Family> families() {
    return List.of(slaves, active);
  }

  @Override
  public void collect() throws IOException {
    for (Bond bond : reader.read()) {
      slaves.add(labels.get(bond.master()), bond.slaves());
      active.add(labels.get(bond.master()), bond.up());
    }
  }
}
