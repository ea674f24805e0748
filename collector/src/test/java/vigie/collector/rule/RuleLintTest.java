package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Globs;

class RuleLintTest {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", "..")).toAbsolutePath();
  private static final Map<String, String> ROUTING =
      Map.of(
          "node", "group_by of the route {}", "severity", "the route {}/{severity=\"critical\"}");

  @TempDir Path folder;

  private List<RuleGroup> load(String text) throws IOException {
    Path file = folder.resolve("r.yml");
    Files.writeString(file, text);
    Faults faults = new Faults();
    List<RuleGroup> groups = RuleFiles.load(List.of(file), Duration.ofMinutes(1), faults);
    assertThat(faults.all()).isEmpty();
    return groups;
  }

  private List<String> lint(Map<String, String> routing, String... rule) throws IOException {
    String text = "groups:\n- name: g\n  rules:\n    - " + String.join("\n      ", rule) + "\n";
    return RuleCheck.lint(load(text), routing).stream()
        .map(warning -> warning.replace(folder + "/r.yml:4:7: warning: alert A ", ""))
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "up == 2 | can never fire: up == 2 never holds: up is from 0 to 1",
        "sum(up{job='a',job='b'}) > 0 | can never fire: nothing can match both job=\"a\" and job=\"b\"",
        "rate(x_total{a='1',a!~'[12]'}[5m]) > 0 | can never fire: nothing can match both a=\"1\" and a!~\"[12]\"",
        "count(up == 0) == 0 | can never fire: count(up == 0) == 0 never holds: count(up == 0) is 1 or more; of nothing there is no count, see absent()",
        "count by (job) (x) < 1 | can never fire: count by (job) (x) < 1 never holds: count by (job) (x) is 1 or more; of nothing there is no count, see absent()",
        "rate(x[5m]) < 0 | can never fire: rate(x[5m]) < 0 never holds: rate(x[5m]) is 0 or more",
        "absent(x) == 0 | can never fire: absent(x) == 0 never holds: absent(x) is always 1",
        "avg_over_time(up[5m]) * 100 > 100 | can never fire: avg_over_time(up[5m]) * 100 > 100 never holds: avg_over_time(up[5m]) * 100 is from 0 to 100",
        "x and up > 1 | can never fire: up > 1 never holds: up is from 0 to 1",
        "hour() > 23 or x > +Inf | can never fire: hour() > 23 never holds: hour() is from 0 to 23; x > +Inf never holds: x is any number",
        "x == NaN | can never fire: x == NaN never holds: x is any number",
        "(up == 0) > 0 | can never fire: (up == 0) > 0 never holds: (up == 0) is always 0",
        "1 < up | can never fire: 1 < up never holds: up is from 0 to 1",
      })
  void givenExprThatCanNotHold_whenLooked_thenSaid(String expr, String expected) throws Exception {
    assertThat(lint(Map.of(), "alert: A", "expr: " + expr)).containsExactly(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "up == 0",
        "up{job='a',job!='b'} < 1",
        "count(up) by (job) == 1",
        "absent(up == 2)",
        "x unless up > 1",
        "x or up > 1",
        "count(up == 0) or vector(0) == 0",
        "rate(x[5m]) <= 0",
        "sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 1",
        "1 - avg(up) > 0.5",
        "delta(x[5m]) < 0",
        "x != x",
        "up > bool 2",
        "-up < 0",
        "histogram_quantile(0.9, x_bucket) < 0",
      })
  void givenExprThatCanHold_whenLooked_thenNothing(String expr) throws Exception {
    assertThat(lint(Map.of(), "alert: A", "expr: " + expr)).isEmpty();
  }

  @Test
  void givenForThatOutlastsTheEvents_whenLooked_thenSaid() throws Exception {
    assertThat(
            lint(
                Map.of(),
                "alert: A",
                "expr: increase(vigie_events_total{type='unit.crashed'}[5m]) > 0",
                "for: 10m"))
        .containsExactly(
            "for: 10m outlasts the events, which are seen for 5m each; leave for out or widen the"
                + " range");
    assertThat(lint(Map.of(), "alert: A", "expr: increase(x_total[5m]) > 0", "for: 10m")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sum by (job) (up{node='p1'}) < 1   | only job",
        "count(count by (node) (up)) > 5    | none",
        "max by (job) (up{node=~'p.+'}) / on (job) group_left () y < 1 | only job",
        "sum by (job) (x{node!=''}) > 1 or absent(up{job='a'}) | only job",
        "topk(3, avg without (node) (sum by (job, node) (x))) > 1 | only job",
        "x{node='p1'} / on (job) y > 1      | only job",
      })
  void givenAggregationThatDropsWhatRoutesGoBy_whenLooked_thenSaid(String expr, String kept)
      throws Exception {
    assertThat(lint(ROUTING, "alert: A", "expr: " + expr, "labels: {severity: critical}"))
        .containsExactly(
            "drops the label \"node\", which group_by of the route {} goes by: the expression reads it"
                + " and keeps "
                + kept);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "up == 0",
        "sum by (node) (up) < 1",
        "sum without (job) (up) < 1",
        "x * on (job) group_left (node) sum by (job, node) (y) > 1",
        "label_replace(sum by (job) (up), 'node', '$1', 'job', '(.*)') < 1",
        "absent(up{node='p1'})",
        "count(up == 0) > 3",
        "sum by (job) (up{node=~'.*'}) < 1",
      })
  void givenLabelThatStays_whenLooked_thenNothing(String expr) throws Exception {
    assertThat(lint(ROUTING, "alert: A", "expr: " + expr, "labels: {severity: critical}"))
        .isEmpty();
  }

  @Test
  void givenTheSameTwice_whenLooked_thenSaidOfTheSecond() throws Exception {
    List<String> said =
        RuleCheck.lint(
            load(
                """
                groups:
                - name: g
                  rules:
                  - {alert: A, expr: up == 0, labels: {severity: warning}}
                  - {alert: A, expr: up == 0, labels: {severity: critical}}
                  - {alert: A, expr: up < 1, labels: {severity: critical}}
                  - {alert: A, expr: up==0, labels: {severity: warning}}
                  - {record: r, expr: up}
                  - {record: r, expr: down}
                """),
            Map.of());
    assertThat(said.stream().map(s -> s.replace(folder + "/", "")))
        .containsExactly(
            "r.yml:7:5: warning: alert A the same as at r.yml:4:5",
            "r.yml:9:5: warning: record r the same as at r.yml:8:5");
  }

  @Test
  void givenPacksOfOthersAndOurs_whenLooked_thenNoFalseAlarm() {
    List<Path> files =
        new ArrayList<>(Globs.find(ROOT.resolve("collector/src/test/resources/rules"), "*.yml"));
    files.addAll(Globs.find(ROOT.resolve("alert-rules"), "*[!t].yml"));
    Faults faults = new Faults();
    List<RuleGroup> groups = RuleFiles.load(files, Duration.ofMinutes(1), faults);
    assertThat(faults.all()).isEmpty();
    assertThat(RuleCheck.lint(groups, Map.of("severity", "the route {}"))).isEmpty();
  }

  @Test
  void givenSelectors_whenNothingHasEverMatched_thenNamedButForWhatTheRulesRecord()
      throws Exception {
    Path file = folder.resolve("r.yml");
    load(
        """
        groups:
        - name: g
          rules:
          - {record: r, expr: up}
          - {alert: A, expr: 'r{a="b"} > 1 and missing{node=~"p.*"}'}
        """);
    StringBuilder out = new StringBuilder();
    Set<String> there = Set.of("{__name__=\"up\"}");
    boolean good = new RuleCheck(Map.of(), there::contains, true).run(List.of(file), out);
    assertThat(good).isTrue();
    assertThat(out.toString().replace(folder + "/", ""))
        .isEqualTo(
            "r.yml: 1 group, 2 rules\n"
                + "r.yml:5:5: note: nothing that A reads by"
                + " {node=~\"p.*\",__name__=\"missing\"} has ever been seen\n");
  }
}
