package vigie.collector.rule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Globs;
import vigie.base.time.Durations;
import vigie.collector.label.Labels;
import vigie.collector.template.Template;

/**
 * {@code alert-rules/README.md} says of every alert what its rule says; {@code -Dgolden.update}
 * writes it.
 */
class AlertRulesReferenceTest {
  private static final Path PACKS =
      Path.of(System.getProperty("vigie.root", ".."), "alert-rules").toAbsolutePath();
  private static final Pattern LABEL = Pattern.compile("\\$labels\\.(\\w+)");
  private static final Pattern COMMENT = Pattern.compile("^ *# ?(.*)$");
  private static final String HEAD =
      """
      # Alert rules

      Rules in Prometheus's format for a small fleet: `collector rules check` and promtool accept them, `NAME_test.yml` beside
      each pack holds its tests in promtool's format. Take the packs that fit by `rule_files` of `collector.yaml`. To change a
      threshold, copy the rule into a file of your own and leave the pack out. Rules on `vigie_events_total`, `vigie_probe_up`,
      `vigie_node_state` need the agents' events at the collector; the others run on any Prometheus with the same series.

      Made from the rules by `AlertRulesReferenceTest`. Words in capitals are labels of the alert, … is its value. "After" is
      how long it must last before the alert fires; what has none is told at the first look, or at once where it is an event.
      """;

  @Test
  void givenAlertRules_whenTheirPageIsMade_thenItIsTheOneInTheRepository() throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    for (Path file : Globs.find(PACKS, "*[!t].yml")) {
      pack(file, page);
    }
    Path readme = PACKS.resolve("README.md");
    if (System.getProperty("golden.update") != null) {
      Files.writeString(readme, page);
    }
    assertThat(page.toString()).isEqualTo(Files.readString(readme));
  }

  @Test
  void givenAlerts_whenLookedAt_thenEachSaysWhatToLookAtFirstAndHowSevereItIs() {
    for (Path file : Globs.find(PACKS, "*[!t].yml")) {
      for (Rule.Alerting rule : alerts(file)) {
        assertThat(annotation(rule, "summary")).as(rule.name()).isNotEmpty().doesNotEndWith(".");
        assertThat(annotation(rule, "description")).as(rule.name()).containsIgnoringCase("first");
        assertThat(rule.labels().get("severity").text())
            .as(rule.name())
            .isIn("critical", "warning", "info");
      }
    }
  }

  private static void pack(Path file, StringBuilder page) throws IOException {
    List<String> lines = Files.readAllLines(file);
    String name = file.getFileName().toString();
    page.append("\n## ").append(name.replace(".yml", "")).append("\n\n");
    page.append(comment(lines, 0)).append("\n\n");
    for (Rule.Alerting rule : alerts(file)) {
      page.append("- **[").append(rule.name()).append("](../docs/runbooks/");
      page.append(rule.name()).append(".md)** (");
      page.append(rule.labels().get("severity").text());
      page.append(rule.hold().isZero() ? "" : ", after " + Durations.format(rule.hold()));
      page.append("): ").append(annotation(rule, "summary")).append(". ");
      page.append(annotation(rule, "description"));
      String why = commentAbove(lines, rule.position().line() - 1);
      page.append(why.isEmpty() ? "" : "\n  *" + why.replace("*", "\\*") + "*").append('\n');
    }
  }

  static List<Rule.Alerting> alerts(Path file) {
    Faults faults = new Faults();
    List<Rule.Alerting> alerts = new ArrayList<>();
    for (RuleGroup group : RuleFiles.load(List.of(file), Duration.ofMinutes(1), faults)) {
      group.rules().forEach(rule -> alerts.add((Rule.Alerting) rule));
    }
    assertThat(faults.all()).isEmpty();
    return alerts;
  }

  /** As it reads with the names of the labels in the place of their values. */
  static String annotation(Rule.Alerting rule, String name) {
    Template template = rule.annotations().get(name);
    Labels.Builder labels = Labels.EMPTY.toBuilder();
    Matcher used = LABEL.matcher(template.text());
    while (used.find()) {
      labels.set(used.group(1), used.group(1).toUpperCase(java.util.Locale.ROOT));
    }
    Map<String, Object> data = Map.of("Labels", labels.build(), "Value", Double.NaN);
    return template.expand(data, expression -> List.of(), "").replace("NaN", "…").strip();
  }

  /** The comment that begins on the line, without its marks. */
  private static String comment(List<String> lines, int from) {
    List<String> words = new ArrayList<>();
    for (int i = from; i < lines.size(); i++) {
      Matcher comment = COMMENT.matcher(lines.get(i));
      if (!comment.matches()) {
        break;
      }
      words.add(comment.group(1));
    }
    return String.join(" ", words);
  }

  private static String commentAbove(List<String> lines, int line) {
    int from = line;
    while (from > 0 && COMMENT.matcher(lines.get(from - 1)).matches()) {
      from--;
    }
    return comment(lines, from);
  }
}
