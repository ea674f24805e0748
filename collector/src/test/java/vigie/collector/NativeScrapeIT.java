package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpServer;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.collector.testing.Protobuf;
import vigie.collector.testing.RealPrometheus;

/**
 * What a real Prometheus 3 tells of itself in protobuf, and what was made by hand, scraped by a
 * second one and by a collector: the series, native histograms too, and what is known of them are
 * the same.
 */
class NativeScrapeIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TYPE =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

  private static final String JOBS =
      """
      global: {scrape_interval: 1s, scrape_timeout: 900ms NATIVE}
      scrape_configs:
      - {job_name: own, metrics_path: /own, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: made, metrics_path: /made, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: both, metrics_path: /own, always_scrape_classic_histograms: true, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: few, metrics_path: /own, native_histogram_bucket_limit: 5, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: coarse, metrics_path: /own, native_histogram_min_bucket_factor: 1.5, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: samples, metrics_path: /own, sample_limit: 10, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: cut, metrics_path: /cut, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: spans, metrics_path: /spans, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: text, metrics_path: /text, static_configs: [{targets: ['ADDRESS']}]}
      - {job_name: fallback, metrics_path: /untyped, fallback_scrape_protocol: PrometheusProto, static_configs: [{targets: ['ADDRESS']}]}
      """;

  @TempDir Path dir;
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final Map<String, byte[]> pages = new ConcurrentHashMap<>();
  private final Map<String, String> accepted = new ConcurrentHashMap<>();
  private final HttpServer server =
      new HttpServer(
          loops,
          new InetSocketAddress("127.0.0.1", 0),
          new HttpServer.Limits(1000, 256),
          WebAccess.open(Clock.system(), new SimpleMeterRegistry()),
          Runnable::run,
          this::answer);
  private final HttpClient http = HttpClient.newHttpClient();

  private HttpAnswer answer(vigie.base.http.HttpRequest request) {
    boolean theirs = request.header("user-agent").startsWith("Prometheus");
    accepted.put(theirs ? "theirs" : "ours", request.header("accept"));
    if (request.path().equals("/text")) {
      return HttpAnswer.text(200, "# TYPE t histogram\nt_bucket{le=\"1\"} 1\nt_sum 1\nt_count 1\n");
    }
    String type = request.path().equals("/untyped") ? "" : TYPE;
    return new HttpAnswer(200, type, pages.getOrDefault(request.path(), new byte[0]), Map.of());
  }

  private static Protobuf family(String name, int type, int field, Protobuf value) {
    return new Protobuf()
        .text(1, name)
        .text(2, "Made by hand.")
        .number(3, type)
        .message(4, Protobuf.series("a", "b").message(field, value));
  }

  /** Zero bucket, gaps, buckets of both sides that are empty. */
  private static Protobuf histogram() {
    return new Protobuf()
        .number(1, 13)
        .real(2, 16.5)
        .number(5, 3 << 1)
        .real(6, 0.001)
        .number(7, 2)
        .message(9, new Protobuf().number(1, 3).number(2, 2))
        .number(10, 6)
        .number(10, 5)
        .message(12, new Protobuf().number(1, 10).number(2, 3))
        .message(12, new Protobuf().number(1, 8).number(2, 1))
        .number(13, 4)
        .number(13, 3)
        .number(13, 6)
        .number(13, 0);
  }

  private static byte[] made() {
    byte[][] all = {
      family("counter_total", 0, 3, new Protobuf().real(1, 3)).delimited(),
      family("gauge", 1, 2, new Protobuf().real(1, Double.NaN)).delimited(),
      family("nothing", 1, 2, new Protobuf()).delimited(),
      family(
              "summary_seconds",
              2,
              4,
              new Protobuf()
                  .number(1, 5)
                  .real(2, 1.5)
                  .message(3, new Protobuf().real(1, 0.99).real(2, 0.5))
                  .message(3, new Protobuf().real(1, 1).real(2, 0.75)))
          .text(5, "seconds")
          .delimited(),
      family("untyped", 3, 5, new Protobuf().real(1, 1e300)).delimited(),
      family("native", 4, 7, histogram()).delimited(),
      family("native_gauge", 5, 7, histogram()).delimited(),
      family(
              "fractions",
              4,
              7,
              new Protobuf()
                  .real(4, 2.5)
                  .real(2, 5)
                  .number(5, 1)
                  .message(12, new Protobuf().number(1, 2).number(2, 2))
                  .real(14, 0.5)
                  .real(14, 2))
          .delimited(),
      family("empty_native", 4, 7, new Protobuf().message(12, new Protobuf())).delimited(),
      family(
              "classic",
              4,
              7,
              new Protobuf()
                  .number(1, 3)
                  .real(2, 4)
                  .message(3, new Protobuf().number(1, 1).real(2, 1e-5))
                  .message(3, new Protobuf().number(1, 2).real(2, 1_000_000)))
          .delimited(),
      family("no_classic_buckets", 4, 7, new Protobuf().number(1, 3)).delimited()
    };
    int size = Arrays.stream(all).mapToInt(each -> each.length).sum();
    java.nio.ByteBuffer body = java.nio.ByteBuffer.allocate(size);
    for (byte[] each : all) {
      body.put(each);
    }
    return body.array();
  }

  @Test
  void givenProtobufTargets_whenScraped_thenSeriesAreThoseOfPrometheus() throws Exception {
    String address = "127.0.0.1:" + server.port();
    String jobs = JOBS.replace("ADDRESS", address);
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            "storage: {path: store}\nlisten: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}\n"
                + jobs.replace("NATIVE", ", scrape_native_histograms: true"));
    try (RealPrometheus target = RealPrometheus.start(dir.resolve("target"), "")) {
      for (int i = 0; i < 20; i++) {
        target.get("/api/v1/query?query=vector(" + i + ")");
      }
      byte[] own = own(target.url());
      pages.put("/own", own);
      pages.put("/untyped", own);
      pages.put("/cut", Arrays.copyOf(own, own.length / 2));
      pages.put("/made", made());
      pages.put(
          "/spans",
          family("h", 4, 7, new Protobuf().number(1, 1).message(12, new Protobuf().number(2, 3)))
              .delimited());
    }
    try (RealPrometheus theirs =
            RealPrometheus.start(
                dir, jobs.replace("NATIVE", ""), "--enable-feature=native-histograms");
        Collector ours =
            Collector.start(
                Optional.of(file),
                CollectorConfig.load(Optional.of(file), Map.of(), new Faults()))) {
      String ourUrl = "http://127.0.0.1:" + ours.httpPort();
      for (String url : List.of(theirs.url(), ourUrl)) {
        await()
            .atMost(Duration.ofSeconds(90))
            .pollInterval(Duration.ofMillis(250))
            .untilAsserted(() -> settled(url));
      }
      // On a busy machine a scrape comes too late now and then, and its series are absent then.
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(500))
          .untilAsserted(
              () -> {
                Map<String, String> expected = series(theirs.url());
                assertThat(expected).containsKey("{__name__=native, a=b, job=made}");
                assertThat(expected.toString())
                    .contains("prometheus_http_request_duration_seconds, ");
                compare(expected, series(ourUrl));
                for (String path : List.of("/api/v1/metadata", "/api/v1/targets/metadata")) {
                  compare(data(theirs.url() + path), data(ourUrl + path));
                }
              });
      assertThat(accepted.get("ours")).isEqualTo(accepted.get("theirs"));
    } finally {
      server.close();
      loops.close();
    }
  }

  private byte[] own(String url) throws Exception {
    HttpResponse<byte[]> answer =
        http.send(
            HttpRequest.newBuilder(URI.create(url + "/metrics")).header("Accept", TYPE).build(),
            BodyHandlers.ofByteArray());
    assertThat(answer.headers().firstValue("content-type").orElse("")).contains("protobuf");
    return answer.body();
  }

  private void settled(String url) throws Exception {
    JsonNode counts = get(url + "/api/v1/query?query=count_over_time(up%5B10m%5D)");
    assertThat(counts.path("data").path("result")).hasSize(10);
    for (JsonNode each : counts.path("data").path("result")) {
      assertThat(each.path("value").path(1).asInt()).as(each.toString()).isGreaterThan(3);
    }
  }

  private static void compare(Map<String, String> theirs, Map<String, String> ours) {
    TreeSet<String> keys = new TreeSet<>(theirs.keySet());
    keys.addAll(ours.keySet());
    StringBuilder differences = new StringBuilder();
    for (String key : keys) {
      if (!theirs.getOrDefault(key, "").equals(ours.getOrDefault(key, ""))) {
        differences.append('\n').append(key).append("\n  theirs ").append(theirs.get(key));
        differences.append("\n  ours   ").append(ours.get(key));
      }
    }
    assertThat(differences.toString()).isEmpty();
  }

  private Map<String, String> series(String url) throws Exception {
    Map<String, String> all = new TreeMap<>();
    String query =
        RealPrometheus.form("query", "{job=~\".+\",__name__!=\"scrape_duration_seconds\"}");
    for (JsonNode each : get(url + "/api/v1/query?" + query).path("data").path("result")) {
      Map<String, String> labels = new TreeMap<>();
      each.path("metric").properties().forEach(l -> labels.put(l.getKey(), l.getValue().asText()));
      labels.remove("instance");
      all.put(labels.toString(), each.path("value").path(1) + " " + histogram(each));
    }
    // It counts the one that it refuses.
    all.remove("{__name__=scrape_samples_scraped, job=spans}");
    return all;
  }

  /** Bounds to 14 digits: the last differ. */
  private static String histogram(JsonNode series) {
    JsonNode histogram = series.path("histogram").path(1);
    StringBuilder text = new StringBuilder(histogram.path("count") + " " + histogram.path("sum"));
    for (JsonNode bucket : histogram.path("buckets")) {
      text.append(' ').append(bucket.path(0)).append(' ').append(bucket.path(3));
      for (int i = 1; i < 3; i++) {
        text.append(String.format(" %.14g", bucket.path(i).asDouble()));
      }
    }
    return text.toString();
  }

  private Map<String, String> data(String url) throws Exception {
    Map<String, String> all = new TreeMap<>();
    JsonNode data = get(url).path("data");
    data.properties()
        .forEach(
            each ->
                each.getValue()
                    .forEach(said -> all.merge(each.getKey(), text(said), String::concat)));
    if (data.isArray()) {
      data.forEach(
          said ->
              all.put(said.path("target").path("job") + said.path("metric").asText(), text(said)));
    }
    assertThat(all).isNotEmpty();
    return all;
  }

  private static String text(JsonNode said) {
    return said.path("type") + " " + said.path("help") + " " + said.path("unit");
  }

  private JsonNode get(String url) throws Exception {
    return JSON.readTree(
        http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString()).body());
  }
}
