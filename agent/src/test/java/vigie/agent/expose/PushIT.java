package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
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
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.metric.EachSeries;
import vigie.agent.metric.Fixture;
import vigie.agent.metric.Meters;
import vigie.agent.metric.NodeCollector;
import vigie.agent.push.Push;
import vigie.agent.push.PushConfig;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.net.Ports;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/** Samples pushed to the real Prometheus: one that goes away and comes back, one behind TLS. */
class PushIT {
  private static final Pattern SAMPLE = Pattern.compile("\\[([0-9.]+),\"([^\"]+)\"\\]");
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  void givenPrometheusAwayForAWhile_whenItIsBack_thenNothingIsMissingAndValuesAreThoseOfMetrics()
      throws Exception {
    PrometheusRegistry registry = new PrometheusRegistry();
    MeterRegistry meters = Meters.in(registry);
    NodeCollector node = new Fixture("vm-6.18").metrics().collector(Runnable::run);
    registry.register(node);
    AtomicLong ticks = new AtomicLong();
    registry.register((Collector) () -> ticks(ticks.incrementAndGet()));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    int port = Ports.free();
    try (EventLoops loops = EventLoops.nio(1, "test-push");
        ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace)) {
      PushConfig config = config("url: 'http://127.0.0.1:" + port + "/api/v1/write', every: 1s");
      Push push = push(config, registry, meters, loops, thread, scheduler);
      try (Peer first = prometheus(port)) {
        push.start();
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> values(port, "ticks_total").size() > 3);
        assertThat(first.isAlive()).isTrue();
      }
      long away = ticks.get();
      await().atMost(PATIENCE).until(() -> ticks.get() > away + 6);
      try (Peer again = prometheus(port)) {
        long back = ticks.get();
        await()
            .atMost(PATIENCE)
            .ignoreExceptions()
            .until(() -> values(port, "ticks_total").contains((double) back + 2));

        List<Double> values = values(port, "ticks_total");
        List<Double> wanted = new ArrayList<>();
        for (double value = 1; value <= values.size(); value++) {
          wanted.add(value);
        }
        assertThat(values).as(again.log()).isEqualTo(wanted);
        assertThat(get(port, "/metrics"))
            .contains("prometheus_tsdb_out_of_order_samples_total{type=\"float\"} 0")
            .doesNotContain("code=\"400\",handler=\"/api/v1/write\"");
        assertThat(theirs(port))
            .containsAllEntriesOf(
                ours(new Exposition(registry, node, meters, Clock.system()).text()));

        push.close();
        await()
            .atMost(PATIENCE)
            .until(() -> get(port, "/api/v1/query?query=ticks_total").contains("\"result\":[]"));
      }
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  void givenTlsClientCertificateAndPassword_whenPasswordIsPutRight_thenSamplesArrive()
      throws Exception {
    Authority authority = new Authority(folder, "ca");
    authority.issue("web", "web", "DNS:localhost,IP:127.0.0.1");
    Path mine = authority.issue("p1", "p1", "DNS:p1.example");
    String hash = BCrypt.withDefaults().hashToString(4, "s\u00e9cret".toCharArray());
    Files.writeString(
        folder.resolve("web.yml"),
        "tls_server_config: {cert_file: web.pem, key_file: web.key, client_ca_file: ca.pem,"
            + " client_auth_type: RequireAndVerifyClientCert}\nbasic_auth_users: {p1: "
            + hash
            + "}\n");
    Files.writeString(folder.resolve("password"), "wrong\n");
    PrometheusRegistry registry = new PrometheusRegistry();
    MeterRegistry meters = Meters.in(registry);
    AtomicLong ticks = new AtomicLong();
    registry.register((Collector) () -> ticks(ticks.incrementAndGet()));
    ExecutorService thread = Executors.newSingleThreadExecutor();
    int port = Ports.free();
    PushConfig config =
        config(
            "url: 'https://localhost:"
                + port
                + "/api/v1/write', every: 1s, basic_auth: {username: p1, password_file: password},"
                + " tls_config: {ca_file: ca.pem, cert_file: p1.pem, key_file: p1.key}");
    HttpClient asker = HttpClient.newBuilder().sslContext(authority.client(mine)).build();
    String login =
        Base64.getEncoder().encodeToString("p1:s\u00e9cret".getBytes(StandardCharsets.UTF_8));
    HttpRequest query =
        HttpRequest.newBuilder(
                URI.create("https://localhost:" + port + "/api/v1/query?query=ticks_total"))
            .header("authorization", "Basic " + login)
            .timeout(Duration.ofSeconds(60))
            .build();
    try (Peer prometheus = prometheus(port, "--web.config.file=" + folder.resolve("web.yml"));
        EventLoops loops = EventLoops.nio(1, "test-push");
        ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace);
        Push push = push(config, registry, meters, loops, thread, scheduler)) {
      push.start();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  meters.find("vigie.push.dropped").tag("reason", "rejected").counters().stream()
                      .anyMatch(dropped -> dropped.count() > 0));
      assertThat(asker.send(query, BodyHandlers.ofString()).body()).contains("\"result\":[]");

      Files.writeString(folder.resolve("password"), "s\u00e9cret\n");

      await()
          .atMost(PATIENCE)
          .until(
              () -> asker.send(query, BodyHandlers.ofString()).body().contains("\"node\":\"p1\""));
      assertThat(prometheus.log()).doesNotContain("panic");
    } finally {
      thread.shutdownNow();
    }
  }

  private static Push push(
      PushConfig config,
      PrometheusRegistry registry,
      MeterRegistry meters,
      EventLoops loops,
      ExecutorService thread,
      ThreadScheduler scheduler) {
    return new Push(
        config,
        "p1",
        "vigie-agent/test",
        make -> new EachSeries<>(registry, make),
        new vigie.base.http.HttpClient(
            loops, thread, Lookup.SYSTEM, config.url(), config.tls(), config.timeout()),
        thread,
        FileLayer.disk(),
        Clock.system(),
        scheduler,
        meters);
  }

  private static CounterSnapshot ticks(long value) {
    return new CounterSnapshot(
        new io.prometheus.metrics.model.snapshots.MetricMetadata("ticks_total", "x"),
        List.of(
            new CounterSnapshot.CounterDataPointSnapshot(
                value, Labels.of("le_like", "a\"b\\c\n"), null, 0)));
  }

  private PushConfig config(String push) {
    Faults faults = new Faults();
    Section agent =
        Yaml.parse(folder.resolve("agent.yaml"), "push: {" + push + "}\n", Map.of(), faults);
    PushConfig config = PushConfig.read(agent);
    assertThat(faults.all()).isEmpty();
    return config;
  }

  private Peer prometheus(int port, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(more));
    arguments.addAll(
        List.of(
            "--config.file=" + folder.resolve("prometheus.yml"),
            "--storage.tsdb.path=" + folder.resolve("data"),
            "--web.enable-remote-write-receiver",
            "--web.listen-address=127.0.0.1:" + port));
    Files.writeString(folder.resolve("prometheus.yml"), "");
    return Peer.start(folder, "prometheus3", arguments);
  }

  /** All values of one series in the order of their time. */
  private static List<Double> values(int port, String metric) throws Exception {
    List<Double> values = new ArrayList<>();
    Matcher sample = SAMPLE.matcher(get(port, "/api/v1/query?query=" + encoded(metric + "[1h]")));
    while (sample.find()) {
      values.add(Double.parseDouble(sample.group(2)));
    }
    return values;
  }

  /** What Prometheus has of the node's own metrics, without the labels that push adds. */
  private static Map<String, Double> theirs(int port) throws Exception {
    String query = "{node=\"p1\",instance=\"p1\",job=\"agent\",__name__=~\"node_.*\"}";
    String answer = get(port, "/api/v1/query?query=" + encoded(query));
    Map<String, Double> all = new TreeMap<>();
    Matcher result =
        Pattern.compile("\\{\"metric\":\\{(.*?)\\},\"value\":\\[[0-9.]+,\"([^\"]+)\"\\]\\}")
            .matcher(answer);
    while (result.find()) {
      TreeMap<String, String> labels = new TreeMap<>();
      Matcher label =
          Pattern.compile("\"([a-z_A-Z0-9]+)\":\"((?:[^\"\\\\]|\\\\.)*)\"")
              .matcher(result.group(1));
      while (label.find()) {
        labels.put(label.group(1), label.group(2));
      }
      String name = labels.remove("__name__");
      List.of("node", "instance", "job").forEach(labels::remove);
      all.put(name + labels, number(result.group(2)));
    }
    return all;
  }

  private static Map<String, Double> ours(String exposition) {
    Map<String, Double> all = new TreeMap<>();
    Text.parse(exposition)
        .values()
        .forEach(
            (series, value) -> {
              if (series.startsWith("node_") && !series.startsWith("node_scrape")) {
                all.put(series.contains("{") ? series : series + "{}", number(value));
              }
            });
    return all;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String get(int port, String path) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port + path);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
