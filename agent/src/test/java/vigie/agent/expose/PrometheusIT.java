package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.Fixture;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.reader.Roots;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/** What the real Prometheus and promtool say of the agent's exposition. */
class PrometheusIT {
  @TempDir Path folder;
  private final ExecutorService blocking = Executors.newCachedThreadPool();
  private Served agent;

  @BeforeEach
  void start() {
    agent =
        new Served(
            NodeMetrics.host(Roots.HOST, Clock.system(), blocking, CollectorsConfig.DEFAULTS));
  }

  @AfterEach
  void stop() {
    agent.close();
    blocking.shutdownNow();
  }

  @Test
  void givenPrometheus_whenItScrapes_thenThereIsNoErrorAndAllSeriesArrive() throws Exception {
    String text = new String(agent.get("/metrics").body(), StandardCharsets.UTF_8);
    int series = Text.parse(text).values().size();
    Path config = folder.resolve("prometheus.yml");
    Files.writeString(
        config,
        "scrape_configs:\n- job_name: agent\n  scrape_interval: 1s\n  static_configs:\n"
            + "  - targets: [\"127.0.0.1:"
            + agent.port()
            + "\"]\n");
    int port = Ports.free();
    try (Peer prometheus =
        Peer.start(
            folder,
            "prometheus",
            List.of(
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port))) {

      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(200))
          .ignoreExceptions()
          .until(() -> ask(port, "scrape_samples_scraped > " + (series - 5)).contains("\"agent\""));

      String targets = get(port, "/api/v1/targets?state=active");
      assertThat(targets).as(prometheus.log()).contains("\"health\":\"up\"");
      assertThat(targets).contains("\"lastError\":\"\"");
      assertThat(ask(port, "node_uname_info")).contains("\"nodename\"");
    }
  }

  @Test
  void givenPromtool_whenItChecksTheMetrics_thenItSaysNoMoreThanOfNodeExporter() throws Exception {
    String ours = new String(agent.get("/metrics").body(), StandardCharsets.UTF_8);
    Path golden = new Fixture("vm-6.18").folder().resolve("golden/metrics.txt");
    Set<String> faults = faults(ours);
    faults.addAll(faults(Files.readString(golden))); // has facts and probes
    // Each of the two leaves out lines of /proc/meminfo that the other tells.
    faults.removeAll(faults(told("node_exporter")));
    faults.removeAll(faults(told("node_exporter3")));

    assertThat(faults).isEmpty();
  }

  private String told(String exporter) throws Exception {
    int port = Ports.free();
    try (Peer peer =
        Peer.start(folder, exporter, List.of("--web.listen-address=127.0.0.1:" + port))) {
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(() -> get(port, "/metrics").contains("node_load1"));
      assertThat(peer.isAlive()).isTrue();
      return get(port, "/metrics");
    }
  }

  private Set<String> faults(String exposition) throws IOException, InterruptedException {
    String said = Peer.run(folder, "promtool", exposition, "check", "metrics");
    return said.lines()
        .filter(line -> !line.isBlank())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String ask(int port, String query) throws IOException, InterruptedException {
    return get(port, "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
  }

  private static String get(int port, String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
