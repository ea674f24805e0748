package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.remotewrite.WriteRequest;
import vigie.base.time.Clock;
import vigie.collector.testing.RealPrometheus;

/** Samples pushed to the packaged collector: by the real Prometheus 3, by the agent, and killed. */
class RemoteWriteIT {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir static Path dir;
  private static Fleet fleet;
  private static int pushPort;

  /** One collector for all, but where it is killed. */
  @BeforeAll
  static void start() throws IOException {
    Path shared = Files.createDirectory(dir.resolve("shared"));
    fleet = new Fleet(shared);
    pushPort =
        configure(
            fleet,
            """
            nodes: {silent_after: 10s}
            rule_files: [load.yml, pushed.yml]
            route:
              receiver: nobody
              routes: [{receiver: discord, matchers: ['alertname="PushedProbeDown"']}]
            receivers:
            - {name: nobody}
            - {name: discord, discord_configs: [{webhook_url_file: hook}]}
            """);
    Files.writeString(
        shared.resolve("load.yml"),
        """
        groups:
        - name: pushed
          interval: 1s
          rules: [{alert: Loaded, expr: 'node_load1{node="p1"} >= 0'}]
        """);
    Files.writeString(
        shared.resolve("pushed.yml"),
        """
        groups:
        - name: probes
          interval: 1h
          rules:
          - alert: PushedProbeDown
            expr: probe_success == 0
            annotations: {summary: '{{ $labels.probe }} on {{ $labels.node }} is down'}
        """);
    Files.writeString(
        shared.resolve("agent.yaml"),
        """
        node: p1
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        sources: {journal: false, boot: false}
        spool: {path: spool}
        push: {url: 'http://127.0.0.1:%d/api/v1/write', every: 1s}
        """
            .formatted(fleet.agentPort, Ports.refusing(), pushPort)); // no session
    fleet.startCollector();
  }

  @AfterAll
  static void stop() throws Exception {
    if (fleet != null) {
      fleet.close();
    }
  }

  /** Gives the port that takes samples. */
  private static int configure(Fleet of, String more) throws IOException {
    int port = Ports.free();
    Files.writeString(
        of.dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d', remote_write: '127.0.0.1:%d'}
        """
                .formatted(of.httpPort, of.relpPort, port)
            + more);
    return port;
  }

  private static String query(String expression) {
    return "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8);
  }

  @Test
  void givenPrometheusThatScrapesItself_whenItWritesToUs_thenBothHaveTheSameSamples()
      throws Exception {
    try (RealPrometheus one = prometheus("prometheus.WriteRequest", "one");
        RealPrometheus two = prometheus("io.prometheus.write.v2.Request", "two")) {
      compare(one, "one");
      compare(two, "two");
    }
  }

  private static RealPrometheus prometheus(String message, String job) throws Exception {
    int port = Ports.free();
    String config =
        """
        scrape_configs:
        - {job_name: %s, scrape_interval: 1s, static_configs: [{targets: ['127.0.0.1:%d'], labels: {node: %s}}]}
        remote_write:
        - url: http://127.0.0.1:%d/api/v1/write
          protobuf_message: %s
          queue_config: {batch_send_deadline: 1s}
        """
            .formatted(job, port, "prometheus-" + job, pushPort, message);
    return RealPrometheus.startAt(port, dir.resolve(job), config);
  }

  private static void compare(RealPrometheus prometheus, String job) throws Exception {
    String sign = "count_over_time(up{job=\"" + job + "\"}[5m])";
    fleet.awaitOrTell(
        "eight samples of job " + job,
        () -> {
          JsonNode result = fleet.ask(query(sign)).path("data").path("result");
          return result.path(0).path("value").path(1).asInt() >= 8;
        });
    JsonNode last = fleet.ask(query("timestamp(up{job=\"" + job + "\"})"));
    double end = last.path("data").path("result").path(0).path("value").path(1).asDouble() - 2;
    String all = "{job=\"" + job + "\"}[5m] @ " + end;
    Map<String, String> theirs = series(prometheus.get(query(all)));
    Map<String, String> ours = series(fleet.ask(query(all)));
    assertThat(theirs).hasSizeGreaterThan(200);
    assertThat(ours).isEqualTo(theirs);
    fleet.awaitOrTell(
        "its node to be up",
        () -> fleet.ask("/api/vigie/nodes").toString().contains("prometheus-" + job));
    assertThat(prometheus.alive()).isTrue();
  }

  /** Each series' samples by its labels. */
  private static Map<String, String> series(JsonNode answer) {
    Map<String, String> all = new TreeMap<>();
    for (JsonNode one : answer.path("data").path("result")) {
      Map<String, String> labels = new TreeMap<>();
      one.path("metric")
          .fields()
          .forEachRemaining(l -> labels.put(l.getKey(), l.getValue().asText()));
      all.put(labels.toString(), one.path("values").toString());
    }
    return all;
  }

  @Test
  void givenAgentThatNobodyCanReach_whenItPushes_thenItIsUpInQueriesAndRulesAndLostWhenKilled()
      throws Exception {
    fleet.startAgent();
    fleet.awaitOrTell("the alert", () -> fleet.ask("/api/v1/alerts").toString().contains("Loaded"));
    fleet.awaitOrTell("p1 to be up", () -> state().equals("up"));
    assertThat(fleet.ask(query("node_load1{node=\"p1\",instance=\"p1\",job=\"agent\"}")).toString())
        .contains("\"value\"");
    fleet.agent.kill();
    fleet.awaitOrTell("p1 to be lost", () -> state().equals("lost"));
    fleet.agent.start();
    fleet.awaitOrTell("p1 to be back", () -> state().equals("up"));
    fleet.agent.kill();
  }

  @Test
  void givenProbeThatFails_whenPushed_thenACardLongBeforeTheInterval() throws Exception {
    probe(1);
    probe(0);
    fleet.awaitOrTell("a card", fleet::cardSaysFiring);
    assertThat(fleet.discord.messages().get(0).text()).contains("web on p7 is down");
    probe(1);
    fleet.awaitOrTell("its end", fleet::cardSaysResolved);
    assertThat(fleet.discord.messages()).hasSize(1);
  }

  private static void probe(int success) throws InterruptedException {
    Map<String, String> labels = Map.of("__name__", "probe_success", "node", "p7", "probe", "web");
    WriteRequest body = new WriteRequest();
    body.add(WriteRequest.labels(new TreeMap<>(labels)), success, Clock.system().millis());
    assertThat(send(pushPort, body)).isTrue();
  }

  private static String state() {
    for (JsonNode node : fleet.ask("/api/vigie/nodes").path("nodes")) {
      if (node.path("node").asText().equals("p1")) {
        return node.path("state").asText();
      }
    }
    return "";
  }

  /** 3 rounds; {@code -Dkill.rounds=50} for more. */
  @Test
  void givenKillsAtRandomMoments_whenPushed_thenAllThatWasAcknowledgedIsThere() throws Exception {
    int rounds = Integer.getInteger("kill.rounds", 3);
    long seed = Long.getLong("kill.seed", System.nanoTime());
    Random random = new Random(seed);
    long start = Clock.system().millis() - Duration.ofMinutes(30).toMillis();
    int acknowledged = 0;
    try (Fleet killed = new Fleet(Files.createDirectory(dir.resolve("killed")))) {
      int port = configure(killed, "");
      for (int round = 0; round < rounds; round++) {
        killed.startCollector();
        Program collector = killed.collector;
        int delay = random.nextInt(1000);
        Thread killer =
            new Thread(
                () -> {
                  pause(delay);
                  collector.kill();
                });
        killer.start();
        // What was not answered is sent again in the next round, as a sender would.
        while (push(port, start, acknowledged)) {
          acknowledged++;
        }
        killer.join();
      }
      killed.startCollector();
      JsonNode found = killed.ask(query("pushed[1h]")).path("data").path("result");
      JsonNode values = found.path(0).path("values");
      System.out.println(
          "kill.seed=" + seed + " rounds=" + rounds + " acknowledged=" + acknowledged);
      assertThat(acknowledged).isPositive();
      assertThat(values.size()).as("seed " + seed).isBetween(acknowledged, acknowledged + 1);
      for (int i = 0; i < acknowledged; i++) {
        assertThat(values.path(i).path(1).asText()).as("seed " + seed).isEqualTo("" + i);
      }
    }
  }

  /** Whether the sample was answered with 204. */
  private static boolean push(int port, long start, int number) throws InterruptedException {
    WriteRequest body = new WriteRequest();
    body.add(
        WriteRequest.labels(new TreeMap<>(Map.of("__name__", "pushed"))),
        number,
        start + 100L * number);
    return send(port, body);
  }

  private static boolean send(int port, WriteRequest body) throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/write"))
            .timeout(Duration.ofSeconds(60))
            .POST(BodyPublishers.ofByteArray(body.take()));
    WriteRequest.HEADERS.forEach(request::header);
    try {
      int status = CLIENT.send(request.build(), BodyHandlers.discarding()).statusCode();
      assertThat(status).isEqualTo(204);
      return true;
    } catch (IOException killed) {
      return false;
    }
  }

  /** The moment of a kill is the point of the test; nobody waits for anything here. */
  private static void pause(int millis) {
    try {
      boolean opened = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
      assertThat(opened).isFalse();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
