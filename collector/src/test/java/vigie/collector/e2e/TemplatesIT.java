package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.time.ManualClock;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertStore;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.rule.RuleEngine;
import vigie.collector.rule.RuleFiles;
import vigie.collector.rule.RuleOptions;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.testing.RealPrometheus;

/**
 * The templates of {@code template/templates.tsv} in the annotations of alerts, by the real
 * Prometheus 3 and by us. {@code -Dgolden.update} writes what Prometheus makes of them into that
 * table.
 */
class TemplatesIT {
  private static final Path TABLE = Path.of("src/test/resources/template/templates.tsv");
  private static final String FAILED = "<error expanding template: ";
  private static final String EXTERNAL_URL = "https://vigie.example/x";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path dir;

  private List<String> templates() throws IOException {
    return Files.readAllLines(TABLE).stream()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split("\t", -1)[0])
        .toList();
  }

  /** A file of rules, in the JSON that is YAML too. */
  private Path rules(List<String> templates) throws IOException {
    List<Object> rules = new ArrayList<>();
    rules.add(Map.of("record", "y", "expr", "vector(2)", "labels", Map.of("k", "b")));
    rules.add(Map.of("record", "y", "expr", "vector(0.5)", "labels", Map.of("k", "a")));
    Map<String, String> labels = Map.of("a", "1", "instance", "h1.example.org:9100", "job", "node");
    rules.add(Map.of("record", "x", "expr", "vector(1234567.891)", "labels", labels));
    for (int i = 0; i < templates.size(); i++) {
      rules.add(
          Map.of("alert", "T" + i, "expr", "x", "annotations", Map.of("out", templates.get(i))));
    }
    Object group = Map.of("name", "templates", "interval", "1s", "rules", rules);
    Path file = dir.resolve("rules.yml");
    Files.writeString(file, JSON.writeValueAsString(Map.of("groups", List.of(group))));
    return file;
  }

  @Test
  void givenTemplates_whenExpandedInAlerts_thenAsPrometheusDoes() throws Exception {
    List<String> templates = templates();
    assertThat(templates).hasSizeGreaterThan(150);
    Path rules = rules(templates);
    Map<String, String> theirs = theirs(rules, templates.size());
    if (System.getProperty("golden.update") != null) {
      write(templates, theirs);
    }
    Map<String, String> ours = ours(rules);
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < templates.size(); i++) {
      String expected = shown(theirs.get("T" + i));
      String got = shown(ours.get("T" + i));
      if (!expected.equals(got)) {
        differences.add(templates.get(i) + "\n  theirs: " + expected + "\n  ours:   " + got);
      }
    }
    assertThat(differences).as(String.join("\n", differences)).isEmpty();
    System.out.println("templates like Prometheus's: " + templates.size());
  }

  /** What went wrong is told in words of one's own. */
  private static String shown(String text) {
    return text != null && text.startsWith(FAILED)
        ? System.getProperty("templates.errors") == null ? FAILED : text
        : String.valueOf(text);
  }

  private void write(List<String> templates, Map<String, String> results) throws IOException {
    StringBuilder table =
        new StringBuilder("# Template, tab, what Prometheus 3.5 makes of it (TemplatesIT).\n");
    for (int i = 0; i < templates.size(); i++) {
      String result = results.get("T" + i);
      table.append(templates.get(i)).append('\t');
      table.append(result.startsWith(FAILED) ? FAILED : result).append('\n');
    }
    Files.writeString(TABLE, table);
  }

  private Map<String, String> theirs(Path rules, int count) throws Exception {
    String config =
        "global: {evaluation_interval: 1s, external_labels: {site: home}}\nrule_files: ["
            + rules
            + "]\n";
    try (RealPrometheus prometheus =
        RealPrometheus.start(
            dir, config, "--web.external-url=" + EXTERNAL_URL, "--web.route-prefix=/")) {
      Map<String, String> found = new TreeMap<>();
      Awaitility.await("Prometheus's alerts")
          .atMost(Fleet.PATIENCE)
          .until(
              () -> {
                assertThat(prometheus.alive()).isTrue();
                JsonNode answer = prometheus.get("/api/v1/alerts");
                for (JsonNode alert : answer.path("data").path("alerts")) {
                  found.put(
                      alert.path("labels").path("alertname").asText(),
                      alert.path("annotations").path("out").asText());
                }
                return found.size() == count;
              });
      return found;
    }
  }

  private static Map<String, String> ours(Path rules) {
    Faults faults = new Faults();
    var groups = RuleFiles.load(List.of(rules), Duration.ofSeconds(1), faults);
    assertThat(faults.all()).isEmpty();
    ManualClock clock = new ManualClock();
    var samples = new MemorySampleStore(10_000);
    Map<String, String> found = new TreeMap<>();
    try (RuleEngine engine =
        new RuleEngine(
            new Engine(samples, EngineOptions.defaults(), clock),
            samples,
            alerts -> {},
            AlertStore.NONE,
            clock,
            clock,
            Runnable::run,
            new SimpleMeterRegistry(),
            RuleOptions.defaults().withExternal(Labels.of("site", "home"), EXTERNAL_URL))) {
      engine.load(groups);
      clock.advance(Duration.ofSeconds(3));
      for (Alert alert : engine.alerts()) {
        found.put(alert.name(), alert.annotations().get("out"));
      }
    }
    return found;
  }
}
