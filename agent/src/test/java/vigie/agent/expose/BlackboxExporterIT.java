package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.base.net.Ports;

/**
 * The packaged agent and the real blackbox_exporter with the same modules, asked for the same
 * targets: the same status, the same metrics with the same types and labels, and the same values of
 * all that holds still.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BlackboxExporterIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", ".."));
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Times differ from run to run. */
  private static final Set<String> MOVING =
      Set.of(
          "probe_duration_seconds",
          "probe_dns_lookup_time_seconds",
          "probe_http_duration_seconds",
          "probe_icmp_duration_seconds",
          "probe_dns_duration_seconds");

  /** Where the two differ: the case, the metrics, and why. */
  private static final List<Difference> DIFFERENCES =
      List.of(
          new Difference(
              "tls_missing_ca",
              Set.of("probe_ip_protocol", "probe_ip_addr_hash"),
              "a ca_file that cannot be read is found before there is an address"));

  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Case> cases = cases();
  private Path folder;
  private BlackboxTargets targets;
  private Peer exporter;
  private Process agent;
  private int theirs;
  private int ours;

  private record Case(String name, boolean up, String target, String module) {
    @Override
    public String toString() {
      return name;
    }
  }

  private record Difference(String of, Set<String> metrics, String why) {}

  private static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (String line : resource("cases.txt").lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] words = line.split(" +", 4);
        all.add(new Case(words[0], words[1].equals("1"), words[2], words[3]));
      }
    }
    return all;
  }

  private static String resource(String name) {
    try (var in = BlackboxExporterIT.class.getResourceAsStream("/blackbox/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeAll
  void start(@TempDir Path shared) throws Exception {
    folder = shared;
    targets = new BlackboxTargets(folder);
    String modules =
        cases.stream()
            .map(each -> "  " + each.name() + ": " + targets.fill(each.module()) + "\n")
            .collect(Collectors.joining("", "modules:\n", ""));
    theirs = Ports.free();
    ours = Ports.free();
    Path config = Files.writeString(folder.resolve("blackbox.yml"), modules);
    exporter =
        Peer.start(
            folder,
            "blackbox_exporter3",
            List.of("--config.file=" + config, "--web.listen-address=127.0.0.1:" + theirs));
    startAgent(modules);
    awaitHealthy(theirs, "/-/healthy", folder.resolve("blackbox_exporter3.log"));
    awaitHealthy(ours, "/healthz", folder.resolve("agent.log"));
  }

  private void startAgent(String modules) throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("agent.yaml"),
            "node: p1\ncollector: relp://127.0.0.1:1\nspool: {path: spool}\nlisten: 127.0.0.1:"
                + ours
                + "\nprobe_targets: ['**']\n"
                + modules);
    ProcessBuilder builder =
        new ProcessBuilder(
            ROOT.resolve("agent/target/dist/bin/agent").toString(),
            "run",
            "--config",
            config.toString());
    Path peers = ROOT.resolve("target/peers/bin").toAbsolutePath();
    builder.environment().merge("PATH", peers.toString(), (path, more) -> path + ":" + more);
    agent =
        builder
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("agent.log").toFile())
            .start();
  }

  private void awaitHealthy(int port, String path, Path log) throws IOException {
    try {
      await().atMost(PATIENCE).ignoreExceptions().until(() -> get(port, path).statusCode() == 200);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError(Files.readString(log), e);
    }
  }

  @AfterAll
  void stop() throws IOException {
    agent.descendants().forEach(ProcessHandle::destroy);
    agent.destroy();
    exporter.close();
    targets.close();
  }

  List<Case> all() {
    return cases;
  }

  @ParameterizedTest
  @MethodSource("all")
  void givenModuleAndTarget_whenProbedByBoth_thenTheSame(Case each) throws Exception {
    assumeTrue(!each.name().startsWith("icmp") || canPing(), "neither may send echo requests");
    String query = query(each.name(), targets.fill(each.target()));
    HttpResponse<String> their = get(theirs, query);
    HttpResponse<String> our = get(ours, query);
    Text expected = Text.parse(their.body());
    Text found = Text.parse(our.body());
    assertThat(our.statusCode()).as(our.body()).isEqualTo(their.statusCode()).isEqualTo(200);
    assertThat(expected.values().get("probe_success"))
        .as(() -> "what it really said of it: " + log(theirs, query))
        .isEqualTo(each.up() ? "1" : "0");
    assertThat(differences(each.name(), expected, found))
        .as(() -> log(theirs, query) + "\n" + log(ours, query))
        .isEmpty();
  }

  private static List<String> differences(String of, Text expected, Text found) {
    List<String> all = new ArrayList<>();
    Set<String> series = new TreeSet<>(expected.values().keySet());
    series.addAll(found.values().keySet());
    for (String each : series) {
      String their = expected.values().get(each);
      String our = found.values().get(each);
      String name = each.replaceAll("\\{.*", "");
      boolean same =
          their != null
              && our != null
              && (MOVING.contains(name) || Double.parseDouble(their) == Double.parseDouble(our));
      boolean known =
          DIFFERENCES.stream().anyMatch(d -> d.of().equals(of) && d.metrics().contains(name));
      assertThat(same && known && !MOVING.contains(name))
          .as("%s is told as a difference in %s and is none", name, of)
          .isFalse();
      if (!same && !known) {
        all.add(each + " theirs " + their + " ours " + our);
      }
    }
    if (!expected.types().equals(found.types())) {
      all.add("types theirs " + expected.types() + " ours " + found.types());
    }
    return all;
  }

  private boolean canPing() throws Exception {
    String query = query("icmp_loopback", "127.0.0.1");
    return get(theirs, query).body().contains("\nprobe_success 1");
  }

  private String log(int port, String query) {
    try {
      return get(port, query + "&debug=true").body();
    } catch (IOException | InterruptedException e) {
      return e.toString();
    }
  }

  @Test
  void givenGrammarOfTheUnitTests_whenCheckedByTheRealOne_thenItIsTheirs() throws Exception {
    Path all = Files.writeString(folder.resolve("all-keys.yml"), resource("all-keys.yml"));
    assertThat(check(all)).contains("Config file is ok");
    for (String line : resource("refused.txt").lines().filter(l -> !l.startsWith("#")).toList()) {
      String module = line.substring(0, line.lastIndexOf(" | "));
      Path one = Files.writeString(folder.resolve("one.yml"), "modules: {m: " + module + "}\n");
      assertThat(check(one)).as(module).contains("Config file is ok");
    }
  }

  private String check(Path config) throws Exception {
    return Peer.run(folder, "blackbox_exporter3", "", "--config.check", "--config.file=" + config);
  }

  @Test
  void givenWrongRequest_whenProbedByBoth_thenTheSameStatus() throws Exception {
    String open = "127.0.0.1:" + targets.fill("$open");
    for (String query :
        List.of(
            query("no_such_module", open),
            "/probe?module=tcp_open",
            "/probe?module=tcp_open&target=",
            "/probe?module=tcp_open&target=a:1&target=b:2",
            "/probe?target=" + open)) {
      assertThat(get(ours, query).statusCode())
          .as(query)
          .isEqualTo(get(theirs, query).statusCode());
    }
  }

  @Test
  void givenHostname_whenProbedByBoth_thenAskedForThatHost() throws Exception {
    String echo = targets.fill("http://127.0.0.1:$web/echo");
    String query = query("http_host_by_parameter", echo) + "&hostname=vhost.example";
    String clash = query("http_host_header", echo) + "&hostname=other.example";
    assertThat(
            differences(
                "http_host_by_parameter",
                Text.parse(get(theirs, query).body()),
                Text.parse(get(ours, query).body())))
        .isEmpty();
    assertThat(get(ours, query).body()).contains("\nprobe_success 1\n");
    assertThat(get(ours, clash).statusCode()).isEqualTo(get(theirs, clash).statusCode());
  }

  @Test
  void givenScrapeTimeout_whenProbedByBoth_thenCutInTime() throws Exception {
    String query = query("http_mute_long", targets.fill("http://127.0.0.1:$open/"));
    String timeout = "X-Prometheus-Scrape-Timeout-Seconds";
    for (int port : List.of(theirs, ours)) {
      long start = System.nanoTime();
      assertThat(get(port, query, timeout, "1.2").body()).contains("\nprobe_success 0");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(50));
    }
    for (String given : List.of("x", "-1", "0", "1e9")) {
      String open = query("tcp_open", targets.fill("127.0.0.1:$open"));
      assertThat(get(ours, open, timeout, given).statusCode())
          .as(given)
          .isEqualTo(get(theirs, open, timeout, given).statusCode());
    }
  }

  @Test
  void givenDebug_whenProbedByBoth_thenStepsMetricsAndModule() throws Exception {
    String query = query("http_200", targets.fill("http://127.0.0.1:$web/")) + "&debug=true";
    for (int port : List.of(theirs, ours)) {
      assertThat(get(port, query).body())
          .contains("Metrics that would have been returned:\n")
          .contains("\nprobe_success 1\n");
    }
  }

  private static String query(String module, String target) {
    return "/probe?module="
        + module
        + "&target="
        + URLEncoder.encode(target, StandardCharsets.UTF_8);
  }

  private HttpResponse<String> get(int port, String path, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(30));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }
}
