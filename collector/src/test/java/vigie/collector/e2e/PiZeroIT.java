package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/**
 * The packaged agent on an emulated Raspberry Pi Zero, a whole armv6l machine with a network, and a
 * collector on the host that scrapes it and takes its events.
 */
class PiZeroIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path PIZERO = Program.ROOT.resolve("target/pizero");

  /** What processor time and memory are told of; more make a better average. */
  private static final int SCRAPES = Integer.getInteger("pizero.scrapes", 3);

  /** An interpreter on an emulated processor, beside whatever else this machine does. */
  private static final Duration PATIENCE = Duration.ofMinutes(12);

  /**
   * The service, and what the test has done to it: each {@code nc} waits for the test to connect.
   */
  private static final String GUEST =
      """
      bin/agent run --config conf/pi.yaml &
      agent=$!
      nc -ll -p 13337 -e true &
      service=$!
      echo down | nc -l -p 7001
      kill $service
      echo up | nc -l -p 7001
      nc -ll -p 13337 -e true &
      echo end | nc -l -p 7001
      grep -E 'VmHWM|VmRSS|Threads' /proc/$agent/status
      kill $agent
      wait $agent
      """;

  @TempDir Path dir;
  private final int httpPort = Ports.free();
  private final int relpPort = Ports.free();
  private final int agentPort = Ports.free();
  private final int handlePort = Ports.free();

  PiZeroIT() throws IOException {}

  @Test
  void givenAgentOnAPiZero_whenItsServiceFailsAndRecovers_thenTheHostSeesItsValuesAndItsEvents()
      throws IOException {
    assertThat(PIZERO.resolve("done"))
        .as("run: deploy/pizero.sh setup target/pizero")
        .isRegularFile();
    writeCollector();
    try (Program collector =
            Program.start(
                dir.resolve("collector.log"),
                Map.of(),
                "collector",
                "run",
                "--config",
                dir.resolve("collector.yaml").toString());
        Program pi = Program.command(dir.resolve("pi.log"), boot())) {
      tell(pi, "up", () -> value("up{job=\"pi\"}") == 1);
      String metrics = Program.get("http://127.0.0.1:" + agentPort + "/metrics");
      assertThat(metrics)
          .contains("machine=\"armv6l\",nodename=\"pizero\"")
          .contains("node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}")
          .doesNotContain("node_cpu_seconds_total{cpu=\"1\"")
          .contains("node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}");
      // OSHI's facts come half a minute after the start.
      tell(
          pi,
          "the model",
          () -> value("vigie_hardware_info{model=~\".*Raspberry Pi Zero.*\"}") == 1);
      assertThat(value("node_memory_MemTotal_bytes")).isBetween(300e6, 512e6);

      tell(pi, "probe.up", () -> value("vigie_probe_up") == 1);
      handle(pi, "down");
      tell(pi, "probe.down", () -> value("vigie_probe_up") == 0);
      handle(pi, "up");
      tell(pi, "probe.up again", () -> value("vigie_probe_up") == 1);
      assertThat(events()).containsSubsequence("probe.up", "probe.down", "probe.up");

      tell(
          pi, "scrapes", () -> value("count_over_time(process_cpu_seconds_total[15m])") >= SCRAPES);
      // By the guest's own clock, which goes slower than ours where this machine is busy.
      double cpu =
          value(
              "(max_over_time(process_cpu_seconds_total[2m]) - min_over_time(process_cpu_seconds_total[2m]))"
                  + " / (max_over_time(node_time_seconds[2m]) - min_over_time(node_time_seconds[2m]))");
      double resident = value("process_resident_memory_bytes");
      System.out.printf(
          "Emulated Pi Zero (500 MIPS): %.1f MiB resident, %.3f CPU s a second at 15 s scrapes,"
              + " %.2f s a scrape, %.1f CPU s since the start%n",
          resident / (1 << 20),
          cpu,
          value("vigie_agent_scrape_seconds_sum / vigie_agent_scrape_seconds_count"),
          value("process_cpu_seconds_total"));
      assertThat(resident).as("aim: 64 MB resident").isLessThan(96e6);

      handle(pi, "end");
      await("the guest to end").atMost(PATIENCE).until(() -> !pi.alive());
      assertThat(pi.await()).as(pi.log()).isZero();
      assertThat(pi.log()).contains("agent stopped");
    }
  }

  private void writeCollector() throws IOException {
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        scrape_configs:
          - job_name: pi
            scrape_interval: 15s
            scrape_timeout: 14s
            static_configs: [{targets: ['127.0.0.1:%d'], labels: {node: pizero}}]
        """
            .formatted(httpPort, relpPort, agentPort));
  }

  private List<String> boot() throws IOException {
    Path app = dir.resolve("app");
    copy(Program.bin("agent").getParent().getParent(), app);
    Files.writeString(
        app.resolve("conf/pi.yaml"),
        """
        node: pizero
        collector: relp://10.0.2.2:%d
        probes:
          - {name: calculatrice, tcp: '127.0.0.1:13337', every: 5s, timeout: 4s}
        spool: {path: /root/spool}
        """
            .formatted(relpPort));
    return List.of(
        "env",
        "PIZERO_TIMEOUT=" + PATIENCE.multipliedBy(2).toSeconds(),
        Program.ROOT.resolve("deploy/pizero.sh").toString(),
        "run",
        PIZERO.toString(),
        app.toString(),
        "-f",
        agentPort + ":9100",
        "-f",
        handlePort + ":7001",
        GUEST);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path each : (Iterable<Path>) all::iterator) {
        if (!each.toString().endsWith(".jsa")) {
          Path copy = to.resolve(from.relativize(each).toString());
          Files.copy(each, copy, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  /** Connects to the guest until it hands out the word that its script stands at. */
  private void handle(Program pi, String word) {
    tell(
        pi,
        "the guest to say " + word,
        () -> {
          try (Socket socket = new Socket("127.0.0.1", handlePort)) {
            socket.setSoTimeout(10_000);
            socket.shutdownOutput();
            var in = new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII);
            return word.equals(new BufferedReader(in).readLine());
          } catch (IOException notYet) {
            return false;
          }
        });
  }

  private void tell(Program pi, String what, java.util.concurrent.Callable<Boolean> condition) {
    await(what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              assertThat(pi.alive()).as("the guest ended:\n" + pi.log()).isTrue();
              return condition.call();
            });
  }

  private JsonNode ask(String path) throws IOException {
    String body = Program.get("http://127.0.0.1:" + httpPort + path);
    return body.isEmpty() ? JSON.createObjectNode() : JSON.readTree(body);
  }

  /** The value of an expression at the collector; NaN while it gives none. */
  private double value(String expression) {
    try {
      String query = URLEncoder.encode(expression, StandardCharsets.UTF_8);
      JsonNode result = ask("/api/v1/query?query=" + query).path("data").path("result");
      return result.isEmpty() ? Double.NaN : result.path(0).path("value").path(1).asDouble();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  /** Types of the node's events, oldest first. */
  private List<String> events() throws IOException {
    List<JsonNode> events = new java.util.ArrayList<>();
    ask("/api/vigie/events?limit=1000&filter=node%3Dpizero").path("events").forEach(events::add);
    events.sort(java.util.Comparator.comparingLong(e -> e.path("seq").asLong()));
    return events.stream().map(e -> e.path("type").asText()).toList();
  }
}
