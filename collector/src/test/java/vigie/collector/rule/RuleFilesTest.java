package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.collector.label.Labels;
import vigie.collector.template.Template;

class RuleFilesTest {
  @TempDir Path folder;
  private final Faults faults = new Faults();

  private List<RuleGroup> load(String text) throws IOException {
    Path file = folder.resolve("rules.yml");
    Files.writeString(file, text);
    return RuleFiles.load(List.of(file), Duration.ofSeconds(15), faults);
  }

  /** Faults without the folder's name. */
  private List<String> said() {
    return faults.all().stream().map(f -> f.replace(folder + "/", "")).toList();
  }

  static Stream<Arguments> badFiles() {
    return Stream.of(
        bad(
            rule("alert: A", "expr: up ==", "for: 5m"),
            "rules.yml:5:18: expr of alert A: parse error: unexpected end of input, expected"
                + " expression"),
        bad(
            rule("alert: A", "expr: |", "  sum(up)", "    by [x]"),
            "rules.yml:7:14: expr of alert A: parse error: unexpected \"[\" in grouping opts,"
                + " expected \"(\""),
        bad(
            rule("alert: A", "expr: info(up)"),
            "rules.yml:5:13: expr of alert A: parse error: function \"info\" is not enabled; in"
                + " Prometheus it is experimental, Vigie has not got it"),
        bad(
            rule("alert: A", "expr: up[5m]"),
            "rules.yml:5:13: expr of alert A gives a matrix; a rule needs a vector or a scalar"),
        bad(rule("alert: A"), "rules.yml:4:7: key \"expr\" is missing in alert A"),
        bad(
            rule("alert: A", "record: b", "expr: up"),
            "rules.yml:4:7: a rule has either record or alert, not both"),
        bad(rule("expr: up"), "rules.yml:4:7: a rule needs record or alert"),
        bad(
            rule("alert: A", "expr: up", "fro: 5m"),
            "rules.yml:6:7: unknown key \"fro\" in groups[0].rules[0]; did you mean \"for\"?"),
        bad(
            rule("alert: A", "expr: up", "for: 5 minutes"),
            "rules.yml:6:12: for \"5 minutes\" is not a duration; write 30s, 5m or 1h30m"),
        bad(
            rule("record: a:b", "expr: up", "for: 5m"),
            "rules.yml:6:7: for is only for alerts; record a:b has it"),
        bad(
            rule("record: 'a{b=\"c\"}'", "expr: up"),
            "rules.yml:4:7: \"a{b=\"c\"}\" is not a metric name: it has braces; labels stand under"
                + " labels:"),
        bad(
            rule("alert: A", "expr: up", "labels: {__name__: x, 'ü 9': y, '': z}"),
            "rules.yml:6:16: \"__name__\" is not a label name that a rule can set",
            "rules.yml:6:39: \"\" is not a label name"),
        bad(
            rule("alert: A", "expr: up", "annotations:", "  summary: 'x {{ $labels.x | nope }}'"),
            "rules.yml:7:36: annotation \"summary\" of alert A: function \"nope\" is not known; did"
                + " you mean \"ne\"?"),
        bad(
            rule("alert: A", "expr: up", "labels: {team: '{{ $label.x }}'}"),
            "rules.yml:6:26: label \"team\" of alert A: undefined variable $label; known here:"
                + " $labels, $externalLabels, $externalURL, $value"),
        bad(
            "groups:\n- name: a\n  rules: []\n- name: a\n  rules: []\n",
            "rules.yml:4:3: group \"a\" is there twice, first at rules.yml:2:3"),
        bad(
            "groups:\n- rules: []\n  interval: 1ms\n",
            "rules.yml:2:3: key \"name\" is missing in groups[0]",
            "rules.yml:3:3: interval must be between 100ms and 10y"),
        bad("group: []\n", "rules.yml:1:1: unknown key \"group\"; did you mean \"groups\"?"),
        bad(
            "groups: [\n",
            "rules.yml:2:1: not YAML: expected the node content, but found '<stream end>'"));
  }

  private static Arguments bad(String text, String... faults) {
    return Arguments.of(text, List.of(faults));
  }

  private static String rule(String... lines) {
    return "groups:\n- name: g\n  rules:\n    - " + String.join("\n      ", lines) + "\n";
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void givenBadFile_whenLoaded_thenEachFaultIsNamedWithItsPlace(String text, List<String> expected)
      throws IOException {
    load(text);
    assertThat(said()).isEqualTo(expected);
  }

  @Test
  void givenGoodFile_whenLoaded_thenEverythingIsThere() throws IOException {
    List<RuleGroup> groups =
        load(
            """
            groups:
              - name: one
                interval: 1m
                limit: 5
                query_offset: 30s
                labels: {team: a, site: x}
                rules:
                  - record: job:up:sum
                    expr: sum by (job) (up)
                    labels: {site: y}
                  - alert: Down
                    expr: up == 0
                    for: 5m
                    keep_firing_for: 10m
                    labels: {severity: critical}
                    annotations: {summary: '{{ $labels.job }}'}
              - name: two
            """);
    assertThat(said()).isEmpty();
    RuleGroup one = groups.get(0);
    assertThat(one.interval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(one.limit()).isEqualTo(5);
    assertThat(one.queryOffset()).isEqualTo(Duration.ofSeconds(30));
    assertThat(((Rule.Recording) one.rules().get(0)).labels())
        .isEqualTo(Labels.of("site", "y", "team", "a"));
    Rule.Alerting down = (Rule.Alerting) one.rules().get(1);
    assertThat(down.query()).isEqualTo("up == 0");
    assertThat(down.hold()).isEqualTo(Duration.ofMinutes(5));
    assertThat(down.keepFiringFor()).isEqualTo(Duration.ofMinutes(10));
    assertThat(down.labels()).containsEntry("severity", Template.parse("critical"));
    assertThat(down.annotations()).containsKey("summary");
    assertThat(groups.get(1).interval()).isEqualTo(Duration.ofSeconds(15));
  }

  @Test
  void givenPattern_whenFound_thenMatchingFilesInOrder() throws IOException {
    for (String name : List.of("b.yml", "a.yml", "c.txt")) {
      Files.writeString(folder.resolve(name), "");
    }
    assertThat(Globs.find(folder, "*.yml"))
        .containsExactly(folder.resolve("a.yml"), folder.resolve("b.yml"));
    assertThat(Globs.find(folder, "nope/*.yml")).isEmpty();
    assertThat(Globs.find(folder, "x.yml")).containsExactly(folder.resolve("x.yml"));
  }

  @Test
  void givenRulePacksOfOthers_whenLoaded_thenAllOfThemDo() throws IOException {
    Path packs = Path.of("src/test/resources/rules");
    List<Path> files = Globs.find(packs.toAbsolutePath(), "*.yml");
    assertThat(files).hasSizeGreaterThan(10);
    List<RuleGroup> groups = RuleFiles.load(files, Duration.ofMinutes(1), faults);
    assertThat(faults.all()).isEmpty();
    assertThat(groups.stream().mapToInt(g -> g.rules().size()).sum()).isEqualTo(179);
  }
}
