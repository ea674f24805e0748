package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.reader.Roots;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/**
 * The newest node_exporter that Debian has and the agent on this machine, side by side: for each
 * collector that node_exporter turns on by default, the same names, types, labels and values.
 */
class NodeExporterIT {
  /** What differs on purpose: how the name of a series begins, and why. */
  private static final Map<String, String> DIFFERENT =
      Map.ofEntries(
          Map.entry("node_scrape_collector_duration_seconds", "how long each takes is its own"),
          Map.entry(
              "node_disk_info", "where a file of the queue is missing, 1.11 tells rotational 0"),
          Map.entry("node_exporter_build_info", "the agent's own build; see NodeMetrics"),
          Map.entry("node_memory_Balloon", "1.11 has a fixed list of lines, we tell all as 1.5"),
          Map.entry("node_memory_FileHugePages", "the same"),
          Map.entry("node_memory_FilePmdMapped", "the same"),
          Map.entry("node_memory_Hugetlb", "the same"),
          Map.entry("node_memory_KReclaimable", "the same"),
          Map.entry("node_memory_SecPageTables", "the same"),
          Map.entry("vigie_", "the agent's own"));

  /** What is there but may differ in value. */
  private static final Map<String, String> LATE =
      Map.of("node_filesystem_files_free", "comes from stat -f, up to a minute old");

  @TempDir static Path folder;
  private static ExecutorService blocking;
  private static final HttpClient client = HttpClient.newHttpClient();
  private static Served agent;
  private static Peer exporter;
  private static int exporterPort;
  private static Set<String> collectors;

  @BeforeAll
  static void start() throws IOException {
    blocking = Executors.newCachedThreadPool(); // not where it is declared: a rerun begins here
    exporterPort = Ports.free();
    exporter =
        Peer.start(
            folder,
            "node_exporter3",
            List.of(
                "--web.listen-address=127.0.0.1:" + exporterPort,
                "--collector.textfile.directory=" + writeTextFiles(),
                "--web.disable-exporter-metrics"));
    Map<String, Chosen> on = new HashMap<>();
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .untilAsserted(() -> collectors = collectors(theirs("")));
    collectors.forEach(name -> on.put(name, new Chosen(true, Map.of())));
    on.put(
        "textfile",
        new Chosen(true, Map.of("directory", List.of(folder.resolve("text*").toString()))));
    agent =
        new Served(
            NodeMetrics.host(Roots.HOST, Clock.system(), blocking, new CollectorsConfig(on)));
  }

  /** Good ones, and for each kind of fault one that spoils only itself. */
  private static Path writeTextFiles() throws IOException {
    Path files = Files.createDirectories(folder.resolve("textfiles"));
    Files.writeString(
        files.resolve("a.prom"),
        """
        # A remark
        # HELP backup_runs Runs, with a \\\\ and a \\n line.
        # TYPE backup_runs counter
        backup_runs{job="a \\"b\\" \\\\",host=""} 3
          backup_runs { job = "c" , }   4e3
        backup_age_seconds 1.5
        backup_age_seconds{job="inf"} +Inf
        # TYPE backup_size_bytes gauge
        backup_size_bytes{job="nan"} NaN
        # TYPE backup_seconds histogram
        backup_seconds_bucket{job="c",le="0.5"} 1
        backup_seconds_bucket{job="c",le="+Inf"} 3
        backup_seconds_sum{job="c"} 4.5
        backup_seconds_count{job="c"} 3
        # TYPE backup_wait_seconds summary
        backup_wait_seconds{quantile="0.5"} 0.25
        backup_wait_seconds_sum 1
        backup_wait_seconds_count 2
        """);
    Files.writeString(files.resolve("b.prom"), "backup_age_seconds{job=\"b\"} 2\n");
    Files.writeString(
        files.resolve("help.prom"), "# HELP backup_runs Other.\nbackup_runs{job=\"h\"} 1\n");
    Files.writeString(files.resolve("half.prom"), "half 1\nhalf_written 2");
    Files.writeString(files.resolve("time.prom"), "timed 1 1700000000000\nuntimed 1\n");
    Files.writeString(files.resolve("wrong.prom"), "right 1\nwrong{a=1} 1\n");
    Files.writeString(files.resolve("other.txt"), "other 1\n");
    return files;
  }

  @AfterAll
  static void stop() {
    exporter.close();
    agent.close();
    blocking.shutdownNow();
  }

  @TestFactory
  Stream<DynamicTest> givenNodeExportersDefaults_whenBothAreScraped_thenEachCollectorTellsTheSame()
      throws Exception {
    Set<String> ours = collectors(ours(""));
    return collectors.stream()
        .filter(ours::contains)
        .map(
            name ->
                DynamicTest.dynamicTest(
                    name,
                    () ->
                        // Devices and mounts come and go on a machine in use.
                        await()
                            .atMost(Duration.ofSeconds(30))
                            .pollInterval(Duration.ofMillis(200))
                            .untilAsserted(() -> assertSame(name))));
  }

  @Test
  void givenNodeExportersDefaults_whenListed_thenNoCollectorIsMissing() throws Exception {
    Set<String> missing = new TreeSet<>(collectors);
    missing.removeAll(collectors(ours("")));
    assertThat(missing).isEmpty();
  }

  private static void assertSame(String collector) throws IOException, InterruptedException {
    String query = "?collect%5B%5D=" + collector;
    Text before = theirs(query);
    Text ours = ours(query);
    Text after = theirs(query);

    List<String> differences = new ArrayList<>();
    Map<String, String> types = compared(after.types());
    Map<String, String> series = compared(after.values());
    difference("missing: ", types.keySet(), ours.types().keySet(), differences);
    difference("not there: ", compared(ours.types()).keySet(), types.keySet(), differences);
    difference("missing: ", series.keySet(), ours.values().keySet(), differences);
    difference("not there: ", compared(ours.values()).keySet(), series.keySet(), differences);
    types.forEach(
        (name, type) -> {
          String own = ours.types().get(name);
          if (own != null && !own.equals(type)) {
            differences.add(name + " is a " + type + ", not a " + own);
          }
        });
    series.forEach(
        (name, value) -> {
          String own = ours.values().get(name);
          if (LATE.keySet().stream().anyMatch(name::startsWith)) {
            return;
          }
          if (own != null && value.equals(before.values().get(name)) && differ(value, own)) {
            differences.add(name + " is " + value + ", not " + own);
          }
        });
    assertThat(differences).isEmpty();
  }

  private static void difference(
      String what, Set<String> these, Set<String> those, List<String> differences) {
    these.stream().filter(name -> !those.contains(name)).forEach(n -> differences.add(what + n));
  }

  private static boolean differ(String theirs, String ours) {
    double expected = Double.parseDouble(theirs.replace("Inf", "Infinity"));
    double actual = Double.parseDouble(ours.replace("Inf", "Infinity"));
    return Double.compare(expected, actual) != 0
        && !(Math.abs(expected - actual) <= Math.abs(expected) * 1e-12);
  }

  private static <T> Map<String, T> compared(Map<String, T> all) {
    Map<String, T> compared = new TreeMap<>(all);
    compared.keySet().removeIf(name -> DIFFERENT.keySet().stream().anyMatch(name::startsWith));
    return compared;
  }

  private static Set<String> collectors(Text text) {
    Set<String> names = new TreeSet<>();
    for (String series : text.values().keySet()) {
      if (series.startsWith("node_scrape_collector_success{")) {
        names.add(series.substring(series.indexOf('=') + 1, series.length() - 1));
      }
    }
    return names;
  }

  private static Text ours(String query) throws IOException, InterruptedException {
    return Text.parse(new String(agent.get("/metrics" + query).body(), StandardCharsets.UTF_8));
  }

  private static Text theirs(String query) throws IOException, InterruptedException {
    assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
    URI uri = URI.create("http://127.0.0.1:" + exporterPort + "/metrics" + query);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
    return Text.parse(client.send(request, BodyHandlers.ofString()).body());
  }
}
