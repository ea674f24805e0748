package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** The packaged collector with less heap than its launcher begins with. */
class SmallHeapIT {
  @TempDir Path dir;

  @Test
  void givenAHeapOfJavaOptsThatIsSmallerThanTheFirstOne_whenStarted_thenItRuns() throws Exception {
    int http = Ports.free();
    Path config =
        Files.writeString(
            dir.resolve("collector.yaml"),
            "storage: {path: data}\nlisten: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}\n"
                .formatted(http, Ports.free()));
    try (Program collector =
        Program.start(
            dir.resolve("collector.log"),
            Map.of("JAVA_OPTS", "-Xmx48m"),
            "collector",
            "run",
            "--config",
            config.toString())) {
      String ready = "http://127.0.0.1:" + http + "/-/ready";
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !collector.alive() || Program.get(ready).contains("ready"));
      assertThat(collector.alive()).as(collector.log()).isTrue();
      assertThat(collector.stop()).isIn(0, 143);
    }
  }
}
