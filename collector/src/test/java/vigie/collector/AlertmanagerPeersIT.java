package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.net.Ports;
import vigie.collector.testing.RealPrometheus;

/**
 * Those who speak to Alertmanager speak to us: Debian's amtool, a real Prometheus that posts its
 * alerts, and the answers of the real Alertmanager beside ours.
 */
class AlertmanagerPeersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path dir;
  private Collector collector;

  @BeforeEach
  void start() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            route: {receiver: web, group_by: [alertname]}
            receivers: [{name: web}]
            """);
    var config = CollectorConfig.load(Optional.of(file), Map.of(), new Faults());
    collector = Collector.start(Optional.of(file), config);
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private String ours() {
    return "http://127.0.0.1:" + collector.httpPort();
  }

  private static Path peer(String name) {
    Path program = Path.of(System.getProperty("vigie.root", ".."), "target/peers/bin", name);
    assertThat(program)
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", program)
        .exists();
    return program;
  }

  private record Ran(int exit, String out, String err) {}

  private Ran amtool(String version, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(peer(version).toString());
    command.add("--alertmanager.url=" + ours());
    command.addAll(List.of(arguments));
    Path out = dir.resolve("amtool.out");
    Path err = dir.resolve("amtool.err"); // it warns of a version that is not its own
    Process process =
        new ProcessBuilder(command)
            .redirectError(err.toFile())
            .redirectOutput(out.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Ran(process.exitValue(), Files.readString(out).strip(), Files.readString(err));
  }

  private String done(String version, String... arguments) throws Exception {
    Ran ran = amtool(version, arguments);
    assertThat(ran.exit()).as("%s: %s", String.join(" ", arguments), ran).isZero();
    return ran.out();
  }

  @ParameterizedTest
  @ValueSource(strings = {"amtool", "amtool3"})
  void givenRealAmtool_whenItsAlertAndSilenceCommandsRun_thenTheyDoWhatTheySay(String amtool)
      throws Exception {
    done(amtool, "alert", "add", "alertname=Down", "node=p1", "--annotation=summary=it is down");
    done(amtool, "alert", "add", "alertname=Down", "node=p2", "--end=2099-01-01T00:00:00Z");
    assertThat(done(amtool, "alert", "query", "-o", "extended", "node=p1"))
        .contains("it is down", "active")
        .doesNotContain("p2");
    JsonNode alerts = JSON.readTree(done(amtool, "alert", "query", "-o", "json", "node=~p.*"));
    assertThat(alerts).hasSize(2);

    String id = done(amtool, "silence", "add", "node=p1", "-d", "1h", "-a", "anna", "-c", "why");
    assertThat(id).matches("[0-9a-f-]{36}");
    assertThat(done(amtool, "silence", "query", "node=p1")).contains(id, "anna", "why");
    assertThat(done(amtool, "alert", "query", "-o", "extended"))
        .contains("p2")
        .doesNotContain("p1");
    assertThat(done(amtool, "alert", "query", "-o", "extended", "--silenced")).contains("p1");

    done(amtool, "silence", "update", "-d", "3h", id);
    Instant end = Instant.parse(ask("/api/v2/silence/" + id).path("endsAt").asText());
    assertThat(end).isAfter(Instant.now().plus(Duration.ofHours(2)));
    done(amtool, "silence", "expire", id);
    assertThat(done(amtool, "silence", "query")).doesNotContain(id);
    assertThat(done(amtool, "silence", "query", "--expired")).contains(id);
    assertThat(done(amtool, "alert", "query", "-o", "extended")).contains("p1");

    assertThat(done(amtool, "config", "show")).contains("receiver: web");
    assertThat(done(amtool, "config", "routes", "test", "alertname=Down")).isEqualTo("web");
    String unknown = "6f4ab7b2-0000-4000-8000-000000000000";
    assertThat(amtool(amtool, "silence", "expire", unknown).exit()).isNotZero();
  }

  @Test
  void givenRealPrometheus_whenItsAlertFiresAndEnds_thenItDoesHereToo() throws Exception {
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String[] value = {"1"};
    target.createContext(
        "/",
        exchange -> {
          byte[] body = ("burns{node=\"p1\"} " + value[0] + "\n").getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    target.start();
    Path rules =
        Files.writeString(
            dir.resolve("rules.yml"),
            """
            groups:
              - name: g
                rules:
                  - {alert: Burns, expr: burns == 1, annotations: {summary: 'on {{ $labels.node }}'}}
            """);
    String config =
        """
        global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {site: home}}
        rule_files: ['%s']
        scrape_configs: [{job_name: t, static_configs: [{targets: ['127.0.0.1:%d']}]}]
        alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:%d']}]}]}
        """
            .formatted(rules, target.getAddress().getPort(), collector.httpPort());
    try (var prometheus = RealPrometheus.start(dir.resolve("prometheus"), config)) {
      assertThat(prometheus.alive()).isTrue();
      await().atMost(PATIENCE).until(() -> ask("/api/v2/alerts").size() == 1);
      JsonNode alert = ask("/api/v2/alerts").get(0);
      assertThat(alert.path("labels").path("site").asText()).isEqualTo("home");
      assertThat(alert.path("annotations").path("summary").asText()).isEqualTo("on p1");
      assertThat(alert.path("generatorURL").asText()).contains("/graph");
      assertThat(Instant.parse(alert.path("endsAt").asText())).isAfter(Instant.now());

      value[0] = "0";

      await().atMost(PATIENCE).until(() -> ask("/api/v2/alerts").isEmpty());
      JsonNode over = ask("/api/vigie/alerts?state=resolved").path("alerts");
      assertThat(over).hasSize(1);
      String id = over.get(0).path("id").asText();
      List<String> kinds = new ArrayList<>();
      ask("/api/vigie/alerts/" + id + "/history")
          .path("history")
          .forEach(entry -> kinds.add(entry.path("kind").asText()));
      assertThat(kinds).contains("firing", "resolved");
    } finally {
      target.stop(0);
    }
  }

  private JsonNode ask(String path) throws Exception {
    return JSON.readTree(send(ours(), "GET", path, "").body());
  }

  private static HttpResponse<String> send(String base, String method, String path, String body)
      throws IOException, InterruptedException {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(base + path))
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** A method, a path, a body; ID stands for the silence made last. */
  private static final String[][] ASKED = {
    {"GET", "/alerts", ""},
    {
      "POST",
      "/alerts",
      "[{'labels':{'alertname':'A','node':'p1'},'annotations':{'summary':'s'},'generatorURL':'http://x/y'}]"
    },
    {
      "POST",
      "/alerts",
      "[{'labels':{'alertname':'B','node':'p2'},'startsAt':'2026-01-01T00:00:00Z','endsAt':'2099-01-01T00:00:00Z'}]"
    },
    {"POST", "/alerts", ""},
    {"POST", "/alerts", "{}"},
    {"POST", "/alerts", "[{}]"},
    {"POST", "/alerts", "[{'labels':{}}]"},
    {"POST", "/alerts", "[{'labels':{'a':1}}]"},
    {"POST", "/alerts", "[{'labels':{'a':'1'},'startsAt':'yesterday'}]"},
    {
      "POST",
      "/alerts",
      "[{'labels':{'a':'1'},'startsAt':'2026-01-02T00:00:00Z','endsAt':'2026-01-01T00:00:00Z'}]"
    },
    {"GET", "/alerts", ""},
    {"GET", "/alerts?filter=node=%22p1%22", ""},
    {"GET", "/alerts?filter=node!~%22p.*%22", ""},
    {"GET", "/alerts?filter=alertname=~%22A%7CB%22&filter=node!=p1", ""},
    {"GET", "/alerts?filter=node", ""},
    {"GET", "/alerts?filter=node=~%22(%22", ""},
    {"GET", "/alerts?receiver=(", ""},
    {"GET", "/alerts?receiver=we.", ""},
    {"GET", "/alerts?receiver=other", ""},
    {"GET", "/alerts?active=maybe", ""},
    {"GET", "/alerts?active=false", ""},
    {"GET", "/receivers", ""},
    {"GET", "/silences", ""},
    {"POST", "/silences", "{}"},
    {"POST", "/silences", ""},
    {"POST", "/silences", "[]"},
    {"POST", "/silences", "{'matchers':[],TIMES}"},
    {"POST", "/silences", "{'matchers':[{'name':'node'}],TIMES}"},
    {"POST", "/silences", "{'matchers':[{'name':'node','value':'(','isRegex':true}],TIMES}"},
    {"POST", "/silences", "{'matchers':[{'name':'','value':'a','isRegex':false}],TIMES}"},
    {"POST", "/silences", "{'matchers':[{'name':'node','value':'.*','isRegex':true}],TIMES}"},
    {
      "POST",
      "/silences",
      "{'matchers':[{'name':'node','value':'p1','isRegex':false}],'startsAt':'2026-01-02T00:00:00Z','endsAt':'2026-01-01T00:00:00Z','createdBy':'me','comment':'c'}"
    },
    {
      "POST",
      "/silences",
      "{'matchers':[{'name':'node','value':'p1','isRegex':false}],'startsAt':'2020-01-01T00:00:00Z','endsAt':'2020-01-02T00:00:00Z','createdBy':'me','comment':'c'}"
    },
    {
      "POST",
      "/silences",
      "{'id':'6f4ab7b2-0000-4000-8000-000000000000','matchers':[{'name':'node','value':'p1','isRegex':false}],TIMES}"
    },
    {
      "POST",
      "/silences",
      "{'matchers':[{'name':'node','value':'p[1]','isRegex':true,'isEqual':true}],TIMES}"
    },
    {"GET", "/silence/ID", ""},
    {"GET", "/silences?filter=node=~%22p.*%22", ""},
    {"GET", "/silences?filter=node=~%22p%5B1%5D%22", ""},
    {"GET", "/silences?filter=node=%22p%5B1%5D%22", ""},
    {"GET", "/silences?filter=node=p2", ""},
    {"GET", "/alerts", ""},
    {"GET", "/alerts?silenced=false", ""},
    {"GET", "/alerts?active=false", ""},
    {"GET", "/alerts/groups?filter=node=~%22p.*%22", ""},
    {
      "POST",
      "/silences",
      "{'id':'ID','matchers':[{'name':'node','value':'p2','isRegex':false}],TIMES}"
    },
    {"GET", "/silences", ""},
    {"GET", "/silence/6f4ab7b2-0000-4000-8000-000000000000", ""},
    {"GET", "/silence/nonsense", ""},
    {"DELETE", "/silence/6f4ab7b2-0000-4000-8000-000000000000", ""},
    {"DELETE", "/silence/nonsense", ""},
    {"DELETE", "/silence/ID", ""},
    {"DELETE", "/silence/ID", ""},
    {"GET", "/silences", ""},
  };

  @Test
  void givenRealAlertmanagers_whenAskedTheSame_thenTheAnswersAreTheSame() throws Exception {
    String times =
        "'startsAt':'2026-01-01T00:00:00Z','endsAt':'2099-01-01T00:00:00Z','createdBy':'me','comment':'c'";
    Path config =
        Files.writeString(
            dir.resolve("am.yml"),
            "route: {receiver: web, group_by: [alertname]}\nreceivers: [{name: web}]\n");
    try (Peer old = new Peer("alertmanager", config);
        Peer newest = new Peer("alertmanager3", config)) {
      String[] ids = new String[3];
      List<String> bases = List.of(ours(), old.url, newest.url);
      for (String[] call : ASKED) {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          String id = String.valueOf(ids[i]);
          String body = call[2].replace("TIMES", times).replace("ID", id).replace('\'', '"');
          String path = "/api/v2" + call[1].replace("ID", id);
          HttpResponse<String> answer = send(bases.get(i), call[0], path, body);
          if (answer.statusCode() == 200 && answer.body().contains("silenceID")) {
            ids[i] = JSON.readTree(answer.body()).path("silenceID").asText();
          }
          answers.add(answer.statusCode() + " " + normal(answer));
        }
        // What changed between the two versions may be either way.
        assertThat(answers.get(0)).as(String.join(" ", call)).isIn(answers.get(1), answers.get(2));
      }
    }
  }

  /** Without what differs by nature or is ours alone: times, ids, the words of an error. */
  private static String normal(HttpResponse<String> answer) throws IOException {
    String body = answer.body().strip();
    if (answer.statusCode() != 200) {
      JsonNode error = body.isEmpty() ? null : JSON.readTree(body);
      return error == null ? "" : error.isTextual() ? "text" : "code " + error.path("code").asInt();
    }
    if (body.isEmpty()) {
      return "";
    }
    JsonNode node = JSON.readTree(body);
    strip(node);
    return node.toString()
        .replaceAll("[0-9a-f]{8}-[0-9a-f-]{27}", "ID")
        .replaceAll("20[0-9]{2}-[0-9T:.-]+Z", "TIME");
  }

  private static void strip(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.remove(List.of("mutedBy", "ended"));
      if (object.path("name").asText().equals("web")) {
        object.remove("labels");
      }
    }
    node.forEach(AlertmanagerPeersIT::strip);
  }

  /** A real Alertmanager. */
  private final class Peer implements AutoCloseable {
    private final Process process;
    final String url;

    Peer(String name, Path config) throws IOException {
      int port = Ports.free();
      url = "http://127.0.0.1:" + port;
      Path log = dir.resolve(name + ".log");
      process =
          new ProcessBuilder(
                  peer(name).toString(),
                  "--config.file=" + config,
                  "--storage.path=" + dir.resolve(name),
                  "--web.listen-address=127.0.0.1:" + port,
                  "--cluster.listen-address=")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      try {
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> send(url, "GET", "/-/ready", "").statusCode() == 200);
      } catch (RuntimeException e) {
        close();
        throw new AssertionError(Files.readString(log), e);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
      try {
        process.waitFor();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
