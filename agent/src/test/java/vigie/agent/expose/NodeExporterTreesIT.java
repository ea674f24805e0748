package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.metric.Fixture;

/**
 * Debian sid's node_exporter over our trees of hosts: what it makes of the same files must be the
 * same names, types, labels and values, also of devices that no test machine has.
 */
class NodeExporterTreesIT {
  /** Collectors that read nothing but files below the roots. Add those of a new tree here. */
  private static final List<String> COLLECTORS =
      List.of(
          "arp",
          "bonding",
          "buddyinfo",
          "conntrack",
          "cpu_vulnerabilities",
          "entropy",
          "filefd",
          "interrupts",
          "ipvs",
          "kernel_hung",
          "netstat",
          "nfs",
          "nfsd",
          "pressure",
          "processes",
          "schedstat",
          "sockstat",
          "softirqs",
          "softnet",
          "udp_queues",
          "vmstat");

  private static final Set<String> NOT_COMPARED =
      Set.of("node_exporter_build_info", "node_scrape_collector_duration_seconds", "vigie_");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"vm-6.18", "server-6.1"})
  void givenTreeOfAHost_whenBothReadIt_thenEverySeriesIsTheSame(String name) throws Exception {
    Fixture fixture = new Fixture(name);

    Set<String> theirs = lines(theirs(fixture));
    Set<String> ours = lines(ours(fixture));

    Set<String> missing = new TreeSet<>(theirs);
    missing.removeAll(ours);
    Set<String> unknown = new TreeSet<>(ours);
    unknown.removeAll(theirs);
    assertThat(missing).as("node_exporter's, while ours are %s", unknown).isEmpty();
    assertThat(unknown).as("not node_exporter's").isEmpty();
    assertThat(ours).hasSizeGreaterThan(100);
  }

  private Text ours(Fixture fixture) throws IOException, InterruptedException {
    Map<String, Chosen> all = new HashMap<>();
    COLLECTORS.forEach(name -> all.put(name, new Chosen(true, Map.of())));
    try (Served agent = new Served(fixture.metrics(new CollectorsConfig(all)))) {
      String path = "/metrics?collect%5B%5D=" + String.join("&collect%5B%5D=", COLLECTORS);
      return Text.parse(new String(agent.get(path).body(), StandardCharsets.UTF_8));
    }
  }

  private Text theirs(Fixture fixture) throws IOException, InterruptedException {
    int port = NodeExporterIT.freePort();
    List<String> arguments = new ArrayList<>();
    arguments.add("--web.listen-address=127.0.0.1:" + port);
    arguments.add("--web.disable-exporter-metrics");
    arguments.add("--path.procfs=" + fixture.roots().procfs());
    arguments.add("--path.sysfs=" + fixture.roots().sysfs());
    arguments.add("--path.rootfs=" + fixture.roots().rootfs());
    arguments.add("--collector.disable-defaults");
    arguments.add("--no-collector.arp.netlink");
    COLLECTORS.forEach(name -> arguments.add("--collector." + name));
    URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    HttpClient client = HttpClient.newHttpClient();
    try (Peer exporter = Peer.start(folder, "node_exporter3", arguments)) {
      String text =
          await()
              .atMost(Duration.ofSeconds(30))
              .ignoreExceptions()
              .until(() -> client.send(request, BodyHandlers.ofString()).body(), b -> b != null);
      assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
      return Text.parse(text);
    }
  }

  private static Set<String> lines(Text text) {
    Set<String> lines = new TreeSet<>();
    text.types().forEach((name, type) -> lines.add(name + " is a " + type));
    // Twelve digits: they divide by 1000 twice where we divide by a million.
    text.values()
        .forEach(
            (series, value) ->
                lines.add(String.format("%s %.11e", series, Double.parseDouble(value))));
    lines.removeIf(line -> NOT_COMPARED.stream().anyMatch(line::startsWith));
    return lines;
  }
}
