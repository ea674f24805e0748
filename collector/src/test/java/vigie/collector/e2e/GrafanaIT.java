package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/**
 * Every query of the dashboards in deploy/grafana, filled in as Grafana does, over packaged
 * programs with real data: this host, a Raspberry Pi 4 and a server (their files), probes and
 * events. Takes half a minute, as counts of events are appended every 15 s.
 */
class GrafanaIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DASHBOARDS = Program.ROOT.resolve("deploy/grafana/dashboards");
  private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.+), (\\w+)\\)");
  private static final Pattern METRIC =
      Pattern.compile("\\b(?:node|vigie|probe|process|jvm|scrape)_[a-z][A-Za-z0-9_]*[a-z]");
  private static final Map<String, String> BUILT_IN =
      Map.of("__rate_interval", "1m", "__interval", "15s", "__range", "300s");

  /** Metrics that Node Exporter Full and swarmprom ask for and why nothing answers here. */
  private static final Map<String, String> NOT_HERE =
      Map.of(
          "node_kernel_hung_tasks", "no exporter has it: it is node_kernel_hung_tasks_total",
          "node_memory_Cached", "no exporter has it: it is node_memory_Cached_bytes",
          "node_netstat_Tcp_MaxConn", "not among node_exporter's default fields of netstat either",
          "node_systemd_units", "no systemd to ask on the machine of the tests",
          "node_systemd_socket_accepted_connections_total", "no systemd to ask",
          "node_systemd_socket_current_connections", "no systemd to ask",
          "node_systemd_socket_refused_connections_total", "no systemd to ask");

  @TempDir static Path dir;
  private static Fleet fleet;
  private static final List<Program> agents = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    fleet = new Fleet(dir);
    int pushPort = Ports.free();
    int[] ports = {fleet.agentPort, Ports.free(), Ports.free()};
    String[] names = {"p1", "pi4", "server"};
    StringBuilder targets = new StringBuilder();
    for (int i = 0; i < ports.length; i++) {
      targets.append(
          "  - {targets: ['127.0.0.1:%d'], labels: {node: %s}}\n".formatted(ports[i], names[i]));
    }
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%1$d', relp: '127.0.0.1:%2$d', remote_write: '127.0.0.1:%3$d'}
        global: {scrape_interval: 1s}
        scrape_configs:
        - job_name: vigie
          static_configs: [{targets: ['127.0.0.1:%1$d']}]
        - job_name: node
          static_configs:
        %4$srule_files: [rules.yml]
        """
            .formatted(fleet.httpPort, fleet.relpPort, pushPort, targets));
    Path dump = Files.writeString(dir.resolve("dump.sql"), "a dump");
    agent(
        0,
        ports,
        names,
        """
        collectors: {cgroup: true, processes: true, interrupts: true, tcpstat: true, softirqs: true}
        node_meta: {node_id: k3xabc}
        push: {url: 'http://127.0.0.1:%d/api/v1/write', every: 1s}
        probes:
        - {name: itself, http: 'http://127.0.0.1:%d/healthz', every: 1s, timeout: 1s}
        - {name: nobody, tcp: '127.0.0.1:%d', every: 1s, timeout: 1s}
        - {name: dump, file: '%s', max_age: 1h, min_size: 1, every: 1s, timeout: 1s}
        - {name: ear, listen: ':%d', every: 1s, timeout: 1s}
        """
            .formatted(pushPort, ports[0], Ports.refusing(), dump, fleet.httpPort));
    agent(1, ports, names, "", fixture("pi4-6.6"));
    agent(2, ports, names, "node_meta: {node_id: m4n}\n", fixture("server-6.1"));
    fleet.startCollector();
  }

  private static String[] fixture(String name) {
    Path tree = Program.ROOT.resolve("agent/src/test/resources/fixtures/" + name);
    return new String[] {
      "--path.procfs",
      tree + "/proc",
      "--path.sysfs",
      tree + "/sys",
      "--path.rootfs",
      tree + "/root"
    };
  }

  private static void agent(int i, int[] ports, String[] names, String more, String... arguments)
      throws IOException {
    Path config =
        Files.writeString(
            dir.resolve(names[i] + ".yaml"),
            """
            node: %1$s
            listen: 127.0.0.1:%2$d
            collector: relp://127.0.0.1:%3$d
            sources: {journal: false, boot: false}
            spool: {path: spool-%1$s}
            """
                    .formatted(names[i], ports[i], fleet.relpPort)
                + more);
    List<String> all = new ArrayList<>(List.of("run", "--config", config.toString()));
    all.addAll(List.of(arguments));
    agents.add(
        Program.start(
            dir.resolve(names[i] + ".log"), Map.of(), "agent", all.toArray(String[]::new)));
  }

  @AfterAll
  static void stop() throws IOException {
    agents.forEach(Program::close);
    fleet.close();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static List<JsonNode> dashboards() throws IOException {
    List<JsonNode> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(DASHBOARDS)) {
      for (Path file : files.sorted().toList()) {
        all.add(JSON.readTree(file.toFile()));
      }
    }
    return all;
  }

  @Test
  void givenRealData_whenEveryPanelAsks_thenNoneIsEmptyWithoutAReason() throws Exception {
    Map<String, Ask> open = new LinkedHashMap<>();
    for (JsonNode dashboard : dashboards()) {
      fleet.awaitOrTell(
          "values for the variables of " + dashboard.path("title").asText(),
          () -> !settings(dashboard).isEmpty());
      for (Map<String, String> setting : settings(dashboard)) {
        for (JsonNode panel : dashboard.path("panels")) {
          for (JsonNode target : panel.path("targets")) {
            Ask ask = new Ask(panel, target, setting);
            open.put(dashboard.path("title").asText() + ": " + ask, ask);
          }
        }
      }
    }
    assertThat(open.size()).isGreaterThan(100);
    try {
      fleet.awaitOrTell(
          "every panel",
          () -> {
            open.values().removeIf(Ask::isAnswered);
            return open.values().stream().allMatch(Ask::mayBeEmpty);
          },
          Fleet.PATIENCE);
    } catch (AssertionError e) {
      open.values().removeIf(Ask::mayBeEmpty);
      throw new AssertionError(String.join("\n", open.keySet()), e);
    }
  }

  /**
   * Each choice of the variables: every value of those that take one, all of those that take many.
   */
  private static List<Map<String, String>> settings(JsonNode dashboard) {
    List<Map<String, String>> all = new ArrayList<>(List.of(Map.of()));
    for (JsonNode variable : dashboard.path("templating").path("list")) {
      String name = variable.path("name").asText();
      List<Map<String, String>> more = new ArrayList<>();
      for (Map<String, String> setting : all) {
        for (String value : values(variable, setting)) {
          Map<String, String> one = new HashMap<>(setting);
          one.put(name, value);
          more.add(one);
        }
      }
      all = more;
    }
    return all;
  }

  private static List<String> values(JsonNode variable, Map<String, String> setting) {
    if (!variable.path("type").asText().equals("query")) {
      return List.of("");
    }
    List<String> values = new ArrayList<>();
    String kind = variable.path("datasource").path("type").asText();
    JsonNode query = variable.path("query");
    String path = "/loki/api/v1/label/" + query.path("label").asText() + "/values";
    if (kind.equals("prometheus")) {
      Matcher parts = LABEL_VALUES.matcher(query.path("query").asText());
      assertThat(parts.matches()).as(query.toString()).isTrue();
      path =
          "/api/v1/label/"
              + parts.group(2)
              + "/values?match%5B%5D="
              + encoded(filled(parts.group(1), setting));
    }
    fleet.ask(path).path("data").forEach(value -> values.add(value.asText()));
    if (!variable.path("includeAll").asBoolean() || values.isEmpty()) {
      // What pushes has a job of its own, with nothing of other jobs.
      values.remove("agent");
      return values;
    }
    return List.of(variable.path("allValue").asText("(" + String.join("|", values) + ")"));
  }

  private static String filled(String expression, Map<String, String> setting) {
    String text = expression;
    Map<String, String> all = new HashMap<>(BUILT_IN);
    all.putAll(setting);
    for (Map.Entry<String, String> one : all.entrySet()) {
      text =
          text.replaceAll("\\$" + one.getKey() + "\\b", Matcher.quoteReplacement(one.getValue()));
    }
    assertThat(text).doesNotContain("$");
    return text;
  }

  /** One query of one panel. */
  private record Ask(JsonNode panel, JsonNode target, Map<String, String> setting) {
    private String expression() {
      return filled(target.path("expr").asText(), setting);
    }

    boolean isAnswered() {
      long now = Clock.system().millis() / 1000;
      String query = "query=" + encoded(expression());
      String path;
      if (target.path("datasource").path("type").asText().equals("loki")) {
        path =
            "/loki/api/v1/query_range?limit=100&step=15s&start=%d000000000&end=%d000000000&"
                .formatted(now - 300, now + 5);
      } else if (target.path("instant").asBoolean()) {
        path = "/api/v1/query?";
      } else {
        path = "/api/v1/query_range?start=%d&end=%d&step=5&".formatted(now - 20, now);
      }
      return !fleet.ask(path + query).path("data").path("result").isEmpty();
    }

    /** Its description, which Grafana shows, says when that is so. */
    boolean mayBeEmpty() {
      return panel.path("description").asText().matches("(?s).*\\bEmpty (where|unless|without) .*");
    }

    @Override
    public String toString() {
      return panel.path("title").asText() + ": " + expression();
    }
  }

  @Test
  void givenNodeExporterFullAndSwarmprom_whenTheirMetricsAreAsked_thenAllButTheListedAreThere()
      throws Exception {
    Map<String, String> wanted = new TreeMap<>();
    for (String line :
        Files.readAllLines(Program.ROOT.resolve("agent/src/test/resources/wanted/wanted.tsv"))) {
      String[] columns = line.split("\t", -1);
      if (columns[0].startsWith("node_") && columns[4].matches(".*[ad].*")) {
        String series = columns[0] + "{job=\"node\",instance=~\"127.0.0.1:.+\"}";
        wanted.put(columns[0], columns[1].equals("counter") ? "rate(" + series + "[1m])" : series);
      }
    }
    assertThat(wanted).hasSizeGreaterThan(200);
    fleet.awaitOrTell(
        "all metrics but " + NOT_HERE.keySet(),
        () -> {
          wanted
              .values()
              .removeIf(
                  query ->
                      !fleet
                          .ask("/api/v1/query?query=" + encoded(query))
                          .path("data")
                          .path("result")
                          .isEmpty());
          return NOT_HERE.keySet().containsAll(wanted.keySet());
        });
  }

  /** But for the mount point: swarmprom's node_exporter sees the host's root at /rootfs. */
  @Test
  void givenSwarmpromsRules_whenAskedWithoutTheirThreshold_thenEachNamesTheNode() throws Exception {
    String file = "collector/src/test/resources/rules/swarmprom-node.rules.yml";
    Object rules =
        new Load(LoadSettings.builder().build())
            .loadFromString(Files.readString(Program.ROOT.resolve(file)));
    JsonNode all = JSON.valueToTree(rules).path("groups").path(0).path("rules");
    assertThat(all).hasSize(4);
    for (JsonNode rule : all) {
      String query =
          rule.path("expr").asText().replace("/rootfs", "/").replaceFirst(" [<>] \\d+$", "");
      fleet.awaitOrTell(
          query,
          () -> {
            JsonNode result =
                fleet.ask("/api/v1/query?query=" + encoded(query)).path("data").path("result");
            return result.findValuesAsText("node_name").stream().anyMatch(name -> !name.isEmpty());
          });
    }
  }

  @Test
  void givenPanels_whenTheirMetricsAreLookedUp_thenEachIsToldOrDocumented() throws Exception {
    StringBuilder known = new StringBuilder(Program.get(fleet.url("/metrics")));
    known.append(Program.get("http://127.0.0.1:" + fleet.agentPort + "/metrics"));
    for (String folder : List.of("docs", "docs/probes")) {
      try (Stream<Path> pages = Files.list(Program.ROOT.resolve(folder))) {
        for (Path page : pages.filter(p -> p.toString().endsWith(".md")).toList()) {
          known.append(Files.readString(page));
        }
      }
    }
    TreeSet<String> unknown = new TreeSet<>();
    for (JsonNode dashboard : dashboards()) {
      for (JsonNode target : dashboard.findValues("expr")) {
        Matcher names = METRIC.matcher(target.asText());
        while (names.find()) {
          String name = names.group().replaceFirst("_(total|sum|count|max)$", "");
          if (known.indexOf(name) < 0) {
            unknown.add(names.group());
          }
        }
      }
    }
    // Named after the machine's chips; the collector's own of each scrape.
    unknown.removeIf(name -> name.startsWith("node_hwmon_temp") || name.startsWith("scrape_"));
    assertThat(unknown).isEmpty();
  }

  @Test
  void givenDashboards_whenRead_thenTheyFitTheirGridAndBothThemes() throws Exception {
    for (JsonNode dashboard : dashboards()) {
      String title = dashboard.path("title").asText();
      assertThat(dashboard.path("uid").asText()).startsWith("vigie-");
      // Named colours change with the theme, others do not.
      assertThat(dashboard.toString()).doesNotContainPattern("#[0-9a-f]{6}|rgb\\(");
      boolean[][] taken = new boolean[1000][24];
      for (JsonNode panel : dashboard.path("panels")) {
        JsonNode at = panel.path("gridPos");
        for (int y = at.path("y").asInt(); y < at.path("y").asInt() + at.path("h").asInt(); y++) {
          for (int x = at.path("x").asInt(); x < at.path("x").asInt() + at.path("w").asInt(); x++) {
            assertThat(taken[y][x]).as(title + ": " + panel.path("title").asText()).isFalse();
            taken[y][x] = true;
          }
        }
      }
      for (JsonNode source : dashboard.findValues("datasource")) {
        assertThat(source.path("uid").asText()).as(title).isIn("${samples}", "${events}");
      }
    }
  }
}
