package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;

/**
 * A whole collector in this process: records in by RELP, answers out by HTTP and by the commands.
 */
class CollectorTest {
  private static final String RULES =
      """
      groups:
        - name: probe
          interval: 1h
          rules:
            - alert: ProbeDown
              expr: vigie_probe_up == 0
              labels: {severity: critical}
              annotations: {summary: "{{ $labels.probe }} is down"}
      """;

  @TempDir Path dir;
  private Collector collector;
  private Path file;

  @BeforeEach
  void start() throws Exception {
    Files.writeString(dir.resolve("rules.yml"), RULES);
    file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            rule_files: [rules.yml]
            nodes: {expected: [p9]}
            """);
    collector = Collector.start(Optional.of(file), config());
  }

  private CollectorConfig config() {
    return CollectorConfig.load(Optional.of(file), Map.of(), new Faults());
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  /** Events as an agent sends them; returns once each is answered. */
  private void send(String... records) throws Exception {
    send(collector.relpPort(), records);
  }

  static void send(int port, String... records) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      StringBuilder frames = new StringBuilder();
      String open = "relp_version=0\nrelp_software=test\ncommands=syslog";
      frames.append("1 open ").append(open.length()).append(' ').append(open).append('\n');
      int txnr = 1;
      for (String record : records) {
        frames
            .append(++txnr)
            .append(" syslog ")
            .append(record.length())
            .append(' ')
            .append(record)
            .append('\n');
      }
      socket.getOutputStream().write(frames.toString().getBytes(StandardCharsets.UTF_8));
      String last = txnr + " rsp 6 200 OK\n";
      StringBuilder answers = new StringBuilder();
      while (answers.indexOf(last) < 0) {
        int b = socket.getInputStream().read();
        assertThat(b).as("answers so far: " + answers).isNotNegative();
        answers.append((char) b);
      }
    }
  }

  static String event(long seq, String type, String text) {
    return "<130>1 "
        + Instant.now()
        + " p1 vigie 1 "
        + type
        + " [vigie@32473 node=\"p1\" spool=\"s1\" seq=\""
        + seq
        + "\" boot=\"b\" type=\""
        + type
        + "\" probe=\"calculatrice\" target=\"127.0.0.1:13337\" reason=\"connection refused\"] "
        + text;
  }

  private JsonNode ask(String path) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + collector.httpPort() + path))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    return new ObjectMapper().readTree(answer.body());
  }

  private record Ran(int exit, String out, String err) {}

  private Ran run(String... arguments) {
    last = arguments;
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    String[] all = new String[arguments.length + 2];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--url";
    all[arguments.length + 1] = "http://127.0.0.1:" + collector.httpPort();
    int exit = line.execute(all);
    return new Ran(exit, out.toString(), err.toString());
  }

  private void awaitFiring() {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> run("alerts", "list", "--no-headers").out().startsWith("firing"));
  }

  @Test
  void givenSamples_whenTheCollectorIsRestarted_thenQueriesFindThem() throws Exception {
    String counted = "/api/v1/query?query=vigie_events_total%7Btype=%22probe.down%22%7D";
    send(event(1, "probe.down", "calculatrice is down"));
    await().until(() -> ask(counted).path("data").path("result").size() == 1);

    collector.close();
    collector = Collector.start(Optional.of(file), config());

    assertThat(ask(counted).path("data").path("result").path(0).path("value").path(1).asText())
        .isEqualTo("1");
    assertThat(dir.resolve("data/samples/wal")).isNotEmptyDirectory();
  }

  @Test
  void givenProbeDownEvent_whenReceived_thenItsRuleFiresWithoutWaitingForTheInterval()
      throws Exception {
    send(
        event(1, "node.boot", "it had booted"),
        event(2, "probe.down", "calculatrice is down: connection refused"));
    awaitFiring();
    Ran listed = run("alerts", "list");
    assertThat(listed.out().lines().toList().get(0))
        .matches("STATE +SEVERITY +ALERT +NODE +TARGET +SINCE +SUMMARY");
    assertThat(listed.out().lines().toList().get(1))
        .matches(
            "firing +critical +ProbeDown +p1 +127\\.0\\.0\\.1:13337 +[-0-9]+ [:0-9]+ +calculatrice is down");
    assertThat(run("alerts", "list", "--fail-on", "firing").exit()).isEqualTo(1);
    assertThat(run("alerts", "list", "-l", "node=p2").out()).isEqualTo("no alerts: all well\n");
    assertThat(run("alerts", "list", "-l", "node=p2", "--fail-on", "firing").exit()).isZero();
    assertThat(run("alerts", "list", "-o", "wide").out())
        .contains("RECEIVER", "terminal", "probe/ProbeDown");
    assertThat(run("alerts", "list", "-o", "yaml").out())
        .contains("alert: ProbeDown")
        .contains("node: p1");
    JsonNode json = new ObjectMapper().readTree(run("alerts", "list", "-o", "json").out());
    assertThat(json.path(0).path("labels").path("probe").asText()).isEqualTo("calculatrice");
    assertThat(run("alerts", "show", "ProbeDown").out())
        .contains(
            "connection refused", "severity=critical", "around that time on p1", "it had booted");

    send(event(3, "probe.up", "up again"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> run("alerts", "list").out().startsWith("no alerts"));
    assertThat(run("alerts", "list", "--state", "resolved", "--no-headers").out())
        .startsWith("resolved");
  }

  @Test
  void givenAlert_whenAskedAsAlertmanagerAndPrometheus_thenBothKnowIt() throws Exception {
    send(event(1, "probe.down", "down"));
    awaitFiring();
    JsonNode v2 = ask("/api/v2/alerts");
    assertThat(v2).hasSize(1);
    assertThat(v2.path(0).path("labels").path("alertname").asText()).isEqualTo("ProbeDown");
    assertThat(v2.path(0).path("status").path("state").asText()).isEqualTo("active");
    assertThat(ask("/api/v2/alerts?filter=node%3D%22p2%22")).isEmpty();
    JsonNode rule = ask("/api/v1/rules").path("data").path("groups").path(0).path("rules").path(0);
    assertThat(rule.path("state").asText()).isEqualTo("firing");
    assertThat(rule.path("query").asText()).isEqualTo("vigie_probe_up == 0");
    assertThat(
            ask("/api/v1/query?query=ALERTS")
                .path("data")
                .path("result")
                .path(0)
                .path("metric")
                .path("alertstate")
                .asText())
        .isEqualTo("firing");
    assertThat(run("query", "vigie_probe_up").out())
        .contains("vigie_probe_up{node=\"p1\", probe=\"calculatrice\"", "0");
    assertThat(run("rules", "list").out()).contains("ProbeDown", "firing", "ok");
  }

  @Test
  void givenEvents_whenSearchedAndTailed_thenFound() throws Exception {
    send(
        event(1, "probe.up", "first\u001b[31m"),
        event(2, "probe.down", "second"),
        event(2, "probe.down", "second"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ask("/api/vigie/events").path("events").size() >= 2);
    Ran found = run("events", "search", "--no-headers", "--node", "p1");
    assertThat(found.out().lines()).hasSize(2);
    assertThat(found.out()).contains("first\\x1b[31m").doesNotContain("\u001b");
    assertThat(found.out().indexOf("second")).isLessThan(found.out().indexOf("first"));
    assertThat(run("events", "search", "nothing like it").exit()).isEqualTo(1);
    assertThat(run("events", "search", "SECOND", "--type", "probe.down", "-o", "json").out())
        .contains("\"seq\" : 2");
    Ran tailed = run("events", "tail");
    assertThat(tailed.out().indexOf("first")).isLessThan(tailed.out().indexOf("second"));
    String id = ask("/api/vigie/events").path("events").path(0).path("id").asText();
    assertThat(run("events", "show", id).out()).contains("second", "connection refused");
    assertThat(run("events", "show", "nonsense/../x").exit()).isEqualTo(2);
  }

  @Test
  void givenNodes_whenListed_thenExpectedAndHeard() throws Exception {
    send(event(1, "probe.up", "up"));
    await().atMost(Duration.ofSeconds(60)).until(() -> run("nodes", "list").out().contains("p1"));
    List<String> lines = run("nodes", "list", "--no-headers").out().lines().toList();
    assertThat(lines.get(0)).matches("p1 +up +\\d+s ago +- +\\d+s ago +ok .*");
    assertThat(lines.get(1)).matches("p9 +unseen +\\d+s ago +- +- .*");
    assertThat(run("nodes", "show", "p9").out()).contains("expected", "true");
    assertThat(run("nodes", "show", "p7").exit()).isEqualTo(1);
  }

  @Test
  void givenRestart_whenStartedAgain_thenAlertAndEventsAreBack() throws Exception {
    send(event(1, "probe.down", "down"));
    awaitFiring();
    String since = ask("/api/vigie/alerts").path("alerts").path(0).path("firedAt").asText();
    collector.close();
    collector = Collector.start(Optional.of(file), config());
    assertThat(ask("/api/vigie/alerts").path("alerts").path(0).path("firedAt").asText())
        .isEqualTo(since);
    assertThat(ask("/api/vigie/events?filter=type%3Dprobe.down").path("events")).hasSize(1);
    send(event(1, "probe.down", "down"), event(2, "probe.up", "up"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> run("alerts", "list").out().startsWith("no alerts"));
    assertThat(ask("/api/vigie/events?filter=type%3Dprobe.down").path("events")).hasSize(1);
  }

  @Test
  void givenNewRules_whenReloaded_thenTheyCountAndABrokenFileChangesNothing() throws Exception {
    Files.writeString(dir.resolve("rules.yml"), RULES.replace("ProbeDown", "Renamed"));
    collector.reload();
    assertThat(run("rules", "list").out()).contains("Renamed").doesNotContain("ProbeDown");
    Files.writeString(dir.resolve("rules.yml"), RULES.replace("== 0", "== ("));
    assertThatThrownBy(collector::reload)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("rules.yml:6:");
    assertThat(run("rules", "list").out()).contains("Renamed");
  }

  @Test
  void givenRange_whenQueried_thenGraphOrTableOrCsv() throws Exception {
    Ran graph = run("query", "vector(1) * 5", "--range", "1h", "--ascii");
    assertThat(graph.exit()).isZero();
    assertThat(graph.out()).contains("5 +**********", "+---------", "* {}  last 5");
    Ran several =
        run(
            "query",
            "vector(1) or label_replace(vector(2), \"a\", \"b\", \"\", \"\")",
            "--range",
            "5m");
    assertThat(several.out()).contains("{}  last 1", "{a=\"b\"}  last 2");
    assertThat(run("query", "vector(7)", "--range", "1m", "--step", "30s", "-o", "csv").out())
        .matches("series,time,value\\R(\\{},[0-9.]+,7\\R){3}");
    assertThat(run("query", "vector(7)", "-o", "csv").out()).matches("series,value\\R\\{},7\\R");
    assertThat(run("query", "vector(7)", "--range", "1m", "--step", "30s", "-o", "json").out())
        .contains("\"resultType\" : \"matrix\"");
    assertThat(run("query", "nothing", "--range", "1h").exit()).isEqualTo(1);
    assertThat(run("query", "up", "--range", "x").err()).contains("--range \"x\" is no duration");
    assertThat(run("query", "up", "--step", "5m").exit()).isEqualTo(2);
    assertThat(run("query", "quantile(2, vector(1))").err())
        .contains("PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)");
  }

  @Test
  void givenBadQuery_whenAsked_thenPrometheusErrorAndExitCode() throws Exception {
    JsonNode error = ask("/api/v1/query?query=sum(");
    assertThat(error.path("status").asText()).isEqualTo("error");
    assertThat(error.path("errorType").asText()).isEqualTo("bad_data");
    assertThat(error.path("error").asText())
        .isEqualTo(
            "invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis, opened at 1:4\n"
                + "sum(\n    ^");
    Ran wrong = run("query", "sum(");
    assertThat(wrong.exit()).isEqualTo(2);
    assertThat(wrong.err())
        .isEqualToIgnoringNewLines(
            "1:5: parse error: unclosed left parenthesis, opened at 1:4\nsum(\n    ^\n");
    assertThat(ask("/api/v1/query_range?query=up&start=0&end=100000&step=1").path("error").asText())
        .contains("11,000 points");
    assertThat(run("events", "search", "--since", "soon").err())
        .contains("since \"soon\" is no time");
  }

  @Test
  void givenNobodyListens_whenAsked_thenExitCodeThreeAndWhatToDo() {
    int port = collector.httpPort();
    collector.close();
    CommandLine line = Main.commandLine();
    StringWriter err = new StringWriter();
    line.setErr(new PrintWriter(err));
    assertThat(line.execute("alerts", "list", "--url", "http://127.0.0.1:" + port)).isEqualTo(3);
    assertThat(err.toString())
        .contains("cannot reach the collector at http://127.0.0.1:" + port, "VIGIE_URL");
  }

  @Test
  void givenPortTaken_whenStarted_thenAddressIsNamedAndNothingStaysOpen() throws Exception {
    Path other = dir.resolve("other.yaml");
    Files.writeString(
        other,
        "storage: {path: other}\nlisten: {http: '127.0.0.1:"
            + collector.httpPort()
            + "', relp: '127.0.0.1:0'}\n");
    CollectorConfig config = CollectorConfig.load(Optional.of(other), Map.of(), new Faults());
    for (int attempt = 0; attempt < 2; attempt++) {
      // The second attempt would find the folder held if the first one had not let go.
      assertThatThrownBy(() -> Collector.start(Optional.of(other), config))
          .hasMessageContaining("cannot listen on 127.0.0.1:" + collector.httpPort())
          .hasMessageContaining("(process " + ProcessHandle.current().pid() + ") listens there")
          .hasMessageContaining("set another listen.http");
    }
  }

  @Test
  void givenWrongWordsOrAddress_whenAsked_thenSaidAndExitCode() throws Exception {
    assertThat(run("events", "search", "--severity", "bad").exit()).isEqualTo(2);
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setErr(new PrintWriter(err));
    String config = file.toString();
    assertThat(line.execute("check", "--config", config, "--route", "foo")).isEqualTo(2);
    assertThat(err.toString()).contains("write label=value").doesNotContain("\tat ");
  }

  @Test
  void givenBrokenRule_whenChecked_thenItsLineAndAMarkUnderTheColumn() throws Exception {
    Path rules = dir.resolve("broken.yml");
    Files.writeString(rules, RULES.replace("== 0", "== ("));
    StringWriter out = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out));
    assertThat(line.execute("rules", "check", rules.toString())).isEqualTo(1);
    assertThat(out.toString().lines())
        .anyMatch(l -> l.endsWith("vigie_probe_up == ("))
        .anyMatch(l -> l.matches(" +\\^"));
  }

  @Test
  void givenSamples_whenQueried_thenTheirTimesAreReadable() throws Exception {
    send(event(1, "probe.up", "up"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> run("query", "vigie_probe_up[5m]").out().contains("@"));
    assertThat(run("query", "vigie_probe_up[5m]").out()).containsPattern("1 @\\d{10}");
  }

  @Test
  void givenStorageHeld_whenStarted_thenSaysSo() {
    CollectorConfig config = config();
    assertThatThrownBy(() -> Collector.start(Optional.of(file), config))
        .hasMessageContaining("held");
  }

  @Test
  void givenTerminalReceiver_whenDrilled_thenEachHopIsTimedAndNothingIsLeft() throws Exception {
    Ran ran = run("drill", "-o", "json", "--with", "severity=critical", "--every", "24h");

    JsonNode drill = new ObjectMapper().readTree(ran.out);
    assertThat(ran.exit).as(ran.out + ran.err).isZero();
    assertThat(drill.path("passed").asBoolean()).isTrue();
    assertThat(drill.path("hops"))
        .extracting(hop -> hop.path("hop").asText())
        .containsExactly(
            "connected",
            "session open",
            "event stored",
            "rule fires",
            "route finds receivers",
            "card wanted, on disk",
            "card is there",
            "alert resolved",
            "card shows the end");
    assertThat(drill.path("hops")).allMatch(hop -> hop.path("tookSeconds").asDouble() >= 0);
    String id = drill.path("drill").asText();
    for (JsonNode alert : ask("/api/vigie/alerts").path("alerts")) {
      assertThat(alert.path("state").asText()).isEqualTo("resolved");
      assertThat(alert.path("labels").path("drill").asText()).isEqualTo(id);
      assertThat(alert.path("severity").asText()).isEqualTo("critical");
    }
    assertThat(ask("/api/vigie/outbox").path("pending")).isEmpty();
    assertThat(ask("/api/vigie/nodes").path("nodes"))
        .extracting(node -> node.path("node").asText())
        .doesNotContain("drill");
    await()
        .untilAsserted(
            () ->
                assertThat(ask("/api/vigie/events?node=drill").path("events"))
                    .extracting(event -> event.path("type").asText())
                    .contains("drill.begin", "drill.passed"));
    assertThat(metrics()).contains("vigie_drill_passed 1.0");
  }

  @Test
  void givenNobodyAtRelp_whenDrilled_thenTold() {
    Ran ran = run("drill", "--relp", "127.0.0.1:1");

    assertThat(ran.exit).isEqualTo(3);
    assertThat(ran.err).contains("cannot send to RELP at 127.0.0.1:1").contains("--relp");
  }

  private String metrics() throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + collector.httpPort() + "/metrics"))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Test
  void givenAlertsOfAllKinds_whenPrintedAsJson_thenEachOutputIsAsItsSchemaSays() throws Exception {
    send(event(1, "probe.down", "calculatrice is down: connection refused"));
    awaitFiring();
    conforms("silences-add", run("silences", "add", "node=p7", "--for", "1h", "--reason", "off"));
    assertThat(run("drill").exit()).isZero();
    conforms("alerts-ack", run("alerts", "ack", "ProbeDown", "--by", "ada", "--note", "on it"));
    await()
        .untilAsserted(
            () -> assertThat(run("alerts", "list").out()).contains("acknowledged  critical"));
    String id = ask("/api/vigie/alerts?state=acknowledged").at("/alerts/0/id").asText();
    JsonNode story = conforms("alerts-show", run("alerts", "show", id.substring(0, 6)));
    assertThat(story.path("history"))
        .extracting(entry -> entry.path("kind").asText())
        .contains("firing", "acknowledged");
    assertThat(conforms("alerts-list", run("alerts", "list", "--state", "all"))).hasSize(2);
    assertThat(conforms("nodes-list", run("nodes", "list"))).hasSize(2);
    conforms("nodes-show", run("nodes", "show", "p1"));
    conforms("silences-list", run("silences", "list"));
    JsonNode ended = json(run("silences", "expire", "-l", "node=p7", "-o", "json"));
    assertThat(JsonSchema.faults(schema("silences-expire"), ended)).isEmpty();
    assertThat(ended).hasSize(2);
    JsonNode events = conforms("events-search", run("events", "search"));
    conforms("events-show", run("events", "show", events.path(0).path("id").asText()));
    conforms("rules-list", run("rules", "list"));
    conforms("query", run("query", "vigie_probe_up"));
    conforms("query", run("query", "1"));
    conforms("drill", run("drill"));
    assertThat(JsonSchema.faults(schema("outbox"), ask("/api/vigie/outbox"))).isEmpty();

    assertThat(run("alerts", "show", id).out())
        .contains("what happened", "acknowledged  ada on it", "probe.down");
    assertThat(run("alerts", "list", "--group-by", "node").out()).contains("GROUP").contains("p1");
    assertThat(run("alerts", "ack", id, "--withdraw", "--by", "ada").exit()).isZero();
    assertThat(run("alerts", "ack", "Nothing").exit()).isEqualTo(1);
  }

  private static Path schema(String name) {
    return Path.of(System.getProperty("vigie.root", ".."), "docs/schemas/" + name + ".json");
  }

  /** The same command's JSON, which conforms. */
  private JsonNode conforms(String schema, Ran table) throws Exception {
    assertThat(table.exit()).as(table.out() + table.err()).isZero();
    JsonNode value = json(run(last, "-o", "json"));
    assertThat(JsonSchema.faults(schema(schema), value)).as(schema + ": " + value).isEmpty();
    return value;
  }

  private static JsonNode json(Ran ran) throws Exception {
    assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
    return new ObjectMapper().readTree(ran.out());
  }

  private String[] last = {};

  private Ran run(String[] arguments, String... more) {
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return run(all);
  }
}
