package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Globs;
import vigie.collector.sample.SampleStore;
import vigie.collector.store.sample.MemorySampleStore;

class RuleTestsTest {
  private static final Path GIVEN = Path.of("src/test/resources/ruletests").toAbsolutePath();
  private static final Path PACKS =
      Path.of(System.getProperty("vigie.root", ".."), "alert-rules").toAbsolutePath();

  @TempDir Path folder;
  private final StringBuilder out = new StringBuilder();

  static RuleTests tests() {
    return new RuleTests(RuleTestsTest::emptyStore);
  }

  private static SampleStore emptyStore() {
    return new MemorySampleStore(100_000);
  }

  /** A copy of the given test with something changed. */
  static Path changed(Path folder, String what, String to) throws IOException {
    Files.copy(GIVEN.resolve("rules.yml"), folder.resolve("rules.yml"));
    String text = Files.readString(GIVEN.resolve("good_test.yml"));
    assertThat(text).contains(what);
    return Files.writeString(folder.resolve("bad_test.yml"), text.replace(what, to));
  }

  private String said() {
    return out.toString().replace(folder + "/", "");
  }

  @Test
  void givenRightExpectations_whenRun_thenGreen() {
    boolean good = tests().run(List.of(GIVEN.resolve("good_test.yml")), out);
    assertThat(out.toString().replace(GIVEN + "/", "")).isEqualTo("good_test.yml: ok, 1 test\n");
    assertThat(good).isTrue();
  }

  @Test
  void givenOurRulePacks_whenRun_thenGreen() {
    List<Path> files = Globs.find(PACKS, "*_test.yml");
    assertThat(files).hasSize(12);
    boolean good = tests().run(files, out);
    assertThat(out.toString()).doesNotContain("failed");
    assertThat(good).isTrue();
  }

  @Test
  void givenOurRulePacks_whenChecked_thenEachHasItsTestAndAllLoad() {
    List<Path> files = Globs.find(PACKS, "*[!t].yml");
    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .containsExactly(
            "backup.yml",
            "database.yml",
            "logs.yml",
            "node.yml",
            "presence.yml",
            "probe.yml",
            "raspberry-pi.yml",
            "security.yml",
            "swarm.yml",
            "systemd.yml",
            "vigie.yml",
            "web.yml");
    assertThat(new RuleCheck().run(files, out)).isTrue();
    assertThat(out.toString()).contains("probe.yml: 1 group, 7 rules");
  }

  @Test
  void givenTestsAmongTheFiles_whenChecked_thenTheyAreLeftOutAndItSaysSo() {
    assertThat(new RuleCheck().run(Globs.find(PACKS, "web*.yml"), out)).isTrue();
    assertThat(out.toString()).contains("web.yml: ", "web_test.yml: unit tests, left out");
  }

  @Test
  void givenWrongAnnotation_whenRun_thenTheTwoStandBelowEachOther() throws IOException {
    Path file = changed(folder, "'a 8 8.0 https", "'a 8 8.00 https");
    assertThat(tests().run(List.of(file), out)).isFalse();
    assertThat(said())
        .isEqualTo(
            """
            bad_test.yml: 1 failed, 1 test
              bad_test.yml:5:5: test "everything"
                bad_test.yml:17:9: Sum at 4m
                  annotations of {alertname="Sum", job="a", kind="sum", severity="warning", site="home"}
                    summary expected: a 8 8.00 https://vigie.example
                                 got: a 8 8.0 https://vigie.example
            """);
  }

  @Test
  void givenWrongLabelsAndSamples_whenRun_thenMissingAndUnexpectedAreNamed() throws IOException {
    Path file = changed(folder, "n: '1'", "n: '9'");
    Files.writeString(file, Files.readString(file).replace("value: 60}", "value: 61}"));
    assertThat(tests().run(List.of(file), out)).isFalse();
    assertThat(said())
        .contains(
            """
                bad_test.yml:22:9: Held at 4m30s
                  expected, not firing: {alertname="Held", job="a", n="9"}
                  firing, not expected: {alertname="Held", job="a", n="1"}
                           annotations: {}
            """)
        .contains(
            """
                bad_test.yml:51:9: ALERTS_FOR_STATE{alertname="Held"} at 4m
                  expected: {__name__="ALERTS_FOR_STATE", alertname="Held", job="a", n="1"} 61.0
                       got: {__name__="ALERTS_FOR_STATE", alertname="Held", job="a", n="1"} 60.0
            """);
  }

  @Test
  void givenBadTestFile_whenRun_thenFaultsWithTheirPlaces() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("bad_test.yml"),
            """
            rule_files: ['*.rules']
            tests:
              - intervall: 1m
                input_series:
                  - series: 'x{a!="1"}'
                    values: '1 2y3'
                promql_expr_test:
                  - expr: sum(
            """);
    assertThat(tests().run(List.of(file), out)).isFalse();
    assertThat(said())
        .isEqualTo(
            """
            bad_test.yml:1:1: no file is named *.rules
            bad_test.yml:5:9: series "x{a!="1"}": labels have values, not conditions: a!="1"
            bad_test.yml:8:15: expr: 1:5: parse error: unclosed left parenthesis, opened at 1:4
            bad_test.yml:3:5: unknown key "intervall" in tests[0]; did you mean "interval"?
            """);
  }

  @Test
  void givenStartTimestamp_whenRun_thenTimesCountFromIt() throws IOException {
    Files.writeString(
        folder.resolve("r.yml"),
        "groups: [{name: g, rules: [{alert: Late, expr: hour() >= 22, for: 1m}]}]");
    Path file = folder.resolve("start_test.yml");
    Files.writeString(
        file,
        """
        rule_files: [r.yml]
        tests:
        - start_timestamp: 2021-01-01T21:59:00Z
          input_series: [{series: x, values: '1 2 3'}]
          alert_rule_test:
          - {eval_time: 1m, alertname: Late, exp_alerts: []}
          - {eval_time: 2m, alertname: Late, exp_alerts: [{}]}
          promql_expr_test:
          - {expr: timestamp(x), eval_time: 1m, exp_samples: [{value: 1609538400}]}
        - start_timestamp: 1609538400
          promql_expr_test:
          - {expr: time(), eval_time: 1m, exp_samples: [{value: 1609538460}]}
        """);
    assertThat(tests().run(List.of(file), out)).as(out.toString()).isTrue();
  }
}
