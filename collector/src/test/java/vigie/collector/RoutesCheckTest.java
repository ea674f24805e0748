package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.collector.label.Labels;

class RoutesCheckTest {
  private static final String ALERTMANAGER =
      """
      global: {resolve_timeout: 4m, smtp_from: a@b}
      route:
        receiver: all
        group_by: [alertname, node]
        routes:
          - matchers: [severity="critical"]
            receiver: pager
            continue: true
            mute_time_intervals: [nights]
          - matchers: [team="db"]
            receiver: db
            group_wait: 10s
          - matchers: [team="db", severity="critical"]
            receiver: db
          - matchers: [alertname="Gone"]
            receiver: all
      receivers: [{name: all}, {name: pager}, {name: db}, {name: forgotten}]
      inhibit_rules:
        - {source_match: {severity: critical}, target_match: {severity: warning}, equal: [node]}
        - {source_match: {severity: critical}, target_match: {severity: none}}
        - {source_match: {a: b}, target_match: {a: c}, equal: [a]}
      time_intervals:
        - {name: nights, time_intervals: [{times: [{start_time: 22:00, end_time: 24:00}]}]}
      """;

  @TempDir Path dir;

  private RoutesCheck check() throws Exception {
    Files.writeString(dir.resolve("am.yml"), ALERTMANAGER);
    Files.writeString(
        dir.resolve("r.yml"),
        """
        groups:
          - name: g
            rules:
              - {alert: Bad, expr: up == 0, labels: {severity: critical, team: db}}
              - {alert: Odd, expr: up == 1, labels: {severity: warning}}
              - {alert: Old, expr: up == 2, labels: {severity: warning}}
        """);
    Path file = dir.resolve("c.yaml");
    Files.writeString(file, "{alertmanager_file: am.yml, rule_files: [r.yml]}");
    Faults faults = new Faults();
    CollectorConfig config = CollectorConfig.load(Optional.of(file), Map.of(), faults);
    assertThat(faults.warnings()).hasSize(1).first().asString().contains("am.yml:1:31: smtp_from");
    return new RoutesCheck(config.routing(), config.rules());
  }

  @Test
  void givenExistingAlertmanagerFile_whenChecked_thenWhatEachRulesAlertsWouldDo() throws Exception {
    assertThat(check().rules())
        .containsExactly(
            "Bad",
            "  pager: a group for each alertname, node, told at once and edited in place, not within"
                + " nights; the receiver has no integrations: nobody is told",
            "  db: a group for each alertname, node, told after 10s and edited in place; the"
                + " receiver has no integrations: nobody is told",
            "Odd, Old",
            "  perhaps db: a group for each alertname, node, told after 10s and edited in place;"
                + " the receiver has no integrations: nobody is told",
            "  perhaps all: a group for each alertname, node, told at once and edited in place; the"
                + " receiver has no integrations: nobody is told");
  }

  @Test
  void givenOddities_whenChecked_thenEachIsToldWithItsPlace() throws Exception {
    Path file = dir.resolve("am.yml");
    assertThat(check().odd())
        .containsExactly(
            "warning: nothing reaches the route {}/[team=\"db\", severity=\"critical\"] ("
                + file
                + ":13:7): the route {}/[team=\"db\"] ("
                + file
                + ":10:7) takes all of it before",
            "warning: no route names the receiver \"forgotten\"",
            "note: no alert of a loaded rule reaches the route {}/[alertname=\"Gone\"] ("
                + file
                + ":15:7)",
            "warning: "
                + file
                + ":20:5: this rule inhibits nothing: no loaded rule makes an alert that fits its"
                + " target",
            "warning: "
                + file
                + ":21:5: this rule inhibits nothing: equal asks for one a, but a=\"b\" and a=\"c\""
                + " are never both true");
  }

  @Test
  void givenLabels_whenTheirWayIsAsked_thenRoutesReceiversAndWhatInhibits() throws Exception {
    Path file = dir.resolve("am.yml");
    List<String> path = check().path(Labels.of("severity", "warning", "team", "db"));
    assertThat(path)
        .containsExactly(
            "every alert (" + file + ":3:3)",
            "  [team=\"db\"] (" + file + ":10:7)",
            "db: a group for each alertname, node, told after 10s and edited in place; the receiver"
                + " has no integrations: nobody is told",
            "told to nobody while an alert with [severity=\"critical\"] fires, with the same node ("
                + file
                + ":19:5)");
  }
}
