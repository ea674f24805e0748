package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.collector.event.Event;
import vigie.collector.node.NodeState;

/** What is told without a page: planned shutdowns, and what became known too late. */
class PastEventsTest {
  private static final String[] SILENT = {
    "alertname", "NodeLinkLost", "node", "p1", "state", "lost"
  };

  private final DispatchRig rig = new DispatchRig();
  private PastEvents past = new PastEvents(rig.dispatcher, rig.clock, Runnable::run);
  private long seq;

  private void event(String type, String ago, String text, String... fields) {
    Duration age = vigie.base.time.Durations.parse(ago);
    Map<String, String> all = fields.length == 0 ? Map.of() : Map.of(fields[0], fields[1]);
    Event event =
        new Event(
            rig.clock.now().minus(age),
            rig.clock.now(),
            "p1",
            3,
            type.startsWith("probe") ? 4 : 3,
            "vigie",
            type,
            all,
            text,
            new Event.Origin("s", seq++, "b"));
    past.onEvent(event, age.toMinutes() >= 5);
  }

  @Test
  void givenShutdownOnPurpose_whenTheNextCardsAreTold_thenEachReceiverReadsItOnce() {
    event("node.shutdown", "0s", "p1 is switched off");
    assertThat(rig.told).isEmpty();

    rig.fire("alertname", "A");
    rig.fire("alertname", "B");

    assertThat(rig.told.get(0).notes().lines())
        .containsExactly(
            new Notes.Line(
                Notes.Line.Kind.PLANNED, rig.clock.now(), null, "p1", "p1 is switched off"));
    assertThat(rig.told.get(1).notes().lines()).isEmpty();
    rig.resolve("alertname", "A");
    assertThat(rig.last().notes().lines()).hasSize(1);
  }

  @Test
  void givenShutdownOnPurpose_whenADrillComesFirst_thenTheNextRealCardTellsIt() {
    event("node.shutdown", "0s", "p1 is switched off");
    rig.fire("alertname", "Drill", "drill", "1");
    assertThat(rig.last().notes().lines()).isEmpty();

    rig.fire("alertname", "A");

    assertThat(rig.last().notes().lines()).hasSize(1);
  }

  @Test
  void givenShutdownOnPurpose_whenRestartedBeforeTheNextCard_thenItIsStillTold() {
    event("node.shutdown", "0s", "p1 is switched off");
    rig.restart(List.of());
    rig.fire("alertname", "A");

    assertThat(rig.last().notes().lines()).hasSize(1);
    rig.restart(List.of());
    rig.fire("alertname", "B");
    assertThat(rig.last().notes().lines()).isEmpty();
  }

  @Test
  void givenLostLink_whenItIsBack_thenItsCardTellsWhatHappenedMeanwhile() {
    rig.node("p1", NodeState.LOST, "20m");
    rig.fire(SILENT);
    rig.node("p1", NodeState.UP, "0s");
    rig.resolve(SILENT);
    event("probe.down", "10m", "web is down", "probe", "web");
    event("unit.failed", "9m", "nightly failed", "unit", "nightly");
    event("probe.up", "8m", "web is up", "probe", "web");
    event("kernel.oom", "7m", "java was killed");
    rig.advance("1m");

    assertThat(rig.open).isEmpty();
    assertThat(rig.told.stream().map(Notification::incident).distinct()).hasSize(1);
    List<Notes.Line> lines = rig.last().notes().lines();
    assertThat(lines.stream().map(Notes.Line::text))
        .containsExactly("web is down", "nightly failed", "java was killed");
    assertThat(Duration.between(lines.get(0).at(), lines.get(0).until())).hasMinutes(2);
    assertThat(lines.get(1).until()).isNull();
    assertThat(lines).allMatch(line -> line.kind() == Notes.Line.Kind.HISTORY);
  }

  @Test
  void givenLateEventsAndNoCardOfTheNode_whenTheyHaveCome_thenOneCardThatIsOver() {
    for (int i = 0; i < 40; i++) {
      event("kernel.oom", 50 - i + "m", "killed " + i);
      rig.advance("1s");
    }
    rig.advance("20s");

    assertThat(rig.told).hasSize(1);
    assertThat(rig.last().isResolved()).isTrue();
    assertThat(rig.last().notes().lines()).hasSize(Notes.MOST_LINES);
    assertThat(rig.last().notes().lines().get(19).text()).isEqualTo("… and 21 more");
  }

  @Test
  void givenLinkThatIsBack_whenNothingHappenedMeanwhile_thenItsCardEndsSoon() {
    rig.node("p1", NodeState.UP, "0s");
    rig.fire(SILENT);
    rig.resolve(SILENT);
    assertThat(rig.open).hasSize(1);

    rig.advance("3s");

    assertThat(rig.open).isEmpty();
  }
}
