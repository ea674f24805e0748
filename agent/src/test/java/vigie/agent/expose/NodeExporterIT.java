package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.reader.Roots;
import vigie.base.time.Clock;

/** Debian's node_exporter and the agent on this machine, side by side. */
class NodeExporterIT {
  private static final List<String> COLLECTORS =
      List.of(
          "cpu",
          "diskstats",
          "filesystem",
          "loadavg",
          "meminfo",
          "netclass",
          "netdev",
          "stat",
          "time",
          "uname");

  /** Values that stay the same from one scrape to the next on a machine in use. */
  private static final Set<String> STABLE =
      Set.of(
          "node_boot_time_seconds",
          "node_disk_info",
          "node_filesystem_device_error",
          "node_filesystem_files",
          "node_filesystem_readonly",
          "node_filesystem_size_bytes",
          "node_memory_CommitLimit_bytes",
          "node_memory_Hugepagesize_bytes",
          "node_memory_MemTotal_bytes",
          "node_memory_SwapTotal_bytes",
          "node_memory_VmallocTotal_bytes",
          "node_network_address_assign_type",
          "node_network_carrier",
          "node_network_device_id",
          "node_network_flags",
          "node_network_iface_id",
          "node_network_iface_link",
          "node_network_info",
          "node_network_mtu_bytes",
          "node_network_protocol_type",
          "node_network_speed_bytes",
          "node_network_transmit_queue_length",
          "node_network_up",
          "node_scrape_collector_success",
          "node_time_clocksource_available_info",
          "node_time_clocksource_current_info",
          "node_time_zone_offset_seconds",
          "node_uname_info");

  @TempDir Path folder;
  private final ExecutorService blocking = Executors.newCachedThreadPool();
  private Served agent;
  private Peer exporter;
  private int exporterPort;

  @BeforeEach
  void start() throws IOException {
    agent =
        new Served(
            NodeMetrics.host(Roots.HOST, Clock.system(), blocking, CollectorsConfig.DEFAULTS));
    exporterPort = freePort();
    List<String> arguments = new ArrayList<>();
    arguments.add("--web.listen-address=127.0.0.1:" + exporterPort);
    arguments.add("--web.disable-exporter-metrics");
    arguments.add("--collector.disable-defaults");
    COLLECTORS.forEach(name -> arguments.add("--collector." + name));
    exporter = Peer.start(folder, "node_exporter", arguments);
  }

  @AfterEach
  void stop() {
    exporter.close();
    agent.close();
    blocking.shutdownNow();
  }

  @Test
  void givenNodeExporterOnThisMachine_whenBothAreScraped_thenNamesTypesAndSeriesAreTheSame()
      throws Exception {
    // The inodes are there once a program that counts them has ended.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> ours().values().keySet().stream().anyMatch(s -> s.contains("_files_free")));
    await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> theirs() != null);

    Text theirs = theirs();
    Text ours = ours();

    Map<String, String> types = new TreeMap<>(theirs.types());
    types.keySet().removeIf(NodeExporterIT::isOfTheExporter);
    assertThat(ours.types()).as("types").isEqualTo(types);
    Set<String> series = new TreeSet<>(theirs.values().keySet());
    series.removeIf(NodeExporterIT::isOfTheExporter);
    assertThat(ours.values().keySet()).as("series").isEqualTo(series);
    for (String one : series) {
      if (STABLE.contains(name(one))) {
        assertThat(Double.parseDouble(ours.values().get(one)))
            .as(one)
            .isEqualTo(Double.parseDouble(theirs.values().get(one)));
      }
    }
  }

  private static boolean isOfTheExporter(String series) {
    return series.startsWith("node_exporter_") || series.startsWith("promhttp_");
  }

  private static String name(String series) {
    int brace = series.indexOf('{');
    return brace < 0 ? series : series.substring(0, brace);
  }

  private Text ours() throws IOException, InterruptedException {
    String query = "?collect[]=" + String.join("&collect[]=", COLLECTORS);
    String path = "/metrics" + query.replace("[]", "%5B%5D");
    return Text.parse(new String(agent.get(path).body(), StandardCharsets.UTF_8));
  }

  private Text theirs() throws IOException, InterruptedException {
    assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
    URI uri = URI.create("http://127.0.0.1:" + exporterPort + "/metrics");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    return Text.parse(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body());
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
