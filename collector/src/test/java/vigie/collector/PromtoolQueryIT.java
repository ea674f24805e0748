package vigie.collector;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;

/** The real promtool and the real amtool ask a collector that scrapes itself. */
class PromtoolQueryIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", ".."));

  @TempDir static Path dir;
  private static Collector collector;
  private static String url = "";

  @BeforeAll
  static void start() throws Exception {
    Files.writeString(
        dir.resolve("rules.yml"),
        """
        groups:
        - name: g
          interval: 1s
          rules:
          - {record: 'answer', expr: 'vector(42.5)'}
          - alert: Always
            expr: answer > 0
            labels: {severity: warning, hostile: "a \\"b\\" \\\\ <é> \\n"}
            annotations: {summary: 'it is {{ $value }}'}
          - {alert: Never, expr: 'answer < 0'}
        """);
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            rule_files: [rules.yml]
            scrape_configs:
            - {job_name: self, scrape_interval: 1s, file_sd_configs: [{files: [targets.json]}]}
            """);
    collector =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
    url = "http://127.0.0.1:" + collector.httpPort();
    Files.writeString(
        dir.resolve("targets.json"),
        "[{\"targets\": [\"127.0.0.1:" + collector.httpPort() + "\"]}]");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ask("promtool", "query", "instant", url, "up{job='self'}").contains("=> 1 @"));
  }

  @AfterAll
  static void stop() {
    collector.close();
  }

  /** What the program prints, errors too. */
  private static String ask(String program, String... words)
      throws IOException, InterruptedException {
    Path path = ROOT.resolve("target/peers/bin").resolve(program);
    assertThat(path)
        .withFailMessage("%s is missing; run: deploy/peers.sh install target/peers", path)
        .isExecutable();
    List<String> command = new ArrayList<>(List.of(path.toString()));
    command.addAll(List.of(words));
    Path output = Files.createTempFile(dir, program, ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(output, UTF_8);
  }

  /** The alerts that amtool prints, behind its warning that it has another version than we. */
  private static JsonNode alerts(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("--alertmanager.url=" + url, "alert", "query"));
    all.addAll(List.of("-o", "json"));
    all.addAll(List.of(words));
    String text = ask("amtool", all.toArray(String[]::new));
    return new ObjectMapper().readTree(text.substring(text.indexOf('[')));
  }

  @Test
  void givenPromtool_whenItAsks_thenInstantAndRangeSeriesAndLabelsAreAnswered() throws Exception {
    long now = Instant.now().getEpochSecond();
    assertThat(ask("promtool", "query", "instant", url, "answer")).startsWith("answer => 42.5 @[");
    assertThat(ask("promtool", "query", "instant", url, "1 / 0")).startsWith("scalar: +Inf @[");
    assertThat(
            ask(
                "promtool",
                "query",
                "range",
                "--start=" + (now - 10),
                "--end=" + (now + 5),
                "--step=1s",
                url,
                "answer"))
        .startsWith("answer =>\n42.5 @[");
    assertThat(ask("promtool", "query", "series", "--match=up", "--match=answer", url))
        .contains("{__name__=\"answer\"}")
        .contains("{__name__=\"up\", instance=\"" + url.substring(7) + "\", job=\"self\"}");
    assertThat(ask("promtool", "query", "labels", url, "job")).isEqualTo("self\n");
    assertThat(ask("promtool", "query", "labels", url, "__name__"))
        .contains("up\n", "vigie_series\n");
    assertThat(ask("promtool", "query", "instant", url, "sum(")).contains("parse error");
  }

  @Test
  void givenOurOwnMetrics_whenPromtoolLooksAtThem_thenTheyWereAllTaken() throws Exception {
    assertThat(ask("promtool", "query", "instant", url, "scrape_samples_scraped{job='self'} > 50"))
        .contains("=>");
  }

  @Test
  void givenAmtool_whenItAsks_thenFiltersHoldAndNothingIsLostOfALabel() throws Exception {
    await().until(() -> alerts().size() == 1);
    JsonNode alert = alerts().get(0);
    assertThat(alert.path("labels").path("hostile").asText()).isEqualTo("a \"b\" \\ <é> \n");
    assertThat(alert.path("annotations").path("summary").asText()).isEqualTo("it is 42.5");
    assertThat(alert.path("status").path("state").asText()).isEqualTo("active");
    assertThat(alerts("alertname=Always")).hasSize(1);
    assertThat(alerts("severity=~w.*", "alertname!=Never")).hasSize(1);
    assertThat(alerts("severity!~w.*")).isEmpty();
    assertThat(alerts("--silenced")).isEmpty();
    assertThat(alerts("--receiver=terminal")).hasSize(1);
    assertThat(alerts("--receiver=none")).isEmpty();
    assertThat(ask("amtool", "--alertmanager.url=" + url, "silence", "query"))
        .doesNotContain("error");
  }
}
