package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;

/** What holds alerts back, and what their cards say then. */
class MutingTest {
  private static final String INHIBITING =
      """
      inhibit_rules:
        - source_matchers: [severity="critical"]
          target_matchers: [severity="warning"]
          equal: [node]
      """;

  private final DispatchRig rig = new DispatchRig();

  @Test
  void givenSilence_whenAlertFires_thenNoCardUntilTheSilenceEnds() {
    rig.silence("1", "node", "p1", "1h");
    Alert alert = rig.fire("alertname", "A", "node", "p1");
    assertThat(rig.told).isEmpty();
    assertThat(rig.dispatcher.mark(alert.fingerprint()).isSuppressed()).isTrue();
    assertThat(rig.dispatcher.groups(group -> true)).isEmpty();

    rig.expire("1");

    assertThat(rig.told).hasSize(1);
    assertThat(rig.last().firing()).isEqualTo(1);
    assertThat(rig.dispatcher.mark(alert.fingerprint())).isEqualTo(AlertMark.NONE);
  }

  @Test
  void givenSilenceOfSomeHours_whenItEnds_thenTheIncidentBeginsThenAndDoesNotEscalateAtOnce() {
    rig.silence("1", "node", "p1", "3h");
    Alert alert = rig.fire("alertname", "A", "node", "p1");
    rig.advance("3h");
    rig.expire("1");

    assertThat(rig.last().firstChange()).isEqualTo(rig.clock.now());
    assertThat(rig.last().alerts().get(0).since()).isEqualTo(alert.since());
  }

  @Test
  void givenSilencedAlert_whenItEnds_thenNobodyIsToldOfAnything() {
    rig.silence("1", "node", "p1", "1h");
    rig.fire("alertname", "A", "node", "p1");
    rig.resolve("alertname", "A", "node", "p1");
    rig.expire("1");

    assertThat(rig.told).isEmpty();
  }

  @Test
  void givenCard_whenItsAlertIsSilenced_thenItSaysSoAndIsResolvedAllTheSame() {
    Alert alert = rig.fire("alertname", "A", "node", "p1");
    rig.silence("1", "node", "p1", "1h");

    AlertMark mark = rig.last().mark(alert);
    assertThat(mark.silenced())
        .containsExactly(
            new AlertMark.Silenced("1", "ann", Instant.parse("2026-01-01T01:00:00Z"), "works"));
    assertThat(rig.last().firing()).isEqualTo(1);

    rig.resolve("alertname", "A", "node", "p1");
    assertThat(rig.last().isResolved()).isTrue();
    assertThat(rig.told.stream().map(Notification::incident).distinct()).hasSize(1);
  }

  @Test
  void givenCardWithOneAlertAndAnotherSilenced_whenTheFirstEnds_thenTheOtherWaitsForItsOwn() {
    rig.silence("1", "x", "2", "1h");
    rig.fire("alertname", "A", "x", "1");
    rig.fire("alertname", "A", "x", "2");
    rig.resolve("alertname", "A", "x", "1");

    assertThat(rig.told).hasSize(2);
    assertThat(rig.last().isResolved()).isTrue();

    rig.advance("1m");
    rig.expire("1");

    assertThat(rig.told).hasSize(3);
    assertThat(rig.last().incident()).isNotEqualTo(rig.told.get(0).incident());
    assertThat(rig.last().alerts().get(0).labels().get("x")).isEqualTo("2");
    rig.resolve("alertname", "A", "x", "2");
    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenInhibition_whenTheSourceComesLater_thenTheCardSaysSoAndTheEndIsTold() {
    DispatchRig rig = new DispatchRig(INHIBITING);
    Alert warning = rig.fire("alertname", "W", "node", "p1", "severity", "warning");
    Alert critical = rig.fire("alertname", "C", "node", "p1", "severity", "critical");

    assertThat(rig.open).hasSize(2);
    assertThat(rig.dispatcher.mark(warning.fingerprint()).inhibitedBy())
        .containsExactly(critical.fingerprint());

    rig.resolve("alertname", "W", "node", "p1", "severity", "warning");

    assertThat(rig.last().isResolved()).as("resolved while inhibited").isTrue();
    assertThat(rig.last().commonLabels().get("alertname")).isEqualTo("W");
  }

  @Test
  void givenInhibition_whenTheTargetComesLater_thenItIsToldOnceTheSourceEnds() {
    DispatchRig rig = new DispatchRig(INHIBITING);
    rig.fire("alertname", "C", "node", "p1", "severity", "critical");
    rig.fire("alertname", "W", "node", "p1", "severity", "warning");
    rig.fire("alertname", "W", "node", "p2", "severity", "warning");

    assertThat(rig.open).hasSize(2);

    rig.resolve("alertname", "C", "node", "p1", "severity", "critical");

    assertThat(rig.open).hasSize(2);
    assertThat(rig.last().commonLabels().get("node")).isEqualTo("p1");
    assertThat(rig.last().commonLabels().get("severity")).isEqualTo("warning");
  }

  @Test
  void givenMuteTimeInterval_whenItBeginsAndEnds_thenAlertsWaitAndCardsStay() {
    DispatchRig rig =
        new DispatchRig(
            """
            route:
              receiver: r
              group_by: [alertname]
              routes: [{matchers: [a=b], mute_time_intervals: [early]}]
            receivers: [{name: r}]
            time_intervals:
              - name: early
                time_intervals: [{times: [{start_time: 00:02, end_time: 00:04}]}]
            """);
    Alert before = rig.fire("alertname", "Before", "a", "b");
    rig.advance("2m");
    Alert within = rig.fire("alertname", "Within", "a", "b");
    assertThat(rig.dispatcher.mark(within.fingerprint()).mutedBy()).containsExactly("early");
    assertThat(rig.dispatcher.mark(before.fingerprint()).mutedBy()).containsExactly("early");
    assertThat(rig.open).hasSize(1);
    rig.advance("119s");
    assertThat(rig.open).hasSize(1);

    rig.advance("1s");

    assertThat(rig.open).hasSize(2);
    assertThat(rig.dispatcher.mark(within.fingerprint())).isEqualTo(AlertMark.NONE);
  }

  @Test
  void givenSinkThatFailsAtAMinute_whenTheNextIntervalsEnd_thenTheyAreStillLookedAt() {
    DispatchRig rig =
        new DispatchRig(
            """
            route:
              receiver: r
              group_by: [alertname]
              routes: [{matchers: [a=b], mute_time_intervals: [early, late]}]
            receivers: [{name: r}]
            time_intervals:
              - name: early
                time_intervals: [{times: [{start_time: 00:00, end_time: 00:01}]}]
              - name: late
                time_intervals: [{times: [{start_time: 00:02, end_time: 00:04}]}]
            """);
    rig.fire("alertname", "First", "a", "b");
    rig.failing = true;
    assertThatThrownBy(() -> rig.advance("1m")).hasMessage("the disk refuses");
    rig.failing = false;
    rig.advance("1m");
    Alert within = rig.fire("alertname", "Within", "a", "b");
    assertThat(rig.dispatcher.mark(within.fingerprint()).mutedBy()).containsExactly("late");

    rig.advance("2m");

    assertThat(rig.dispatcher.mark(within.fingerprint())).isEqualTo(AlertMark.NONE);
  }

  @Test
  void givenActiveTimeInterval_whenOutsideOfIt_thenNobodyIsTold() {
    DispatchRig rig =
        new DispatchRig(
            """
            route:
              receiver: r
              routes: [{receiver: r, active_time_intervals: [later]}]
            receivers: [{name: r}]
            time_intervals:
              - name: later
                time_intervals: [{times: [{start_time: 00:02, end_time: 00:04}]}]
            """);
    Alert alert = rig.fire("alertname", "A");
    assertThat(rig.told).isEmpty();
    assertThat(rig.dispatcher.mark(alert.fingerprint()).mutedBy()).containsExactly("later");
    rig.advance("2m");
    assertThat(rig.told).hasSize(1);
  }

  @Test
  void givenSilenceThatFitsWhileRestarted_whenStarted_thenTheCardStaysAndNewAlertsAreHidden() {
    Alert first = rig.fire("alertname", "A", "node", "p1");
    rig.silence("1", "node", "p1", "1h");
    int told = rig.told.size();
    Alert second = rig.alert(AlertState.FIRING, "alertname", "B", "node", "p1");
    rig.restart(List.of(first, second));

    assertThat(rig.told).hasSize(told);
    assertThat(rig.open).hasSize(1);
    rig.resolve("alertname", "A", "node", "p1");
    assertThat(rig.open).isEmpty();
    rig.expire("1");
    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().commonLabels().get("alertname")).isEqualTo("B");
  }

  @Test
  void givenCard_whenAcknowledged_thenItSaysWhoAndIsToldAtOnce() {
    Alert alert = rig.fire("alertname", "A");
    rig.ack(alert);

    assertThat(rig.told).hasSize(2);
    assertThat(rig.last().mark(alert).acknowledged())
        .isEqualTo(new AlertMark.Acked("bob", rig.clock.now(), "mine"));
    rig.acked.clear();
    rig.dispatcher.acknowledged(java.util.Set.of(alert.fingerprint()));
    assertThat(rig.last().mark(alert)).isEqualTo(AlertMark.NONE);
  }
}
