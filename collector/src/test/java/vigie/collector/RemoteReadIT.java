package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.remotewrite.WireHistogram;
import vigie.base.remotewrite.WriteRequest;
import vigie.collector.testing.RealPrometheus;

/** What the real Prometheus 3 keeps from before our time is in our answers. */
class RemoteReadIT {
  private static final String[] QUERIES = {
    "m_total{x=~\"a|b\"}",
    "sum by (x) (rate(m_total[5m]))",
    "m_total offset 10m",
    "max_over_time(m_total{x!=\"a\"}[10m:30s])",
    "absent(m_total{x=\"c\"})"
  };

  @TempDir Path dir;
  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void givenOlderSamplesElsewhere_whenAsked_thenTheyAreThereAndAWarningWhenItIsAway()
      throws Exception {
    long start = Instant.now().getEpochSecond() / 3600 * 3600 - 6 * 3600;
    StringBuilder text = new StringBuilder("# TYPE m counter\n");
    for (String x : new String[] {"a", "b"}) {
      for (int i = 0; i < 240; i++) {
        text.append("m_total{x=\"" + x + "\",site=\"here\"} " + i * (i % 7) + " ");
        text.append(start + i * 15).append('\n');
      }
    }
    Path samples = Files.writeString(dir.resolve("samples.txt"), text + "# EOF\n");
    RealPrometheus.blocks(dir, samples);
    RealPrometheus theirs = RealPrometheus.start(dir, "");
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: store}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            global: {external_labels: {site: here}}
            remote_read:
            - {url: '%s/api/v1/read', name: long, remote_timeout: 30s}
            - {url: '%s/api/v1/read', name: other, required_matchers: {job: none}}
            """
                .formatted(theirs.url(), theirs.url()));
    try (Collector ours =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()))) {
      String ourUrl = "http://127.0.0.1:" + ours.httpPort();
      for (String query : QUERIES) {
        String path =
            "/api/v1/query_range?"
                + RealPrometheus.form(
                    "query",
                    query,
                    "start",
                    Long.toString(start + 600),
                    "end",
                    Long.toString(start + 4000),
                    "step",
                    "60");
        JsonNode our = get(ourUrl + path);
        assertThat(series(our)).as(query).isEqualTo(series(get(theirs.url() + path))).isNotEmpty();
        assertThat(our.has("warnings")).as(our.toString()).isFalse();
      }
      theirs.close();
      JsonNode alone = get(ourUrl + "/api/v1/query?query=m_total&time=" + (start + 600));
      assertThat(alone.path("status").asText()).isEqualTo("success");
      assertThat(alone.path("warnings").toString()).contains("remote_read long: ");
      JsonNode fresh = get(ourUrl + "/api/v1/query?query=vector(1)");
      assertThat(fresh.has("warnings")).isFalse();
    } finally {
      theirs.close();
    }
  }

  @Test
  void givenHistogramsElsewhere_whenAsked_thenTheyAreThereAsItHasThem() throws Exception {
    long start = Instant.now().getEpochSecond() / 3600 * 3600 - 6 * 3600;
    RealPrometheus theirs =
        RealPrometheus.start(
            dir, "", "--web.enable-remote-write-receiver", "--enable-feature=native-histograms");
    byte[] labels = WriteRequest.labels(new TreeMap<>(Map.of("__name__", "h", "site", "here")));
    try {
      for (int i = 0; i < 100; i++) {
        long time = (start + i * 15) * 1000;
        WriteRequest request = new WriteRequest();
        // A number now and then: both kinds of one series come back apart. They go there one by
        // one, as it takes the numbers of a request before its histograms.
        if (i % 10 == 9) {
          request.add(labels, i, time);
        } else {
          request.add(labels, histogram(time, i));
        }
        theirs.write(request.take());
      }
      Path file =
          Files.writeString(
              dir.resolve("collector.yaml"),
              """
              storage: {path: store}
              listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
              global: {external_labels: {site: here}}
              remote_read: [{url: '%s/api/v1/read', remote_timeout: 1m}]
              """
                  .formatted(theirs.url()));
      try (Collector ours =
          Collector.start(
              Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()))) {
        for (String query :
            List.of(
                "h",
                "histogram_avg(h)",
                "rate(h[2m])",
                "count_over_time(h[5m])",
                "max_over_time(h[5m])")) {
          String path =
              "/api/v1/query_range?"
                  + RealPrometheus.form(
                      "query",
                      query,
                      "start",
                      Long.toString(start + 300),
                      "end",
                      Long.toString(start + 1500),
                      "step",
                      "60");
          JsonNode our = get("http://127.0.0.1:" + ours.httpPort() + path);
          assertThat(series(our))
              .as(query)
              .isEqualTo(series(get(theirs.url() + path)))
              .isNotEmpty();
        }
      }
    } finally {
      theirs.close();
    }
  }

  /** A counter with three populated buckets. */
  private static WireHistogram histogram(long timeMillis, int i) {
    return WireHistogram.of(
        timeMillis,
        4.0 * i,
        10.0 * i,
        0,
        0.001,
        i,
        0,
        new int[0],
        new double[0],
        new int[] {0, 2},
        new double[] {i, 2 * i},
        new double[0]);
  }

  /** By labels, less the external one, which our answers do not have. */
  private static Map<String, String> series(JsonNode answer) {
    Map<String, String> all = new TreeMap<>();
    for (JsonNode one : answer.path("data").path("result")) {
      Map<String, String> labels = new TreeMap<>();
      one.path("metric")
          .fields()
          .forEachRemaining(l -> labels.put(l.getKey(), l.getValue().asText()));
      labels.remove("site");
      all.put(labels.toString(), one.path("values") + " " + one.path("histograms"));
    }
    return all;
  }

  private JsonNode get(String url) throws Exception {
    return new ObjectMapper()
        .readTree(
            http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString())
                .body());
  }
}
