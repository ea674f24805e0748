package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import vigie.agent.reader.BtrfsReader;
import vigie.agent.reader.BtrfsReader.Drive;
import vigie.agent.reader.BtrfsReader.Errors;
import vigie.agent.reader.BtrfsReader.Group;
import vigie.agent.reader.BtrfsReader.Layout;
import vigie.agent.reader.BtrfsReader.Volume;

/**
 * {@code node_btrfs_*}. node_exporter run as root asks the devices by ioctl(2), which Java cannot;
 * their errors are {@code vigie_btrfs_device_errors_total} here.
 */
final class BtrfsMetrics implements Subject {
  private static final double MS_PER_SECOND = 1000;

  private final Family info = gauge("info", "Label of the file system; always 1.");
  private final Family globalReserve =
      gauge("global_rsv_size_bytes", "Size of the global reserve in bytes.");
  private final Family commits =
      Family.counter("node_btrfs_commits_total", "Transactions committed.");
  private final Family lastCommit =
      gauge("last_commit_seconds", "How long the last commit took, in seconds.");
  private final Family longestCommit =
      gauge("max_commit_seconds", "How long the longest commit took, in seconds.");
  private final Family commitSeconds =
      Family.counter("node_btrfs_commit_seconds_total", "How long all commits took, in seconds.");
  private final Family deviceSize =
      gauge("device_size_bytes", "Size of a device of the file system in bytes.");
  private final Family reserved =
      gauge("reserved_bytes", "Bytes reserved for a kind of block group.");
  private final Family used = gauge("used_bytes", "Bytes in use of a kind and layout.");
  private final Family size = gauge("size_bytes", "Bytes allocated to a kind and layout.");
  private final Family ratio =
      gauge("allocation_ratio", "Bytes on the devices for a byte of a kind and layout.");
  private final Family errors =
      Family.counter(
          "vigie_btrfs_device_errors_total",
          "Errors of the device with the number device_id since its statistics were reset.");
  private final LabelCache<String> labels = LabelCache.of("uuid");
  private final LabelCache<List<String>> infoLabels = cache("label", "uuid");
  private final LabelCache<List<String>> deviceLabels = cache("device", "uuid");
  private final LabelCache<List<String>> groupLabels = cache("block_group_type", "uuid");
  private final LabelCache<List<String>> layoutLabels = cache("block_group_type", "mode", "uuid");
  private final LabelCache<List<String>> errorLabels = cache("device_id", "type", "uuid");
  private final BtrfsReader reader;

  BtrfsMetrics(BtrfsReader reader) {
    this.reader = reader;
  }

  private static Family gauge(String what, String help) {
    return Family.gauge("node_btrfs_" + what, help);
  }

  private static LabelCache<List<String>> cache(String... names) {
    return new LabelCache<>(values -> Labels.of(List.of(names), values));
  }

  @Override
  public String name() {
    return "btrfs";
  }

  @Override
  public List<Family> families() {
    return List.of(
        info,
        globalReserve,
        commits,
        lastCommit,
        longestCommit,
        commitSeconds,
        deviceSize,
        reserved,
        used,
        size,
        ratio,
        errors);
  }

  @Override
  public void collect() {
    for (Volume volume : reader.read()) {
      collect(volume);
    }
  }

  private void collect(Volume volume) {
    String uuid = volume.uuid();
    Labels of = labels.get(uuid);
    info.add(infoLabels.get(List.of(volume.label(), uuid)), 1);
    globalReserve.add(of, volume.globalReserveBytes());
    commits.add(of, volume.commits()[0]);
    lastCommit.add(of, volume.commits()[1] / MS_PER_SECOND);
    longestCommit.add(of, volume.commits()[2] / MS_PER_SECOND);
    commitSeconds.add(of, volume.commits()[3] / MS_PER_SECOND);
    for (Drive drive : volume.drives()) {
      deviceSize.add(deviceLabels.get(List.of(drive.name(), uuid)), drive.sizeBytes());
    }
    for (Group group : volume.groups()) {
      reserved.add(groupLabels.get(List.of(group.kind(), uuid)), group.reservedBytes());
      for (Layout layout : group.layouts()) {
        Labels ofLayout = layoutLabels.get(List.of(group.kind(), layout.mode(), uuid));
        used.add(ofLayout, layout.usedBytes());
        size.add(ofLayout, layout.totalBytes());
        ratio.add(ofLayout, layout.ratio());
      }
    }
    for (Errors device : volume.errors()) {
      for (int i = 0; i < BtrfsReader.ERRORS.size(); i++) {
        String kind = BtrfsReader.ERRORS.get(i).replace("_errs", "");
        errors.add(errorLabels.get(List.of(device.id(), kind, uuid)), device.counts()[i]);
      }
    }
  }
}
