package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.Roots;
import vigie.base.time.Clock;

class FilesystemMetricsTest {
  @TempDir Path folder;

  @Test
  void givenMountPointThatIsNotThere_whenCollected_thenTheSeriesOfNodeExporterSayWhy()
      throws IOException {
    Files.createDirectories(folder.resolve("proc/1"));
    Files.writeString(
        folder.resolve("proc/1/mountinfo"), "36 35 254:0 / /gone ro - ext4 /dev/vda rw\n");
    Roots roots = new Roots(folder.resolve("proc"), folder.resolve("sys"), folder.resolve("root"));
    ExecutorService blocking = Executors.newCachedThreadPool();
    List<String> series;
    try {
      series =
          Fixture.series(
              NodeMetrics.host(roots, Clock.system(), blocking, CollectorsConfig.DEFAULTS));
    } finally {
      blocking.shutdownNow();
    }

    String labels =
        "{device=\"/dev/vda\",device_error=\"no such file or directory\",fstype=\"ext4\","
            + "mountpoint=\"/gone\"}";
    assertThat(series)
        .filteredOn(one -> one.startsWith("node_filesystem_"))
        .containsExactlyInAnyOrder(
            "node_filesystem_device_error" + labels, "node_filesystem_readonly" + labels);
  }
}
