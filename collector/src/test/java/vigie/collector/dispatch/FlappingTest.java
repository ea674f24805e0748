package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import vigie.collector.alert.Alert;

/** One card for what comes and goes. */
class FlappingTest {
  private final DispatchRig rig = new DispatchRig();
  private Alert alert;

  private void cycle(int times) {
    for (int i = 0; i < times; i++) {
      alert = rig.fire("alertname", "A");
      rig.advance("1m");
      rig.resolve("alertname", "A");
      rig.advance("1m");
    }
  }

  private long incidents() {
    return rig.told.stream().map(Notification::incident).distinct().count();
  }

  @Test
  void givenAlert_whenItOpensTooOften_thenOneCardStaysOpenAndCounts() {
    cycle(5);
    assertThat(incidents()).isEqualTo(5);
    assertThat(rig.open).isEmpty();

    cycle(3);

    assertThat(incidents()).isEqualTo(6);
    assertThat(rig.open).hasSize(1);
    AlertMark.Flapping flapping = rig.last().mark(alert).flapping();
    assertThat(flapping)
        .isEqualTo(new AlertMark.Flapping(8, Instant.parse("2026-01-01T00:00:00Z"), false));
  }

  @Test
  void givenFlappingAlert_whenQuiet_thenItsCardEnds() {
    cycle(7);
    rig.advance("13m");
    assertThat(rig.open).hasSize(1);
    rig.advance("1m");

    assertThat(rig.open).isEmpty();
    assertThat(rig.last().isResolved()).isTrue();
    assertThat(rig.flaps).isEmpty();
    cycle(1);
    assertThat(rig.last().isResolved()).isTrue();
  }

  @Test
  void givenFlappingAlert_whenAReloadAsksForALongerQuiet_thenItsCardEndsAfterThat() {
    cycle(7);
    rig.dispatcher.reload(new DispatchRig("flapping: {openings: 5, quiet: 30m}").routing);
    rig.advance("28m");
    assertThat(rig.open).hasSize(1);
    rig.advance("2m");

    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenFlappingAlertThatIsClosed_whenAReloadTakesItsReceiverAway_thenItDoesNotFireAnew() {
    cycle(7);
    rig.dispatcher.reload(new DispatchRig("receivers: [{name: others}]").routing);
    rig.advance("1h");

    assertThat(rig.open).isEmpty();
    assertThat(rig.told).extracting(Notification::receiver).containsOnly("cards");
  }

  @Test
  void givenFlappingAlert_whenItStaysOpen_thenItBecomesAnyOther() {
    cycle(7);
    alert = rig.fire("alertname", "A");
    rig.advance("16m");

    assertThat(rig.last().mark(alert).flapping()).isNull();
    assertThat(rig.last().firing()).isEqualTo(1);
    rig.resolve("alertname", "A");
    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenFlappingAlert_whenRestarted_thenTheSameCardGoesOn() {
    cycle(7);
    long before = incidents();
    rig.restart(List.of());
    assertThat(rig.open).hasSize(1);
    cycle(1);

    assertThat(incidents()).isEqualTo(before);
    assertThat(rig.last().mark(alert).flapping().times()).isEqualTo(8);
    rig.advance("15m");
    assertThat(rig.open).isEmpty();
  }

  @Test
  void givenFlappingAlertThatWasAcknowledged_whenItComesAndGoes_thenItStaysSoUntilItsCardEnds() {
    cycle(7);
    rig.ack(alert);
    cycle(2);
    assertThat(rig.last().mark(alert).acknowledged()).isNotNull();
    assertThat(rig.acked).containsKey(alert.fingerprint());
    rig.restart(List.of());
    assertThat(rig.dispatcher.open()).contains(alert.fingerprint());

    rig.advance("16m");

    assertThat(rig.open).isEmpty();
    assertThat(rig.acked).isEmpty();
  }

  @Test
  void givenAFewOpenings_whenRestartedBetween_thenTheyStillCount() {
    cycle(4);
    rig.restart(List.of());
    cycle(2);

    assertThat(rig.open).hasSize(1);
    assertThat(rig.last().mark(alert).flapping().times()).isEqualTo(6);
  }

  @Test
  void givenOpeningsFarApart_whenCounted_thenNoFlapping() {
    for (int i = 0; i < 10; i++) {
      cycle(1);
      rig.advance("13m");
    }
    assertThat(incidents()).isEqualTo(10);
    assertThat(rig.open).isEmpty();
  }
}
