package vigie.collector.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.Events;
import vigie.collector.event.MemoryEventStore;
import vigie.collector.event.RecordingAppender;

class NodesTest {
  private final ManualClock clock = new ManualClock(Events.T0);
  private final RecordingAppender samples = new RecordingAppender();
  private final MemoryEventStore store = new MemoryEventStore();
  private final List<Event> emitted = new ArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private final List<String> triggered = new ArrayList<>();
  private final Map<String, Duration> sessions = new HashMap<>();
  private @Nullable String boot;
  private long seq = 1;
  private int life;
  private Nodes nodes = create();

  private Nodes create() {
    int mine = ++life;
    Nodes made =
        new Nodes(
            new NodesConfig(List.of("p1"), Duration.ofMinutes(2)),
            clock,
            new Scheduler() {
              @Override
              public Task after(Duration delay, Runnable task) {
                throw new AssertionError("not used");
              }

              @Override
              public Task every(Duration initial, Duration period, Runnable task) {
                return clock.every(initial, period, () -> run(task));
              }

              private void run(Runnable task) {
                if (life == mine) {
                  task.run();
                }
              }
            },
            (arrivals, whenDurable) -> {
              Event event = arrivals.get(0).event();
              emitted.add(event);
              store.append(arrivals, () -> {});
              nodes.onEvent(event, false);
            },
            waiting::add,
            samples,
            (series, event) -> triggered.add(series.get("state") + " by " + event.type()),
            new SimpleMeterRegistry());
    clock.every(
        Duration.ofSeconds(5), Duration.ofSeconds(5), () -> made.connected(Map.copyOf(sessions)));
    return made;
  }

  @Test
  void givenAnExpectedNode_whenNeverHeard_thenItIsLostAfterTwoMinutesAndBackWhenHeard() {
    assertThat(node("p1").state()).isEqualTo(NodeState.UNSEEN);
    clock.advance(Duration.ofSeconds(119));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
    assertThat(node("p1").lastHeard()).isNull();
    clock.advance(Duration.ofMinutes(5));
    nodes.heard("p1");
    assertThat(emitted()).containsExactly("node.back: p1 is heard again after 7m");
    assertThat(nodes.isSilent("p1")).isFalse();
    assertThat(samples.take())
        .startsWith(
            "vigie_node_up{node=\"p1\"} 15 1",
            "vigie_node_state{node=\"p1\", state=\"unseen\"} 15 1")
        .contains(
            "vigie_node_up{node=\"p1\"} 120 0",
            "vigie_node_state{node=\"p1\", state=\"unseen\"} 120 stale",
            "vigie_node_state{node=\"p1\", state=\"lost\"} 120 1")
        .endsWith(
            "vigie_node_state{node=\"p1\", state=\"lost\"} 420 stale",
            "vigie_node_up{node=\"p1\"} 420 1",
            "vigie_node_state{node=\"p1\", state=\"up\"} 420 1");
    assertThat(triggered).containsExactly("lost by node.silent", "up by node.back");
  }

  @Test
  void givenSignsOfLife_whenTheyKeepComing_thenTheNodeIsNeverSilent() {
    for (int minute = 0; minute < 10; minute++) {
      nodes.heard("p1");
      clock.advance(Duration.ofMinutes(1));
    }
    assertThat(emitted()).isEmpty();
  }

  @Test
  void givenAnOpenSession_whenItsPeerAnswersNoMore_thenSilenceCountsFromItsLastAnswer() {
    sessions.put("p1", Duration.ofSeconds(20));
    clock.advance(Duration.ofMinutes(10));
    assertThat(emitted()).isEmpty();
    // TCP gives the session up a minute and a half after the last answer.
    for (int quiet = 20; quiet < 90; quiet += 5) {
      sessions.put("p1", Duration.ofSeconds(quiet));
      clock.advance(Duration.ofSeconds(5));
    }
    sessions.clear();
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(30));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(5));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
    sessions.put("p1", Duration.ZERO);
    clock.advance(Duration.ofSeconds(5));
    assertThat(emitted()).singleElement().asString().startsWith("node.back: p1 is heard again");
  }

  @Test
  void givenAnAgentsEvents_whenTold_thenWhatTheySayIsKnown() {
    clock.advance(Duration.ofSeconds(1));
    tell("p2", "agent.start", "version", "0.1.0");
    Node p2 = node("p2");
    assertThat(p2.expected()).isFalse();
    assertThat(p2.lastHeard()).isEqualTo(Events.T0.plusSeconds(1));
    assertThat(p2.clockOffset()).isEqualTo(Duration.ZERO);
    assertThat(List.of(p2.boot(), p2.spool(), p2.version())).containsExactly("b1", "s1", "0.1.0");
    clock.advance(Duration.ofSeconds(125));
    assertThat(emitted()).contains("node.silent: nothing heard from p2 for 2m4s");
  }

  // ---- why a node is away

  @ParameterizedTest
  @ValueSource(strings = {"poweroff", "halt", ""})
  void givenANodeThatIsSwitchedOff_whenItHasGone_thenItIsOffAtOnceAndNotLost(String reason) {
    up();
    tell("p1", "node.shutdown", "reason", reason);
    tell("p1", "agent.stop");
    sessions.clear();
    clock.advance(Duration.ofSeconds(20));
    assertThat(emitted()).containsExactly("node.silent: p1 was switched off");
    assertThat(node("p1").state()).isEqualTo(NodeState.OFF);
    assertThat(node("p1").why()).isEqualTo("shutdown");
    clock.advance(Duration.ofDays(3));
    assertThat(emitted()).isEmpty();
    restartOfNode("b2");
    assertThat(node("p1").state()).isEqualTo(NodeState.UP);
    assertThat(node("p1").why()).isEqualTo("shutdown");
  }

  @Test
  void givenANodeThatRestarts_whenItIsBackInTime_thenItWasNeverSilent() {
    up();
    tell("p1", "node.shutdown", "reason", "reboot");
    tell("p1", "agent.stop");
    sessions.clear();
    clock.advance(Duration.ofSeconds(50));
    restartOfNode("b2");
    tell("p1", "node.boot", "clean", "yes", "stopped_by", "reboot");
    clock.advance(Duration.ofSeconds(40));
    assertThat(emitted()).isEmpty();
    assertThat(node("p1").why()).isEqualTo("reboot");
    assertThat(node("p1").since()).isEqualTo(Events.T0.plusSeconds(60));
  }

  @Test
  void givenANodeThatRestarts_whenItDoesNotComeBack_thenThatIsSaid() {
    up();
    tell("p1", "node.shutdown", "reason", "reboot");
    sessions.clear();
    clock.advance(Duration.ofSeconds(119));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(6));
    assertThat(emitted())
        .containsExactly("node.silent: p1 went to restart and has not come back for 2m");
    assertThat(node("p1").state()).isEqualTo(NodeState.REBOOTING);
  }

  @Test
  void givenANodeThatCrashed_whenItStartsAgain_thenThatIsTold() {
    up();
    sessions.clear();
    clock.advance(Duration.ofMinutes(3));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
    restartOfNode("b2");
    tell("p1", "node.boot", "clean", "no");
    assertThat(node("p1").state()).isEqualTo(NodeState.UP);
    assertThat(node("p1").why()).isEqualTo("crash");
  }

  @Test
  void givenAnAgentThatTellsNoBoot_whenItsKernelIsAnother_thenItIsKnownToHaveStarted() {
    up();
    restartOfNode("b2");
    assertThat(node("p1").why()).isEqualTo("boot");
  }

  @Test
  void givenALostLink_whenItIsBack_thenTheNodeRanOnAndThatIsSaid() {
    up();
    sessions.clear();
    clock.advance(Duration.ofMinutes(10));
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
    sessions.put("p1", Duration.ZERO);
    tell("p1", "probe.up");
    clock.advance(Duration.ofSeconds(40));
    assertThat(node("p1").state()).isEqualTo(NodeState.UP);
    assertThat(node("p1").why()).isEqualTo("link");
  }

  @Test
  void givenAShutdownThatWasNeverHeardOf_whenTheBacklogTellsIt_thenItWasNoCrash() {
    up();
    sessions.clear();
    clock.advance(Duration.ofMinutes(10));
    tell("p1", "node.shutdown", "reason", "poweroff");
    tell("p1", "agent.stop");
    restartOfNode("b2");
    clock.advance(Duration.ofSeconds(40));
    assertThat(node("p1").why()).isEqualTo("shutdown");
    sessions.clear();
    clock.advance(Duration.ofMinutes(3));
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
  }

  @Test
  void givenAStoppedAgent_whenSilent_thenThatIsSaidAndAStartedOneIsBack() {
    up();
    tell("p1", "agent.stop");
    sessions.clear();
    clock.advance(Duration.ofSeconds(125));
    assertThat(emitted()).containsExactly("node.silent: the agent of p1 was stopped 2m ago");
    assertThat(node("p1").state()).isEqualTo(NodeState.STOPPED);
    tell("p1", "agent.start");
    assertThat(node("p1").why()).isEqualTo("agent");
  }

  @Test
  void givenAnAgentUnderAnotherName_whenItStarts_thenTheOldNameIsForgottenUnlessExpected() {
    tell("raspberrypi", "agent.start");
    tell("raspberrypi", "agent.stop");
    tell("p1", "agent.start", "renamed_from", "raspberrypi");
    assertThat(nodes.find("raspberrypi")).isEmpty();
    clock.advance(Duration.ofMinutes(3));
    assertThat(emitted()).noneMatch(event -> event.contains("raspberrypi"));

    tell("p1", "agent.stop");
    tell("p9", "agent.start", "renamed_from", "p1");
    assertThat(nodes.find("p1")).isPresent();

    nodes = create();
    nodes.restore(store);
    assertThat(nodes.find("raspberrypi")).isEmpty();
    assertThat(nodes.find("p9")).isPresent();
  }

  @Test
  void givenAShutdownThatWasCalledOff_whenTheNodeIsLostLater_thenItIsLost() {
    up();
    tell("p1", "node.shutdown", "reason", "poweroff");
    clock.advance(Duration.ofMinutes(20));
    sessions.clear();
    clock.advance(Duration.ofMinutes(3));
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
  }

  // ---- restart and reload of the collector

  @Test
  void givenASilentNode_whenTheCollectorIsRestarted_thenItStaysSoUntilHeard() {
    up();
    sessions.clear();
    clock.advance(Duration.ofMinutes(3));
    assertThat(emitted()).hasSize(1);
    restartOfCollector();
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
    assertThat(samples.take()).contains("vigie_node_up{node=\"p1\"} 190 0");
    clock.advance(Duration.ofMinutes(5));
    assertThat(emitted()).isEmpty();
    nodes.heard("p1");
    assertThat(emitted()).singleElement().asString().startsWith("node.back");
  }

  @Test
  void givenANodeThatIsOff_whenTheCollectorIsRestarted_thenItIsStillOff() {
    up();
    tell("p1", "node.shutdown", "reason", "poweroff");
    sessions.clear();
    clock.advance(Duration.ofSeconds(20));
    emitted();
    clock.advance(Duration.ofDays(30));
    restartOfCollector();
    clock.advance(Duration.ofHours(1));
    assertThat(node("p1").state()).isEqualTo(NodeState.OFF);
    assertThat(emitted()).isEmpty();
  }

  @Test
  void givenAHeardNode_whenTheCollectorIsRestarted_thenItHasTwoMinutesAnew() {
    up();
    clock.advance(Duration.ofHours(1));
    sessions.clear();
    restartOfCollector();
    clock.advance(Duration.ofSeconds(119));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
  }

  @Test
  void givenAnAgentThatNobodyExpects_whenItIsSilentForAWeek_thenItIsForgotten() {
    tell("p2", "agent.start");
    clock.advance(Duration.ofDays(6));
    assertThat(node("p2").state()).isEqualTo(NodeState.LOST);
    restartOfCollector();
    assertThat(node("p2").state()).isEqualTo(NodeState.LOST);
    samples.take();
    clock.advance(Duration.ofDays(8));
    assertThat(nodes.find("p2")).isEmpty();
    assertThat(samples.take())
        .anyMatch(s -> s.startsWith("vigie_node_up{node=\"p2\"}") && s.endsWith("stale"));
  }

  @Test
  void givenOtherExpectations_whenReloaded_thenTheyCountFromNow() {
    clock.advance(Duration.ofMinutes(1));
    nodes.configure(new NodesConfig(List.of("p3"), Duration.ofMinutes(5)));
    assertThat(nodes.find("p1")).isEmpty();
    clock.advance(Duration.ofSeconds(299));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(1));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p3 for 5m");
  }

  @Test
  void givenOurOwnWordsOnANode_whenTold_thenTheyAreNoSignOfLife() {
    clock.advance(Duration.ofMinutes(3));
    nodes.onEvent(Events.foreign("p1", "node.silent", "x"), false);
    assertThat(node("p1").state()).isEqualTo(NodeState.LOST);
  }

  @Test
  void givenAHostThatSendsSyslog_whenQuiet_thenNothingIsSaidAndADayLaterItIsForgotten() {
    nodes.onEvent(Events.foreign("switch", "syslog", "x"), false);
    clock.advance(Duration.ofHours(1));
    assertThat(emitted()).noneMatch(text -> text.contains("switch"));
    assertThat(nodes.isSilent("switch")).isTrue();
    assertThat(node("switch").watched()).isFalse();
    assertThat(node("p1").watched()).isTrue();
    clock.advance(Duration.ofHours(24));
    assertThat(nodes.find("switch")).isEmpty();
  }

  // ---- clocks

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void givenTheCollectorsClockIsSetByADay_whenChecked_thenNobodyIsSilentAndNoClockIsOff(int days) {
    up();
    clock.advance(Duration.ofMinutes(1));
    clock.step(Duration.ofDays(days));
    clock.advance(Duration.ofMinutes(1));
    assertThat(emitted()).isEmpty();
    // The node keeps the old time: now it is that which is off.
    assertThat(node("p1").clockOffset()).isEqualTo(Duration.ofDays(days));
    sessions.clear();
    clock.advance(Duration.ofSeconds(110));
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(20));
    assertThat(emitted()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"86400", "-86400", "30"})
  void givenTheNodesClockIsSet_whenItsEventsCome_thenTheOffsetIsKnownAtOnceByItsUptime(long by) {
    up();
    clock.advance(Duration.ofSeconds(30));
    tell("p1", "probe.up");
    clock.advance(Duration.ofSeconds(30));
    tell(by, "p1", "probe.down");
    assertThat(node("p1").clockOffset()).isEqualTo(Duration.ofSeconds(-by));
    clock.advance(Duration.ofSeconds(15));
    assertThat(samples.take()).contains("vigie_node_clock_offset_seconds{node=\"p1\"} 75 " + -by);
  }

  @Test
  void givenABacklog_whenItComes_thenTheClockIsNotTakenToBeOff() {
    up();
    Instant happened = clock.now();
    clock.advance(Duration.ofMinutes(4));
    Event event = Events.agent("p1", "s1", seq++, "probe.up");
    nodes.onEvent(Events.at(event, happened, clock.now()), false);
    assertThat(node("p1").clockOffset()).isEqualTo(Duration.ZERO);
  }

  @Test
  void givenNeighboursThatLook_whenAsked_thenTheNewestOfThoseThatAreHeard() {
    look("p2", "probe.up", false);
    look("p3", "probe.down", false);
    look("p4", "probe.up", false);
    assertThat(nodes.seenBy("p1"))
        .containsExactlyInAnyOrderEntriesOf(Map.of("p2", true, "p3", false, "p4", true));
    look("p2", "probe.down", false);
    look("p3", "probe.up", true); // tells of the past
    assertThat(nodes.seenBy("p1"))
        .containsExactlyInAnyOrderEntriesOf(Map.of("p2", false, "p3", false, "p4", true));
    assertThat(nodes.seenBy("p2")).isEmpty();
    clock.advance(Duration.ofMinutes(3));
    look("p2", "probe.up", false);
    assertThat(nodes.seenBy("p1")).as("silent ones say nothing").isEqualTo(Map.of("p2", true));
  }

  @Test
  void givenNeighbourThatStoppedLooking_whenItsWordIsOld_thenItNoLongerCounts() {
    look("p2", "probe.up", false);
    look("p3", "probe.up", false);
    for (int minute = 0; minute < 131; minute++) {
      clock.advance(Duration.ofMinutes(1));
      nodes.heard("p2"); // whose peers: no longer names p1
      nodes.heard("p3");
      if (minute % 60 == 0) {
        look("p3", "probe.up", false);
      }
    }
    assertThat(nodes.seenBy("p1")).isEqualTo(Map.of("p3", true));
  }

  private void look(String from, String type, boolean late) {
    nodes.onEvent(
        new Event(
            clock.now(),
            clock.now(),
            from,
            3,
            4,
            "vigie",
            type,
            Map.of("peer", "p1", "probe", "peer/p1"),
            "",
            new Event.Origin(from, seq++, "b")),
        late);
  }

  @Test
  void givenNodeWhoseGatewayIsANode_whenBothSaySo_thenItDependsOnThatUnlessWrittenOtherwise() {
    String bridge = "02:00:5e:00:53:11";
    String router = "02:00:5e:00:53:01";
    tell("pi4", "agent.state", "gateway_mac", router, "macs", "02:00:5e:00:53:10," + bridge);
    tell("z1", "agent.state", "gateway", "172.19.181.254", "gateway_mac", bridge);
    assertThat(nodes.dependsOn("z1")).isEqualTo("pi4");
    assertThat(nodes.dependsOn("pi4")).as("its router runs no agent").isEmpty();

    tell("z1", "agent.state", "gateway", "172.19.181.254"); // not talked to lately
    assertThat(nodes.dependsOn("z1")).isEqualTo("pi4");
    nodes.configure(
        new NodesConfig(List.of(), Duration.ofMinutes(2), Map.of("z1", "", "pi4", "ups")));
    assertThat(nodes.dependsOn("z1")).isEmpty();
    assertThat(nodes.dependsOn("pi4")).isEqualTo("ups");
    nodes.configure(NodesConfig.DEFAULTS);

    tell("pi5", "agent.state", "macs", bridge + ",nonsense");
    assertThat(nodes.dependsOn("z1")).as("whose it is is not known").isEmpty();
    tell("pi5", "agent.state", "macs", "02:00:5e:00:53:12");
    assertThat(nodes.dependsOn("z1")).isEqualTo("pi4");
    tell("z1", "agent.state", "gateway", "192.0.2.1"); // it has moved
    assertThat(nodes.dependsOn("z1")).isEmpty();
    tell("pi5", "agent.state", "gateway_mac", "02:00:5e:00:53:12", "macs", "02:00:5e:00:53:12");
    assertThat(nodes.dependsOn("pi5")).as("itself").isEmpty();
  }

  @Test
  void givenNodesThatDependOnEachOther_whenRead_thenACircleIsAFault() {
    Faults faults = new Faults();
    NodesConfig good =
        NodesConfig.from(
            Yaml.parse(Path.of("c"), "depends_on: {z1: pi, z2: pi, pi: switch}", Map.of(), faults));
    assertThat(faults.all()).isEmpty();
    assertThat(good.dependsOn()).containsEntry("z1", "pi").containsEntry("pi", "switch");
    NodesConfig.from(Yaml.parse(Path.of("c"), "depends_on: {a: b, b: a, c: a}", Map.of(), faults));
    assertThat(faults.all())
        .containsExactly(
            "c:1:14: a depends on itself; take one of these lines out",
            "c:1:20: b depends on itself; take one of these lines out");
  }

  @Test
  void givenConfiguration_whenRead_thenKeysAndDefaultsHold() {
    assertThat(config("{}")).isEqualTo(NodesConfig.DEFAULTS);
    assertThat(config("expected: [p1, p2]\nsilent_after: 5m"))
        .isEqualTo(new NodesConfig(List.of("p1", "p2"), Duration.ofMinutes(5)));
  }

  private static NodesConfig config(String yaml) {
    return NodesConfig.from(Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), new Faults()));
  }

  private Node node(String name) {
    return nodes.find(name).orElseThrow();
  }

  /** p1 runs in its first boot and has a session. */
  private void up() {
    tell("p1", "agent.start");
    sessions.put("p1", Duration.ZERO);
    clock.advance(Duration.ofSeconds(10));
  }

  private void restartOfNode(String next) {
    boot = next;
    sessions.put("p1", Duration.ZERO);
    tell("p1", "agent.start");
  }

  private void restartOfCollector() {
    emitted();
    samples.take();
    nodes = create();
    nodes.restore(store);
  }

  private void tell(String node, String type, String... fields) {
    tell(0, node, type, fields);
  }

  /** An event of now, by a clock that is so far ahead. */
  private void tell(long aheadSeconds, String node, String type, String... fields) {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < fields.length; i += 2) {
      all.put(fields[i], fields[i + 1]);
    }
    all.put("mono", Long.toString(clock.nanos() / 1_000_000));
    Instant now = clock.now();
    String id = boot == null ? "b1" : boot;
    Event event =
        new Event(
            now.plusSeconds(aheadSeconds),
            now,
            node,
            16,
            5,
            "vigie",
            type,
            all,
            type,
            new Event.Origin("s1", seq++, id));
    store.append(event, new byte[0], () -> {});
    nodes.onEvent(event, false);
  }

  private List<String> emitted() {
    List<Runnable> due = List.copyOf(waiting);
    waiting.clear();
    due.forEach(Runnable::run);
    List<String> taken = emitted.stream().map(e -> e.type() + ": " + e.text()).toList();
    emitted.clear();
    return taken;
  }
}
