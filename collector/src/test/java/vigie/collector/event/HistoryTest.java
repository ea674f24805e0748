package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.time.ManualClock;

/** What rules are told of: faults of now, whatever the node's clock says, and no others. */
class HistoryTest {
  private final ManualClock clock = new ManualClock(Events.T0);
  private final List<String> told = new ArrayList<>();
  private final RecordingAppender samples = new RecordingAppender();
  private final EventIntake intake =
      new EventIntake(new MemoryEventStore(), clock, new SimpleMeterRegistry());
  private long seq;
  private long bootedSeconds = -1_000_000; // by the collector's clock, from T0 on

  HistoryTest() {
    EventSeries series =
        new EventSeries(
            samples,
            clock,
            clock,
            node -> false,
            (labels, event) -> told.add(labels.metricName() + " " + event.type()),
            new SimpleMeterRegistry());
    intake.listen(series);
    intake.start();
  }

  private void pass(long seconds) {
    clock.advance(Duration.ofSeconds(seconds));
  }

  /**
   * An event that happened so many seconds ago, stamped by a clock that is off by so much.
   *
   * @param mono whether it says how long its kernel had been running
   */
  private void tell(String type, long ago, long off, boolean mono, String... more) {
    Map<String, String> fields = new HashMap<>();
    for (int i = 0; i < more.length; i += 2) {
      fields.put(more[i], more[i + 1]);
    }
    long now = Duration.between(Events.T0, clock.now()).toSeconds();
    if (mono) {
      fields.put("mono", Long.toString((now - ago - bootedSeconds) * 1000));
    }
    List<String> pairs = new ArrayList<>();
    fields.forEach((name, value) -> pairs.addAll(List.of(name, value)));
    Event event = Events.agent("p1", "s1", ++seq, type, pairs.toArray(new String[0]));
    event = Events.at(event, clock.now().minusSeconds(ago).plusSeconds(off), clock.now());
    intake.accept(event, new byte[] {1}, () -> {});
  }

  @ParameterizedTest
  @CsvSource({"172800,true", "-172800,true", "172800,false", "-172800,false"})
  void givenAQuietNodeWhoseClockIsTwoDaysOff_whenItHasAFault_thenRulesAreToldAtOnce(
      long off, boolean mono) {
    tell("agent.start", 0, off, mono);
    tell("probe.up", 0, off, mono, "probe", "web", "target", "x:1");
    pass(3_607); // not just when values are repeated
    told.clear();
    tell("unit.crashed", 0, off, mono, "unit", "a.service");
    tell("probe.down", 0, off, mono, "probe", "web", "target", "x:1");
    assertThat(told)
        .containsExactly(
            "vigie_events_total unit.crashed",
            "vigie_events_total probe.down",
            "vigie_probe_up probe.down");
  }

  @ParameterizedTest
  @CsvSource({"172800,true", "-172800,true", "172800,false", "-172800,false"})
  void givenANodeWhoseClockIsTwoDaysOff_whenItsLinkIsBack_thenOldFaultsTriggerNothing(
      long off, boolean mono) {
    for (int minute = 0; minute < 3; minute++) {
      tell("log.match", 0, off, mono, "pattern", "a");
      pass(60);
    }
    pass(7_200);
    told.clear();
    samples.take();
    tell("unit.crashed", 7_000, off, mono, "unit", "a.service");
    tell("probe.down", 3_600, off, mono, "probe", "web", "target", "x:1");
    tell("probe.up", 60, off, mono, "probe", "web", "target", "x:1");
    assertThat(told).containsExactly("vigie_events_total probe.up", "vigie_probe_up probe.up");
    assertThat(samples.take()).noneMatch(sample -> sample.matches("vigie_probe_up.* 0$"));
  }

  @ParameterizedTest
  @ValueSource(longs = {172_800, -172_800})
  void givenAClockThatIsTwoDaysOff_whenItIsSet_thenFaultsBeforeAndAfterAreOfNow(long off) {
    tell("agent.start", 0, off, true);
    pass(20);
    tell("unit.crashed", 0, off, true, "unit", "a.service");
    pass(20);
    tell("agent.clock", 0, 0, true, "step", Long.toString(-off), "before", "3");
    tell("unit.crashed", 0, 0, true, "unit", "b.service");
    assertThat(told)
        .filteredOn(each -> each.endsWith("unit.crashed"))
        .containsExactly("vigie_events_total unit.crashed", "vigie_events_total unit.crashed");
  }

  @Test
  void givenANodeThatGoesDown_whenItsServicesEnd_thenRulesAreToldOfNone() {
    tell("probe.up", 0, 0, true, "probe", "web", "target", "x:1");
    told.clear();
    tell("probe.down", 0, 0, true, "probe", "web", "target", "x:1", "stopping", "yes");
    tell("unit.crashed", 0, 0, true, "unit", "a.service", "stopping", "yes");
    tell("log.match", 0, 0, true, "pattern", "a", "stopping", "captured");
    pass(60);
    assertThat(told).containsExactly("vigie_events_total log.match");
    assertThat(samples.take())
        .noneMatch(sample -> sample.matches("vigie_probe_up.* 0$|.*late.*|.*crashed.*"));
  }
}
