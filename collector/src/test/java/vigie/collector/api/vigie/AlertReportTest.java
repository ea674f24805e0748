package vigie.collector.api.vigie;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.label.Labels;

class AlertReportTest {
  private static final Instant T0 = Instant.parse("2026-11-22T06:00:00Z");

  private static Alert alert(String summary) {
    return new Alert(
        Labels.of("alertname", "Down", "node", "p1", "severity", "critical"),
        Labels.of("summary", summary),
        AlertState.RESOLVED,
        T0,
        T0.plusSeconds(10),
        T0.plusSeconds(130),
        T0.plusSeconds(11),
        Double.NaN,
        "",
        List.of());
  }

  private static HistoryEntry entry(HistoryKind kind, int after, String who, String text) {
    String id = alert("").fingerprint();
    return HistoryEntry.of(kind, T0.plusSeconds(after), id).by(who).saying(text);
  }

  private static String report(String summary, List<HistoryEntry> story, ZoneId zone) {
    return new AlertReport(alert(summary), story, List.of(), zone, false).markdown();
  }

  @Test
  void givenAnIncident_whenReported_thenAllOfItIsThere() {
    String text =
        report(
            "p1 is down",
            List.of(
                entry(HistoryKind.FIRING, 10, "", "p1 is down"),
                entry(HistoryKind.ACKNOWLEDGED, 60, "anna", "on it"),
                entry(HistoryKind.RESOLVED, 130, "", ""),
                entry(HistoryKind.CAUSE, 200, "anna", "the fan died\nof dust"),
                entry(HistoryKind.ACTION, 210, "ben", "new fan")),
            ZoneOffset.UTC);
    assertThat(text)
        .startsWith("# Incident: Down \\@ p1\n")
        .contains(
            "| Severity | critical |\n",
            "| Began | 2026-11-22 06:00:00 |\n",
            "| Resolved | 2026-11-22 06:02:10 |\n",
            "| Lasted | 2m10s |\n",
            "| People | anna, ben |\n",
            "(times in Z)",
            "## Cause\n\n> the fan died\n> of dust\n>\n> — anna, 2026-11-22 06:03:20\n",
            "## Corrective action\n\n> new fan\n",
            "- 2026-11-22 06:01:00 **acknowledged** anna on it\n");
  }

  @Test
  void givenAZone_whenReported_thenTimesAreItsOwn() {
    assertThat(report("x", List.of(), ZoneId.of("Europe/Paris")))
        .contains("| Began | 2026-11-22 07:00:00 |", "(times in Europe/Paris)");
  }

  @Test
  void givenFrench_whenReported_thenItsWordsAreFrench() {
    String text =
        new AlertReport(alert("x"), List.of(), List.of(), ZoneOffset.UTC, true).markdown();
    assertThat(text).contains("| Nœud | p1 |", "## Action corrective", "personne ne l'a");
  }

  @Test
  void givenTextThatIsMarkup_whenReported_thenItIsText() {
    String evil = "a | b <script>x</script> [c](http://evil) `d` **e** # f\n# g\n- h\n1. i\n---";
    String text =
        report(evil, List.of(entry(HistoryKind.CAUSE, 1, "a|b\n# c", evil)), ZoneOffset.UTC);
    assertThat(text.replaceAll("\\\\.", "")) // without what is escaped
        .doesNotContain("<script", "](", "://", "\n# g", "> # g", "> - h", "> 1. i", "> ---");
    assertThat(text)
        .contains("a \\| b \\<script\\>x\\</script\\> \\[c\\](http\\://evil)")
        .contains("> \\# g\n> \\- h\n> 1\\. i\n> \\---\n")
        .contains("| People | a\\|b \\# c |");
    assertThat(AlertReport.line("\u001b[31mred \u202eevil www.x.example"))
        .isEqualTo("\\[31mred evil www\\.x.example");
  }

  @Test
  void givenAnAlertThatFiredBefore_whenReported_thenOnlyTheLastTimeCounts() {
    List<HistoryEntry> whole =
        List.of(
            entry(HistoryKind.FIRING, 0, "", ""),
            entry(HistoryKind.CAUSE, 5, "anna", "old"),
            entry(HistoryKind.RESOLVED, 10, "", ""),
            entry(HistoryKind.PENDING, 20, "", ""),
            entry(HistoryKind.FIRING, 30, "", ""),
            entry(HistoryKind.RESOLVED, 40, "", ""),
            entry(HistoryKind.CAUSE, 50, "anna", "new"));
    assertThat(AlertReport.lastOf(whole)).isEqualTo(whole.subList(3, 7));
    assertThat(AlertReport.lastOf(List.of())).isEmpty();
  }
}
