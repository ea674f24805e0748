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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.collector.testing.RealPrometheus;

/** The packaged collector writes to the real Prometheus 3, which comes and goes, as we do. */
class RemoteWriteOutIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path dir;
  private int port;

  /** In each life at the same place with the same data. */
  private RealPrometheus prometheus() throws IOException {
    return RealPrometheus.startAt(
        port,
        dir.resolve("there"),
        "",
        "--web.enable-remote-write-receiver",
        "--enable-feature=native-histograms");
  }

  @Test
  void givenTargetThatIsAwayAndAKill_whenAllAreBack_thenItHasEverySampleOnce() throws Exception {
    port = Ports.free();
    try (Fleet fleet = new Fleet(dir)) {
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: collector}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
          global: {external_labels: {site: here}}
          scrape_configs:
          - {job_name: self, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{targets: ['127.0.0.1:%d']}]}
          remote_write:
          - url: http://127.0.0.1:%d/api/v1/write
            name: there
            write_relabel_configs: [{source_labels: [__name__], regex: 'vigie_thread.*', action: drop}]
          """
              .formatted(fleet.httpPort, fleet.relpPort, fleet.httpPort, port));
      // It is away at first.
      fleet.startCollector();
      awaitSamples(fleet, 3);
      try (RealPrometheus first = prometheus()) {
        awaitSamples(fleet, 8);
        fleet.awaitOrTell("samples there", () -> count() > 3);
        first.kill();
      }
      awaitSamples(fleet, 13);
      fleet.collector.kill();
      fleet.startCollector();
      awaitSamples(fleet, 18);
      try (RealPrometheus second = prometheus()) {
        awaitSamples(fleet, 26);
        double end = now(fleet) - 3;
        fleet.awaitOrTell("the newest there", () -> latest() > end);
        Map<String, List<String>> ours =
            samples(fleet.ask(query("{job=\"self\",__name__!~\"vigie_thread.*\"}[10m] @ " + end)));
        Map<String, List<String>> theirs =
            samples(asked(query("{job=\"self\",site=\"here\"}[10m] @ " + end)));
        assertThat(ours).hasSizeGreaterThan(50);
        List<String> missing = new ArrayList<>();
        ours.forEach(
            (series, all) -> {
              List<String> there = theirs.getOrDefault(series, List.of());
              all.stream().filter(s -> !there.contains(s)).forEach(s -> missing.add(series + s));
              assertThat(there).doesNotHaveDuplicates();
            });
        assertThat(missing).isEmpty();
        assertThat(fleet.ask(query("sum(vigie_remote_write_dropped_total)")).toString())
            .contains("\"0\"");
        assertThat(second.alive()).isTrue();
      }
    }
  }

  @Test
  void givenNativeHistograms_whenTheyComeAndGoByRemoteWrite_thenAllThreeAgree() throws Exception {
    port = Ports.free();
    int source = Ports.free();
    int push = Ports.free();
    String sourceConfig =
        """
        scrape_configs:
        - {job_name: self, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{targets: ['127.0.0.1:%d']}]}
        remote_write:
        - {url: 'http://127.0.0.1:%d/api/v1/write', send_native_histograms: true, queue_config: {batch_send_deadline: 500ms}}
        """
            .formatted(source, push);
    try (Fleet fleet = new Fleet(dir);
        RealPrometheus target = prometheus()) {
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: collector}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d', remote_write: '127.0.0.1:%d'}
          remote_write: [{url: 'http://127.0.0.1:%d/api/v1/write', send_native_histograms: true}]
          """
              .formatted(fleet.httpPort, fleet.relpPort, push, port));
      fleet.startCollector();
      try (RealPrometheus from =
          RealPrometheus.startAt(
              source, dir.resolve("source"), sourceConfig, "--enable-feature=native-histograms")) {
        awaitSamples(fleet, 12);
        double end = now(fleet) - 3;
        fleet.awaitOrTell("the newest there", () -> latest() > end + 1);
        String histograms = "prometheus_http_request_duration_seconds";
        String count = "sum by (handler) (histogram_count(" + histograms + " @ " + end + "))";
        String quantile = "histogram_quantile(0.9, " + histograms + " @ " + end + ")";
        for (String expression : List.of(count, quantile)) {
          Map<String, String> expected = values(from.get(query(expression)));
          assertThat(expected).as(expression).isNotEmpty();
          assertThat(values(fleet.ask(query(expression)))).isEqualTo(expected);
          assertThat(values(asked(query(expression)))).isEqualTo(expected);
        }
        assertThat(from.alive()).isTrue();
      }
      assertThat(target.alive()).isTrue();
    }
  }

  private static Map<String, String> values(JsonNode answer) {
    Map<String, String> all = new TreeMap<>();
    answer
        .path("data")
        .path("result")
        .forEach(one -> all.put(one.path("metric").toString(), one.path("value").path(1).asText()));
    return all;
  }

  private void awaitSamples(Fleet fleet, int count) throws Exception {
    fleet.awaitOrTell(
        count + " samples",
        () -> value(fleet.ask(query("count_over_time(up{job=\"self\"}[10m])"))) >= count);
  }

  private static double value(JsonNode answer) {
    return answer.path("data").path("result").path(0).path("value").path(1).asDouble();
  }

  private static double now(Fleet fleet) throws Exception {
    return fleet.ask(query("time()")).path("data").path("result").path(1).asDouble();
  }

  private double count() {
    return value(asked(query("count_over_time(up{job=\"self\"}[10m])")));
  }

  private double latest() {
    return value(asked(query("timestamp(up{job=\"self\"})")));
  }

  private JsonNode asked(String path) {
    try {
      return JSON.readTree(Program.get("http://127.0.0.1:" + port + path));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String query(String expression) {
    return "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8);
  }

  /** Each series' samples by its labels, less the external one. */
  private static Map<String, List<String>> samples(JsonNode answer) {
    Map<String, List<String>> all = new TreeMap<>();
    for (JsonNode one : answer.path("data").path("result")) {
      Map<String, String> labels = new TreeMap<>();
      one.path("metric")
          .fields()
          .forEachRemaining(l -> labels.put(l.getKey(), l.getValue().asText()));
      labels.remove("site");
      List<String> samples = new ArrayList<>();
      one.path("values").forEach(value -> samples.add(value.toString()));
      all.put(labels.toString(), samples);
    }
    return all;
  }
}
