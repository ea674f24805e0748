package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.FilesystemReader;
import vigie.agent.reader.FilesystemReader.Filesystem;
import vigie.agent.reader.Mount;

/** {@code node_filesystem_*}: the sizes of what is mounted. */
final class FilesystemMetrics implements Subject {
  private final Family size =
      Family.gauge("node_filesystem_size_bytes", "Size of the file system in bytes.");
  private final Family free =
      Family.gauge("node_filesystem_free_bytes", "Free space of the file system in bytes.");
  private final Family available =
      Family.gauge(
          "node_filesystem_avail_bytes", "Space left for users other than root, in bytes.");
  private final Family files =
      Family.gauge("node_filesystem_files", "Files that the file system has room for.");
  private final Family filesFree =
      Family.gauge("node_filesystem_files_free", "Files that could still be created.");
  private final Family readOnly =
      Family.gauge("node_filesystem_readonly", "Whether the file system is read-only.");
  private final Family error =
      Family.gauge(
          "node_filesystem_device_error",
          "Whether the file system did not tell its size; device_error says why.");
  private final Family purgeable =
      Family.gauge(
          "node_filesystem_purgeable_bytes",
          "Space that the system would free when asked; Linux knows none, so always 0.");
  private final Family info =
      Family.gauge("node_filesystem_mount_info", "Number of the mounted device; always 1.");
  private final LabelCache<Mount> infoLabels = new LabelCache<>(FilesystemMetrics::infoLabels);
  private final LabelCache<Mount> labels = new LabelCache<>(FilesystemMetrics::labels);
  private final FilesystemReader reader;

  FilesystemMetrics(FilesystemReader reader) {
    this.reader = reader;
  }

  private static Labels labels(Mount mount) {
    return Labels.of(
        "device", mount.device(), "fstype", mount.type(), "mountpoint", mount.mountPoint());
  }

  private static Labels infoLabels(Mount mount) {
    int colon = mount.number().indexOf(':');
    return Labels.of(
        "device",
        mount.device(),
        "major",
        mount.number().substring(0, Math.max(0, colon)),
        "minor",
        mount.number().substring(colon + 1),
        "mountpoint",
        mount.mountPoint());
  }

  @Override
  public String name() {
    return "filesystem";
  }

  @Override
  public List<Family> families() {
    return List.of(size, free, available, files, filesFree, readOnly, error, purgeable, info);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Filesystem filesystem : reader.filesystems()) {
      Labels of = labels.get(filesystem.mount());
      double isReadOnly = filesystem.mount().readOnly() ? 1 : 0;
      if (!filesystem.error().isEmpty()) {
        Labels failed = of.add("device_error", filesystem.error());
        readOnly.add(failed, isReadOnly);
        error.add(failed, 1);
        continue;
      }
      readOnly.add(of, isReadOnly);
      error.add(of, 0);
      size.add(of, filesystem.sizeBytes());
      free.add(of, filesystem.freeBytes());
      available.add(of, filesystem.availableBytes());
      files.add(of, filesystem.files());
      filesFree.add(of, filesystem.filesFree());
      purgeable.add(of, 0);
      info.add(infoLabels.get(filesystem.mount()), 1);
    }
  }
}
