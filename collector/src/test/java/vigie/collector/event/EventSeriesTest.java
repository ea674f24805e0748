package vigie.collector.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.time.ManualClock;

class EventSeriesTest {
  private static final String DOWN =
      "vigie_events_total{node=\"p1\", probe=\"web\", type=\"probe.down\"}";
  private static final String UP_STATE =
      "vigie_probe_up{node=\"p1\", probe=\"web\", target=\"tcp://x:1\"}";

  private static final String UNIT = "vigie_unit_up{node=\"p1\", unit=\"a.service\"}";

  private final ManualClock clock = new ManualClock(Events.T0);
  private final RecordingAppender samples = new RecordingAppender();
  private final Set<String> silent = new HashSet<>();
  private final List<String> told = new ArrayList<>();
  private final EventSeries series = create();
  private long seq = 100;

  private EventSeries create() {
    return new EventSeries(
        samples,
        clock,
        clock,
        silent::contains,
        (labels, event) -> told.add(labels.metricName() + " " + event.type()),
        new SimpleMeterRegistry());
  }

  @Test
  void givenTheFirstEvent_whenTold_thenAZeroStandsBeforeTheOneAndRulesAreToldOfBoth() {
    clock.advance(Duration.ofSeconds(20));
    probe("down");
    assertThat(samples.take()).containsExactly(DOWN + " 5 0", DOWN + " 20 1", UP_STATE + " 20 0");
    assertThat(told).containsExactly("vigie_events_total probe.down", "vigie_probe_up probe.down");
  }

  @Test
  void givenASeries_whenTimePasses_thenItsValueIsAppendedEvery15sUntilTheNodeIsSilent() {
    probe("down");
    samples.take();
    clock.advance(Duration.ofSeconds(30));
    assertThat(samples.take())
        .containsExactly(DOWN + " 15 1", UP_STATE + " 15 0", DOWN + " 30 1", UP_STATE + " 30 0");
    silent.add("p1");
    clock.advance(Duration.ofSeconds(30));
    assertThat(samples.take()).containsExactly(DOWN + " 45 stale", UP_STATE + " 45 stale");
    silent.clear();
    probe("down");
    assertThat(samples.take()).containsExactly(DOWN + " 45 0", DOWN + " 60 1", UP_STATE + " 60 0");
  }

  @Test
  void givenAStorm_whenTold_thenSamplesAreAtMostTenASecondAndTheLastShowsAll() {
    for (int i = 0; i < 1_000; i++) {
      series.onEvent(Events.foreign("sw1", "syslog", "x"), false);
      clock.advance(Duration.ofMillis(1));
    }
    clock.advance(Duration.ofMillis(100));
    List<String> appended = samples.take();
    assertThat(appended.size()).isBetween(10, 13);
    assertThat(appended.get(appended.size() - 1)).endsWith(" 1000");
    assertThat(told.size()).isBetween(100, 130);
  }

  @Test
  void givenARowOfForeignRecords_whenTold_thenItCountsAsEachOfThemAlone() {
    Event event = Events.foreign("sw1", "syslog", "x");
    series.onEvent(event, false);
    SyslogRecords records = Events.records(Events.T0, Collections.nCopies(999, "sw1 x"));
    series.onSyslog(records.run(0, 999), false);
    clock.advance(Duration.ofMillis(100));
    assertThat(samples.take())
        .last(STRING)
        .startsWith("vigie_events_total{node=\"sw1\"")
        .endsWith(" 1000");
    assertThat(told).hasSize(11);
    series.onSyslog(records.run(0, 2), true);
    assertThat(samples.take()).last(STRING).startsWith("vigie_events_late_total").endsWith(" 2");
  }

  @Test
  void givenAHundredThousandUnits_whenTheyCrash_thenTheSeriesAreBoundedAndTheRestIsCounted() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    EventSeries bounded =
        new EventSeries(samples, clock, clock, silent::contains, (labels, event) -> {}, meters);
    for (int i = 0; i < 100_000; i++) {
      Event event = Events.agent("p1", "s1", 1_000 + i, "unit.crashed", "unit", "u" + i);
      bounded.onEvent(event, false);
    }
    Set<String> all = new HashSet<>();
    samples.take().forEach(line -> all.add(line.substring(0, line.indexOf('}') + 1)));
    assertThat(all).hasSize(20_000);
    assertThat(meters.counter("vigie.event.series.refused").count()).isEqualTo(80_000);
    // Those that are known go on.
    bounded.onEvent(Events.agent("p1", "s1", 200_000, "unit.crashed", "unit", "u7"), false);
    clock.advance(Duration.ofSeconds(1));
    assertThat(samples.take()).singleElement().asString().contains("\"u7\"").endsWith(" 2");
  }

  @Test
  void givenMatchedLines_whenTold_thenCountedByTheirPattern() {
    series.onEvent(Events.agent("p1", "s1", 1, "log.match", "pattern", "sshd.failed"), false);
    assertThat(samples.take())
        .containsExactly(
            "vigie_events_total{node=\"p1\", pattern=\"sshd.failed\", type=\"log.match\"} -15 0",
            "vigie_events_total{node=\"p1\", pattern=\"sshd.failed\", type=\"log.match\"} 0 1");
  }

  @Test
  void givenLateEvents_whenTold_thenTheyCountApartAndTriggerNothing() {
    series.onEvent(Events.agent("p1", "s1", 1, "unit.crashed", "unit", "db.service"), true);
    assertThat(samples.take())
        .containsExactly(
            "vigie_events_late_total{node=\"p1\", type=\"unit.crashed\", unit=\"db.service\"} -15 0",
            "vigie_events_late_total{node=\"p1\", type=\"unit.crashed\", unit=\"db.service\"} 0 1");
    assertThat(told).isEmpty();
  }

  @Test
  void givenABacklogOfStates_whenTheNewestFollows_thenOnlyThatCounts() {
    late("down");
    late("up");
    late("down");
    probe("up");
    clock.advance(Duration.ofMinutes(2));
    assertThat(samples.take())
        .filteredOn(s -> s.startsWith("vigie_probe_up"))
        .allMatch(s -> s.endsWith(" 1"));
    assertThat(told).containsExactly("vigie_events_total probe.up", "vigie_probe_up probe.up");
  }

  @Test
  void givenALateStateAndNoOther_whenTheNodeIsQuiet_thenItCounts() {
    late("down");
    clock.advance(Duration.ofSeconds(29));
    assertThat(samples.take()).noneMatch(s -> s.startsWith("vigie_probe_up"));
    clock.advance(Duration.ofSeconds(1));
    assertThat(samples.take()).contains(UP_STATE + " 30 0");
  }

  @Test
  void givenAnOlderState_whenToldAgain_thenTheNewerStays() {
    probe("down");
    series.onEvent(event("up", seq - 2), false);
    clock.advance(Duration.ofSeconds(15));
    assertThat(samples.take())
        .contains(UP_STATE + " 15 0")
        .noneMatch(s -> s.endsWith("} 0 1") && s.startsWith(UP_STATE));
  }

  @Test
  void givenAClockSetBackTwoDays_whenTheStateChanges_thenTheNumberSaysWhichIsNewer() {
    probe("up");
    Event earlier = event("down", seq++);
    series.onEvent(Events.at(earlier, Events.T0.minus(Duration.ofDays(2)), Events.T0), false);
    clock.advance(Duration.ofSeconds(1));
    assertThat(samples.take()).anyMatch(s -> s.startsWith(UP_STATE) && s.endsWith(" 0"));
  }

  @Test
  void givenAStartedAgent_whenItTellsNoMoreOfAProbe_thenItsSeriesEnds() {
    probe("down");
    series.onEvent(Events.agent("p1", "s1", seq++, "agent.start"), false);
    clock.advance(Duration.ofSeconds(45));
    assertThat(samples.take()).contains(UP_STATE + " 45 0");
    clock.advance(Duration.ofSeconds(60));
    assertThat(samples.take()).contains(UP_STATE + " 60 stale").doesNotContain(UP_STATE + " 75 0");
  }

  @Test
  void givenAUnit_whenItFailsTwiceAndRecovers_thenItsStateIsTheNewestAndOutlastsASilence() {
    unit("failed");
    unit("failed");
    assertThat(unitStates()).containsExactly(UNIT + " 0 0");
    clock.advance(Duration.ofSeconds(15));
    assertThat(unitStates()).endsWith(UNIT + " 15 0");
    silent.add("p1");
    clock.advance(Duration.ofSeconds(30));
    assertThat(unitStates()).containsExactly(UNIT + " 30 stale");
    silent.clear();
    series.onEvent(Events.foreign("p1", "node.back", ""), false);
    clock.advance(Duration.ofSeconds(15));
    assertThat(unitStates()).containsExactly(UNIT + " 60 0");
    clock.advance(Duration.ofSeconds(1));
    unit("recovered");
    assertThat(unitStates()).containsExactly(UNIT + " 61 1");
    assertThat(told).contains("vigie_unit_up unit.failed", "vigie_unit_up unit.recovered");
  }

  @Test
  void givenAUsersUnit_whenTheSystemsOfThatNameRecovers_thenItIsStillDown() {
    String users = "vigie_unit_up{node=\"p1\", unit=\"a.service\", user=\"1000\"}";
    series.onEvent(
        Events.agent("p1", "s1", seq++, "unit.failed", "unit", "a.service", "user", "1000"), false);
    unit("failed");
    assertThat(samples.take()).contains(users + " 0 0", UNIT + " 0 0");
    clock.advance(Duration.ofSeconds(1));
    unit("recovered");
    clock.advance(Duration.ofSeconds(14));
    assertThat(samples.take()).contains(UNIT + " 1 1", UNIT + " 15 1", users + " 15 0");
  }

  @Test
  void givenUnitsThatFailed_whenAStartedAgentFindsOneDownNoMore_thenThatOnesStateEnds() {
    unit("failed");
    String other = "vigie_unit_up{node=\"p1\", unit=\"b.service\"}";
    String users = "vigie_unit_up{node=\"p1\", unit=\"a.service\", user=\"1000\"}";
    told("unit.failed", "unit", "b.service");
    told("unit.failed", "unit", "a.service", "user", "1000");
    clock.advance(Duration.ofMinutes(1));
    told("agent.start");
    told("agent.units", "failed", "b.service c.service");
    clock.advance(Duration.ofMinutes(2));
    assertThat(samples.take())
        .contains(UNIT + " 120 stale", other + " 180 0", users + " 180 0")
        .doesNotContain(UNIT + " 135 0");
  }

  @Test
  void givenAUnitThatFailsAsAnAgentStarts_whenWhatWasBeforeFollows_thenItIsStillDown() {
    long before = seq++;
    unit("failed");
    series.onEvent(Events.agent("p1", "s1", before, "agent.units", "failed", ""), true);
    told("agent.units"); // a list that was too long for its record
    clock.advance(Duration.ofMinutes(2));
    assertThat(unitStates()).endsWith(UNIT + " 120 0");
  }

  private void told(String type, String... fields) {
    series.onEvent(Events.agent("p1", "s1", seq++, type, fields), false);
  }

  @Test
  void givenAUnitThatIsDownNoMore_whenTheCollectorRestarts_thenItsStateDoesNotComeBack() {
    MemoryEventStore store = new MemoryEventStore();
    List<Event> told =
        List.of(
            Events.agent("p1", "s1", 1, "unit.failed", "unit", "a.service"),
            Events.agent("p1", "s1", 2, "agent.start"),
            Events.agent("p1", "s1", 3, "agent.units", "failed", ""));
    told.forEach(event -> store.append(event, new byte[0], () -> {}));
    clock.advance(Duration.ofMinutes(5));
    create().restore(store);
    clock.advance(Duration.ofMinutes(1));
    assertThat(unitStates()).isEmpty();
  }

  @Test
  void givenAFailedUnit_whenTheCollectorRestarts_thenItStillStandsUntilItsNodeBoots() {
    MemoryEventStore store = new MemoryEventStore();
    Event failed = Events.agent("p1", "s1", 1, "unit.failed", "unit", "a.service");
    store.append(failed, new byte[0], () -> {});
    clock.advance(Duration.ofSeconds(10));
    EventSeries restarted = create();
    restarted.restore(store);
    assertThat(unitStates()).containsExactly(UNIT + " 10 0");
    Event boot = Events.agent("p1", "s1", 2, "node.boot");
    Event.Origin anew = new Event.Origin("s1", 2, "another boot");
    restarted.onEvent(Events.from(boot, anew), false);
    clock.advance(Duration.ofSeconds(75));
    assertThat(unitStates()).endsWith(UNIT + " 70 stale");
  }

  @Test
  void givenAUnitThatFailedInAnEarlierBoot_whenTheCollectorRestarts_thenItIsNotDown() {
    MemoryEventStore store = new MemoryEventStore();
    List<Event> told =
        List.of(
            Events.agent("p1", "s1", 1, "unit.failed", "unit", "a.service"),
            Events.from(
                Events.agent("p1", "s1", 2, "agent.start"), new Event.Origin("s1", 2, "another")),
            Events.from(
                Events.agent("p1", "s1", 3, "node.boot"), new Event.Origin("s1", 3, "another")));
    told.forEach(event -> store.append(event, new byte[0], () -> {}));
    clock.advance(Duration.ofSeconds(100));
    EventSeries restarted = create();
    restarted.restore(store);
    clock.advance(Duration.ofSeconds(30));
    assertThat(unitStates()).isEmpty();
  }

  @Test
  void givenAProbeToldAgainByAStartedAgent_whenTheCollectorRestarts_thenItIsStillDown() {
    MemoryEventStore store = new MemoryEventStore();
    // All received in one moment: only their numbers tell their order.
    List<Event> told =
        List.of(
            Events.agent("p1", "s1", 1, "agent.start"),
            Events.agent("p1", "s1", 2, "probe.down", "probe", "web", "target", "tcp://x:1"));
    told.forEach(
        event -> store.append(Events.at(event, event.time(), Events.T0), new byte[0], () -> {}));
    clock.advance(Duration.ofSeconds(100));
    EventSeries restarted = create();
    restarted.restore(store);
    clock.advance(Duration.ofSeconds(75));
    assertThat(samples.take()).contains(UP_STATE + " 100 0", UP_STATE + " 175 0");
  }

  private void unit(String what) {
    series.onEvent(Events.agent("p1", "s1", seq++, "unit." + what, "unit", "a.service"), false);
  }

  private List<String> unitStates() {
    return samples.take().stream().filter(line -> line.startsWith(UNIT)).toList();
  }

  @Test
  void givenAnotherTarget_whenTold_thenTheOldSeriesEnds() {
    probe("down");
    clock.advance(Duration.ofSeconds(1));
    samples.take();
    series.onEvent(
        Events.agent("p1", "s1", seq++, "probe.up", "probe", "web", "target", "tcp://y:2"), false);
    assertThat(samples.take())
        .contains(
            UP_STATE + " 1 stale",
            "vigie_probe_up{node=\"p1\", probe=\"web\", target=\"tcp://y:2\"} 1 1");
  }

  @Test
  void givenAProbeOfANeighbour_whenTold_thenItsSeriesNamesThePeer() {
    series.onEvent(
        Events.agent(
            "p1", "s1", seq++, "probe.down", "probe", "peer/p2", "target", "p2", "peer", "p2"),
        false);
    assertThat(samples.take())
        .contains("vigie_probe_up{node=\"p1\", peer=\"p2\", probe=\"peer/p2\", target=\"p2\"} 0 0");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void givenTheCollectorsClockIsSetByADay_whenTimePasses_thenValuesAreRepeatedAsBefore(int days) {
    probe("down");
    clock.advance(Duration.ofSeconds(20));
    samples.take();
    clock.step(Duration.ofDays(days));
    clock.advance(Duration.ofSeconds(15));
    long at = 30 + days * 86_400L;
    assertThat(samples.take()).containsExactly(DOWN + " " + at + " 1", UP_STATE + " " + at + " 0");
    clock.advance(Duration.ofSeconds(1));
    probe("up");
    assertThat(samples.take()).contains(UP_STATE + " " + (at + 6) + " 1");
  }

  @Test
  void givenARestart_whenRestored_thenTheNewestStatesStandAtOnceButNotThoseOfSilentNodes() {
    MemoryEventStore store = new MemoryEventStore();
    store.append(event("up", 1), new byte[0], () -> {});
    store.append(event("down", 2), new byte[0], () -> {});
    store.append(Events.agent("p2", "s2", 1, "probe.down", "probe", "web"), new byte[0], () -> {});
    store.append(
        Events.at(
            Events.foreign("p2", "node.silent", ""),
            Events.T0.plusSeconds(9),
            Events.T0.plusSeconds(9)),
        new byte[0],
        () -> {});
    clock.advance(Duration.ofSeconds(10));
    samples.take();
    create().restore(store);
    assertThat(samples.take()).containsExactly(UP_STATE + " 10 0");
    assertThat(told).isEmpty();
  }

  @Test
  void givenALateBackup_whenToldAndRestored_thenItsCountNamesTheProbeAndHolds() {
    MemoryEventStore store = new MemoryEventStore();
    Event late = Events.agent("p1", "s1", 1, "backup.late", "probe", "web", "target", "tcp://x:1");
    store.append(late, new byte[0], () -> {});
    store.append(event("down", 2), new byte[0], () -> {});
    series.onEvent(late, false);
    assertThat(samples.take())
        .hasSize(2)
        .allSatisfy(s -> assertThat(s).contains("backup.late").contains("probe=\"web\""));
    clock.advance(Duration.ofSeconds(10));
    samples.take();
    create().restore(store);
    assertThat(samples.take())
        .hasSize(2)
        .anySatisfy(s -> assertThat(s).contains("backup.late").endsWith(" 10 1"));
  }

  @Test
  void givenAStoreThatCannotBeSearched_whenRestored_thenTheCollectorStartsWithout() {
    series.restore(
        new MemoryEventStore() {
          @Override
          public synchronized EventPage search(EventQuery query) {
            throw new IllegalStateException("the search took longer than 30 s");
          }
        });
    probe("down");
    assertThat(samples.take()).contains(UP_STATE + " 0 0");
  }

  @Test
  void givenALongNameOfWideCharacters_whenTold_thenNoHalfCharacterIsLeft() {
    String wide = "\ud83d\ude00";
    series.onEvent(Events.foreign("p1", "x".repeat(255) + wide, ""), false);
    assertThat(samples.take()).isNotEmpty().allMatch(UTF_8.newEncoder()::canEncode);
  }

  @Test
  void givenMoreProbesThanAllowed_whenTold_thenTheRestIsNotRemembered() {
    ToldStates states = new ToldStates();
    for (int i = 0; i < ToldStates.MOST_STATES; i++) {
      assertThat(
              states.heard(Events.agent("p1", "s1", i + 1, "probe.up", "probe", "" + i), false, 0))
          .isNotNull();
    }
    Event more = Events.agent("p2", "s2", 1, "probe.up", "probe", "more");
    assertThat(states.heard(more, false, 0)).isNull();
    states.sleep("p1");
    assertThat(states.heard(more, false, 0)).isNotNull();
  }

  @Test
  void givenMoreSeriesThanAllowed_whenTold_thenTheRestIsRefused() {
    for (int i = 0; i < 20_010; i++) {
      series.onEvent(Events.foreign("host" + i, "syslog", "x"), false);
    }
    assertThat(samples.take()).hasSize(40_000);
  }

  private void probe(String state) {
    series.onEvent(event(state, seq++), false);
  }

  private void late(String state) {
    series.onEvent(event(state, seq++), true);
  }

  private static Event event(String state, long seq) {
    return Events.agent("p1", "s1", seq, "probe." + state, "probe", "web", "target", "tcp://x:1");
  }
}
