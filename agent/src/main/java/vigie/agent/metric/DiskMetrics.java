package vigie.agent.metric;

import static vigie.agent.reader.DiskReader.*;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.DeviceReader;
import vigie.agent.reader.DiskReader;

/** {@code node_disk_*}: what block devices did, and what udev knows of them. */
final class DiskMetrics implements Subject {
  private static final double BYTES_PER_SECTOR = 512;
  private static final double MS_PER_SECOND = 1000;
  private static final int MAX_KNOWN = 4096;

  private final List<Column> columns =
      List.of(
          counter(READS, "reads_completed_total", "Reads completed."),
          counter(READS_MERGED, "reads_merged_total", "Reads merged with a neighbour."),
          bytes(SECTORS_READ, "read_bytes_total", "Bytes read."),
          seconds(READ_MS, "read_time_seconds_total", "Seconds spent in reads, all summed."),
          counter(WRITES, "writes_completed_total", "Writes completed."),
          counter(WRITES_MERGED, "writes_merged_total", "Writes merged with a neighbour."),
          bytes(SECTORS_WRITTEN, "written_bytes_total", "Bytes written."),
          seconds(WRITE_MS, "write_time_seconds_total", "Seconds spent in writes, all summed."),
          new Column(
              IN_PROGRESS, 1, 1, Family.gauge("node_disk_io_now", "Requests under way now.")),
          seconds(IO_MS, "io_time_seconds_total", "Seconds during which a request was under way."),
          seconds(
              WEIGHTED_IO_MS,
              "io_time_weighted_seconds_total",
              "Seconds under way, times the requests under way."),
          counter(DISCARDS, "discards_completed_total", "Discards completed."),
          counter(DISCARDS_MERGED, "discards_merged_total", "Discards merged with a neighbour."),
          counter(SECTORS_DISCARDED, "discarded_sectors_total", "Sectors of 512 bytes discarded."),
          seconds(
              DISCARD_MS, "discard_time_seconds_total", "Seconds spent in discards, all summed."),
          counter(FLUSHES, "flush_requests_total", "Flush requests completed."),
          seconds(
              FLUSH_MS,
              "flush_requests_time_seconds_total",
              "Seconds spent in flush requests, all summed."));
  private final Family info =
      Family.gauge("node_disk_info", "Numbers and hardware identity of the device; always 1.");
  private final Family filesystemInfo =
      Family.gauge("node_disk_filesystem_info", "The file system that the device holds; always 1.");
  private final Family mapperInfo =
      Family.gauge("node_disk_device_mapper_info", "Names of a mapped device; always 1.");
  private final Family ataCache =
      Family.gauge("node_disk_ata_write_cache", "Whether the ATA disk has a write cache.");
  private final Family ataCacheOn =
      Family.gauge(
          "node_disk_ata_write_cache_enabled", "Whether the ATA disk's write cache is on.");
  private final Family ataRotation =
      Family.gauge(
          "node_disk_ata_rotation_rate_rpm", "Rotations a minute of the ATA disk; 0 for flash.");
  private final DiskReader reader;
  private final DeviceReader devices;
  private final Filter filter;
  private final Map<String, Known> known = new HashMap<>();

  DiskMetrics(DiskReader reader, DeviceReader devices, Filter filter) {
    this.reader = reader;
    this.devices = devices;
    this.filter = filter;
  }

  @Override
  public String name() {
    return "diskstats";
  }

  @Override
  public List<Family> families() {
    List<Family> families =
        new ArrayList<>(
            List.of(info, filesystemInfo, mapperInfo, ataCache, ataCacheOn, ataRotation));
    columns.forEach(column -> families.add(column.family));
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Disk disk : reader.disks()) {
      Known device = known(disk);
      if (device.ignored) {
        continue;
      }
      for (Column column : columns) {
        column.family.add(device.labels, disk.value(column.index) * column.times / column.by);
      }
      info.add(device.info, 1);
      device.properties.forEach((family, labels) -> family.add(labels, 1));
      device.numbers.forEach((family, value) -> family.add(device.labels, value));
    }
  }

  private Known known(Disk disk) {
    Known device = known.get(disk.name());
    if (device == null || device.major != disk.major() || device.minor != disk.minor()) {
      if (known.size() >= MAX_KNOWN) {
        known.clear();
      }
      device = new Known(disk);
      known.put(disk.name(), device);
    }
    return device;
  }

  /** What stays the same of a device for as long as it has its numbers. */
  private final class Known {
    private final int major;
    private final int minor;
    private final boolean ignored;
    private final Labels labels;
    private final Labels info;
    private final Map<Family, Labels> properties = new HashMap<>();
    private final Map<Family, Double> numbers = new HashMap<>();

    Known(Disk disk) {
      major = disk.major();
      minor = disk.minor();
      String name = disk.name();
      ignored = !filter.accepts(name);
      labels = Labels.of("device", name);
      Map<String, String> udev = ignored ? Map.of() : devices.properties(major, minor);
      info =
          Labels.of(
              new String[] {
                "device",
                "major",
                "minor",
                "path",
                "wwn",
                "model",
                "serial",
                "revision",
                "rotational"
              },
              new String[] {
                name,
                String.valueOf(major),
                String.valueOf(minor),
                udev.getOrDefault("ID_PATH", ""),
                udev.getOrDefault("ID_WWN", ""),
                udev.getOrDefault("ID_MODEL", ""),
                serial(udev),
                udev.getOrDefault("ID_REVISION", ""),
                devices.rotational(name) ? "1" : "0"
              });
      if (!udev.getOrDefault("ID_FS_USAGE", "").isEmpty()) {
        properties.put(
            filesystemInfo,
            labels(
                udev,
                name,
                "type=ID_FS_TYPE",
                "usage=ID_FS_USAGE",
                "uuid=ID_FS_UUID",
                "version=ID_FS_VERSION"));
      }
      if (!udev.getOrDefault("DM_NAME", "").isEmpty()) {
        properties.put(
            mapperInfo,
            labels(
                udev,
                name,
                "name=DM_NAME",
                "uuid=DM_UUID",
                "vg_name=DM_VG_NAME",
                "lv_name=DM_LV_NAME",
                "lv_layer=DM_LV_LAYER"));
      }
      if (udev.containsKey("ID_ATA")) {
        number(ataCache, udev.get("ID_ATA_WRITE_CACHE"));
        number(ataCacheOn, udev.get("ID_ATA_WRITE_CACHE_ENABLED"));
        number(ataRotation, udev.get("ID_ATA_ROTATION_RATE_RPM"));
      }
    }

    private void number(Family family, @Nullable String text) {
      if (text != null && text.matches("[0-9]{1,9}")) {
        numbers.put(family, Double.valueOf(text));
      }
    }
  }

  private static String serial(Map<String, String> udev) {
    for (String key : List.of("SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL")) {
      String serial = udev.getOrDefault(key, "");
      if (!serial.isEmpty()) {
        return serial;
      }
    }
    return "";
  }

  private static Labels labels(Map<String, String> udev, String device, String... pairs) {
    Labels labels = Labels.of("device", device);
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      String value = udev.getOrDefault(pair.substring(equals + 1), "");
      labels = labels.add(pair.substring(0, equals), value);
    }
    return labels;
  }

  private static Column counter(int index, String suffix, String help) {
    return new Column(index, 1, 1, Family.counter("node_disk_" + suffix, help));
  }

  private static Column bytes(int index, String suffix, String help) {
    return new Column(index, BYTES_PER_SECTOR, 1, Family.counter("node_disk_" + suffix, help));
  }

  private static Column seconds(int index, String suffix, String help) {
    return new Column(index, 1, MS_PER_SECOND, Family.counter("node_disk_" + suffix, help));
  }

  /** A column of the file and what becomes of it. */
  private record Column(int index, double times, double by, Family family) {}
}
