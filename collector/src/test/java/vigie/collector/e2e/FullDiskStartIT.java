package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Ports;
import vigie.base.segment.SmallDisk;

/** The packaged programs, started on a disk that is full already. */
@Timeout(200)
class FullDiskStartIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String NO_MORE_FILES =
      "takes no more files or bytes (df -i, quota): make room";

  @TempDir Path dir;
  private final int http;

  FullDiskStartIT() throws IOException {
    http = Ports.free();
  }

  private Program collector(SmallDisk disk) throws IOException {
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: %s}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        scrape_configs: [{job_name: own, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:%d']}]}]
        """
            .formatted(disk.path().resolve("data"), http, Ports.free(), http));
    return start("collector");
  }

  private Program agent(SmallDisk disk) throws IOException {
    Files.writeString(
        dir.resolve("agent.yaml"),
        """
        node: p1
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        spool: {path: %s}
        sources: {journal: false, boot: false}
        """
            .formatted(http, Ports.free(), disk.path().resolve("data")));
    return start("agent");
  }

  private Program start(String name) throws IOException {
    return Program.start(
        dir.resolve("log"),
        Map.of(),
        name,
        "run",
        "--config",
        dir.resolve(name + ".yaml").toString());
  }

  private static Path fill(SmallDisk disk) throws IOException {
    Path ballast = disk.path().resolve("ballast");
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(new byte[4096]);
      }
    } catch (IOException full) {
      return ballast;
    }
  }

  private String get(String path) {
    return Program.get("http://127.0.0.1:" + http + path);
  }

  @Test
  void givenFullDisk_whenTheCollectorStarts_thenItRunsAndNamesTheDiskUntilThereIsRoom()
      throws Exception {
    try (SmallDisk disk = SmallDisk.mount(8 << 10)) {
      Path ballast = fill(disk);
      try (Program collector = collector(disk)) {
        await().atMost(PATIENCE).until(() -> collector.log().contains("sample store cannot write"));
        assertThat(get("/-/ready")).contains("ready");
        assertThat(collector.log())
            .containsPattern(
                "events will neither be taken nor acknowledged .*the disk of "
                    + disk.path()
                    + "/data/events has 0 KiB left.*make room")
            .containsPattern(
                "sample store cannot write.*the disk of "
                    + disk.path()
                    + "/data/samples has 0 KiB left: make room");
        Files.delete(ballast);
        await().atMost(PATIENCE).until(() -> get("/api/v1/query?query=up").contains("\"1\""));
        assertThat(collector.stop()).isIn(0, 143);
      }
    }
  }

  /** Its folders, the locks, and a file of each store. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void givenDiskThatTakesNoMoreFiles_whenTheCollectorStarts_thenExit2AndTheDiskIsNamed(int files)
      throws Exception {
    try (SmallDisk disk = SmallDisk.ofFiles(files);
        Program collector = collector(disk)) {
      assertThat(collector.await()).isEqualTo(2);
      assertThat(collector.log()).contains("the disk of " + disk.path() + "/data/", NO_MORE_FILES);
    }
  }

  @Test
  void givenFullDisk_whenTheAgentStarts_thenItRunsAndNamesTheDiskUntilThereIsRoom()
      throws Exception {
    try (SmallDisk disk = SmallDisk.mount(2 << 10)) {
      Path ballast = fill(disk);
      try (Program agent = agent(disk)) {
        await().atMost(PATIENCE).until(() -> get("/metrics").contains("node_load1"));
        await().atMost(PATIENCE).until(() -> agent.log().contains("the spool cannot write"));
        assertThat(agent.log())
            .containsPattern(
                "the spool cannot write, events are refused.*the disk of "
                    + disk.path()
                    + "/data has 0 KiB left: make room");
        Files.delete(ballast);
        assertThat(agent.stop()).isIn(0, 143);
        // Its last event was written.
        assertThat(agent.log()).containsOnlyOnce("event not spooled");
      }
    }
  }

  @Test
  void givenDiskThatTakesNoMoreFiles_whenTheAgentStarts_thenExit2AndTheDiskIsNamed()
      throws Exception {
    try (SmallDisk disk = SmallDisk.ofFiles(1);
        Program agent = agent(disk)) {
      assertThat(agent.await()).isEqualTo(2);
      assertThat(agent.log())
          .contains("cannot open spool " + disk.path() + "/data", NO_MORE_FILES)
          .doesNotContain("make it writable");
    }
  }
}
