package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.MdReader;
import vigie.agent.reader.MdReader.Array;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_md_*}: the arrays of Linux's software RAID. */
final class MdMetrics implements Subject {
  /** node_exporter's word for each state beside /proc/mdstat's. */
  private static final List<List<String>> STATES =
      List.of(
          List.of("active", "active"),
          List.of("inactive", "inactive"),
          List.of("recovering", "recovering"),
          List.of("resync", "resyncing"),
          List.of("check", "checking"));

  private final Family state = Family.gauge("node_md_state", "Whether the array is in the state.");
  private final Family disks =
      Family.gauge("node_md_disks", "Disks of the array that are active, failed or spare.");
  private final Family required =
      Family.gauge("node_md_disks_required", "Disks that the array consists of, by /proc/mdstat.");
  private final Family blocks = Family.gauge("node_md_blocks", "Blocks of 1 KiB of the array.");
  private final Family synced =
      Family.gauge("node_md_blocks_synced", "Blocks that are in sync on all disks.");
  private final Family raidDisks =
      Family.gauge("node_md_raid_disks", "Disks that the array consists of, by /sys.");
  private final Family degraded = Family.gauge("node_md_degraded", "Disks that the array lacks.");
  private final LabelCache<String> labels = LabelCache.of("device");
  private final LabelCache<List<String>> stateLabels =
      new LabelCache<>(pair -> Labels.of("device", pair.get(0), "state", pair.get(1)));
  private final MdReader reader;

  MdMetrics(MdReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "mdadm";
  }

  @Override
  public List<Family> families() {
    return List.of(state, disks, required, blocks, synced, raidDisks, degraded);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Array array : reader.arrays()) {
      String name = array.name();
      Labels of = labels.get(name);
      required.add(of, array.wanted());
      blocks.add(of, array.blocks());
      synced.add(of, array.synced());
      disks.add(stateLabels.get(List.of(name, "active")), array.active());
      disks.add(stateLabels.get(List.of(name, "failed")), array.failed());
      disks.add(stateLabels.get(List.of(name, "spare")), array.spare());
      for (List<String> one : STATES) {
        boolean is = one.get(1).equals(array.state());
        state.add(stateLabels.get(List.of(name, one.get(0))), is ? 1 : 0);
      }
    }
    for (Device device : reader.devices()) {
      if (!Double.isNaN(device.number(0))) {
        Labels of = labels.get(device.name());
        raidDisks.add(of, device.number(0));
        degraded.add(of, Double.isNaN(device.number(1)) ? 0 : device.number(1));
      }
    }
  }
}
