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
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.CollectorsConfig.Chosen;
import vigie.agent.metric.Fixture;
import vigie.agent.metric.NodeMetrics;
import vigie.base.net.Ports;

/**
 * The newest node_exporter that can be had and the agent over the same trees of files: the same
 * names, types, labels and values, but for the differences listed here.
 */
class FixturesAgainstNodeExporterIT {
  /** Collectors that read files below the roots only; others ask the kernel of this machine. */
  private static final List<String> COLLECTORS =
      List.of(
          "arp",
          "bcache",
          "bcachefs",
          "bonding",
          "btrfs",
          "buddyinfo",
          "conntrack",
          "cpu",
          "cpu_vulnerabilities",
          "cpufreq",
          "diskstats",
          "dmi",
          "edac",
          "entropy",
          "fibrechannel",
          "filefd",
          "hwmon",
          "infiniband",
          "interrupts",
          "ipvs",
          "kernel_hung",
          "loadavg",
          "mdadm",
          "meminfo",
          "netclass",
          "netdev",
          "netstat",
          "nfs",
          "nfsd",
          "nvme",
          "os",
          "powersupplyclass",
          "pressure",
          "processes",
          "rapl",
          "schedstat",
          "sockstat",
          "softirqs",
          "softnet",
          "stat",
          "tapestats",
          "thermal_zone",
          "udp_queues",
          "vmstat",
          "watchdog",
          "xfs",
          "zfs");

  /** How a difference begins, and why it is one. */
  private static final Map<String, String> INTENDED =
      Map.ofEntries(
          Map.entry(
              "adds node_memory_",
              "each line of /proc/meminfo is told, also those that node_exporter does not know"),
          Map.entry(
              "node_bcache_btree_read_average_duration_seconds",
              "the kernel tells microseconds, which node_exporter takes for nanoseconds"),
          Map.entry(
              "adds node_network_receive_nohandler_total",
              "node_exporter has it from the kernel by netlink, not from files"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"vm-6.18", "pi4-6.6", "pizero-6.6", "container-6.1", "server-6.1"})
  void givenTreeOfAHost_whenBothReadIt_thenTheyTellTheSame(String name) throws Exception {
    Fixture fixture = new Fixture(name);
    Map<String, Chosen> on = new HashMap<>();
    COLLECTORS.forEach(collector -> on.put(collector, new Chosen(true, Map.of())));

    Text ours = ours(fixture.metrics(new CollectorsConfig(on)));
    Text theirs = theirs(fixture.folder());

    Map<String, String> values = new TreeMap<>(theirs.values());
    values.keySet().removeIf(FixturesAgainstNodeExporterIT::isOther);
    Map<String, String> own = new TreeMap<>(ours.values());
    own.keySet().removeIf(FixturesAgainstNodeExporterIT::isOther);
    assertThat(differences(theirs, values, ours, own)).isEmpty();
  }

  private static List<String> differences(
      Text theirs, Map<String, String> values, Text ours, Map<String, String> own) {
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> series : values.entrySet()) {
      String value = own.remove(series.getKey());
      String type = ours.types().get(name(series.getKey()));
      if (value == null) {
        differences.add("lacks " + series.getKey() + " " + series.getValue());
      } else if (!isSame(Double.parseDouble(value), Double.parseDouble(series.getValue()))) {
        differences.add(series.getKey() + " is " + value + ", not " + series.getValue());
      } else if (!theirs.types().get(name(series.getKey())).equals(type)) {
        differences.add(name(series.getKey()) + " is a " + type);
      }
    }
    own.forEach((series, value) -> differences.add("adds " + series + " " + value));
    differences.removeIf(FixturesAgainstNodeExporterIT::isIntended);
    return differences;
  }

  /** Eleven digits: x * 0.001 is not x / 1000. */
  private static boolean isSame(double one, double other) {
    return one == other || Math.abs(one - other) <= 1e-11 * Math.abs(other);
  }

  private static boolean isIntended(String difference) {
    return INTENDED.keySet().stream().anyMatch(difference::startsWith);
  }

  private static boolean isOther(String series) {
    return series.startsWith("node_scrape_collector_duration")
        || series.startsWith("node_exporter_")
        || !series.startsWith("node_");
  }

  private static String name(String series) {
    int brace = series.indexOf('{');
    return brace < 0 ? series : series.substring(0, brace);
  }

  private static Text ours(NodeMetrics metrics) throws IOException, InterruptedException {
    try (Served agent = new Served(metrics)) {
      String path = "/metrics?collect%5B%5D=" + String.join("&collect%5B%5D=", COLLECTORS);
      return Text.parse(new String(agent.get(path).body(), StandardCharsets.UTF_8));
    }
  }

  private Text theirs(Path tree) throws Exception {
    int port = Ports.free();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--web.listen-address=127.0.0.1:" + port,
                "--web.disable-exporter-metrics",
                "--collector.disable-defaults",
                "--path.procfs=" + tree.resolve("proc"),
                "--path.sysfs=" + tree.resolve("sys"),
                "--path.rootfs=" + tree.resolve("root"),
                "--path.udev.data=" + tree.resolve("root/run/udev/data"),
                // From files, not by netlink from the kernel of this machine.
                "--no-collector.arp.netlink",
                "--no-collector.netdev.netlink"));
    COLLECTORS.forEach(name -> arguments.add("--collector." + name));
    try (Peer exporter = Peer.start(folder, "node_exporter3", arguments)) {
      URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
      HttpClient client = HttpClient.newHttpClient();
      return await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(
              () -> {
                assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
                return Text.parse(client.send(request, BodyHandlers.ofString()).body());
              },
              text -> !text.values().isEmpty());
    }
  }
}
