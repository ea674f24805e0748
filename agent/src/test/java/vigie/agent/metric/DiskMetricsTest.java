package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.DeviceReader;
import vigie.agent.reader.DiskReader;
import vigie.agent.reader.Roots;

class DiskMetricsTest {
  @TempDir Path folder;

  @Test
  void givenUdevsData_whenCollected_thenIdentityAndDisksOnly() throws IOException {
    Files.writeString(
        folder.resolve("diskstats"),
        """
        7 0 loop0 1 2 3
        8 0 sda 1 2 3
        8 1 sda1 1 2 3
        179 0 mmcblk0 1 2 3
        259 1 nvme0n1p2 1 2 3
        253 0 dm-0 1 2 3
        """);
    Path udev = Files.createDirectories(folder.resolve("run/udev/data"));
    Files.writeString(
        udev.resolve("b8:0"),
        """
        S:disk/by-id/x
        E:ID_MODEL=WDC_1
        E:ID_SERIAL_SHORT=S1
        E:ID_ATA=1
        E:ID_ATA_WRITE_CACHE=1
        E:ID_ATA_ROTATION_RATE_RPM=5400
        E:broken
        """);
    Files.writeString(
        udev.resolve("b253:0"),
        "E:DM_NAME=vg-root\nE:DM_VG_NAME=vg\nE:ID_FS_USAGE=filesystem\nE:ID_FS_TYPE=ext4\n");
    Roots roots = new Roots(folder, folder, folder);
    DiskMetrics metrics =
        new DiskMetrics(
            new DiskReader(roots),
            new DeviceReader(roots),
            Filter.of(null, "^(loop|sd[a-z]|nvme\\d+n\\d+p)\\d+$"));

    metrics.collect();

    List<String> series = new ArrayList<>();
    for (Family family : metrics.families()) {
      MetricSnapshot snapshot = family.take();
      if (snapshot != null && !family.name().endsWith("_total")) {
        for (DataPointSnapshot point : snapshot.getDataPoints()) {
          series.add(family.name() + point.getLabels());
        }
      }
    }
    assertThat(series)
        .containsExactlyInAnyOrder(
            "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",model=\"WDC_1\",path=\"\","
                + "revision=\"\",rotational=\"0\",serial=\"S1\",wwn=\"\"}",
            "node_disk_info{device=\"mmcblk0\",major=\"179\",minor=\"0\",model=\"\",path=\"\","
                + "revision=\"\",rotational=\"0\",serial=\"\",wwn=\"\"}",
            "node_disk_info{device=\"dm-0\",major=\"253\",minor=\"0\",model=\"\",path=\"\","
                + "revision=\"\",rotational=\"0\",serial=\"\",wwn=\"\"}",
            "node_disk_filesystem_info{device=\"dm-0\",type=\"ext4\",usage=\"filesystem\","
                + "uuid=\"\",version=\"\"}",
            "node_disk_device_mapper_info{device=\"dm-0\",lv_layer=\"\",lv_name=\"\","
                + "name=\"vg-root\",uuid=\"\",vg_name=\"vg\"}",
            "node_disk_ata_write_cache{device=\"sda\"}",
            "node_disk_ata_rotation_rate_rpm{device=\"sda\"}");
  }
}
