package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;

/** Samples pushed to the real Prometheus, which goes away and comes back. */
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
    int port = NodeExporterIT.freePort();
    try (EventLoops loops = EventLoops.nio(1, "test-push");
        ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace)) {
      PushConfig config = config(port);
      Push push =
          new Push(
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

  private static CounterSnapshot ticks(long value) {
    return new CounterSnapshot(
        new io.prometheus.metrics.model.snapshots.MetricMetadata("ticks_total", "x"),
        List.of(
            new CounterSnapshot.CounterDataPointSnapshot(
                value, Labels.of("le_like", "a\"b\\c\n"), null, 0)));
  }

  private PushConfig config(int port) {
    String text = "push: {url: 'http://127.0.0.1:" + port + "/api/v1/write', every: 1s}\n";
    return PushConfig.read(Yaml.parse(folder.resolve("agent.yaml"), text, Map.of(), new Faults()));
  }

  private Peer prometheus(int port) throws IOException {
    java.nio.file.Files.writeString(folder.resolve("prometheus.yml"), "");
    return Peer.start(
        folder,
        "prometheus3",
        List.of(
            "--config.file=" + folder.resolve("prometheus.yml"),
            "--storage.tsdb.path=" + folder.resolve("data"),
            "--web.enable-remote-write-receiver",
            "--web.listen-address=127.0.0.1:" + port));
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
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
