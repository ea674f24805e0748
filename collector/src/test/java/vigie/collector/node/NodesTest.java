package vigie.collector.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.Events;
import vigie.collector.event.RecordingAppender;

class NodesTest {
  private final ManualClock clock = new ManualClock(Events.T0);
  private final RecordingAppender samples = new RecordingAppender();
  private final List<String> emitted = new ArrayList<>();
  private final List<Runnable> waiting = new ArrayList<>();
  private final Nodes nodes =
      new Nodes(
          new NodesConfig(List.of("p1"), Duration.ofMinutes(2)),
          clock,
          clock,
          (event, raw, whenDurable) -> emitted.add(event.type() + ": " + event.text()),
          waiting::add,
          samples,
          new SimpleMeterRegistry());

  @Test
  void givenAnExpectedNode_whenNeverHeard_thenItIsSilentAfterTwoMinutesAndBackWhenHeard() {
    clock.advance(Duration.ofSeconds(119));
    assertThat(emitted()).isEmpty();
    assertThat(node("p1").silent()).isFalse();
    clock.advance(Duration.ofSeconds(1));
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
    assertThat(node("p1").silent()).isTrue();
    assertThat(node("p1").lastHeard()).isNull();
    clock.advance(Duration.ofMinutes(5));
    nodes.heard("p1");
    assertThat(emitted()).containsExactly("node.back: p1 is heard again after 7m");
    assertThat(nodes.isSilent("p1")).isFalse();
    assertThat(samples.take())
        .startsWith("vigie_node_up{node=\"p1\"} 15 1")
        .contains("vigie_node_up{node=\"p1\"} 120 0")
        .endsWith("vigie_node_up{node=\"p1\"} 420 1");
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
  void givenAnOpenSessionAndNothingSaid_whenItEnds_thenTheNodeIsSilentAMinuteLater() {
    for (int i = 0; i < 60; i++) {
      nodes.connected(Set.of("p1"));
      clock.advance(Duration.ofSeconds(5));
    }
    assertThat(emitted()).isEmpty();
    clock.advance(Duration.ofSeconds(54));
    assertThat(nodes.isSilent("p1")).isFalse();
    clock.advance(Duration.ofSeconds(1));
    assertThat(nodes.isSilent("p1")).isTrue();
    assertThat(emitted()).containsExactly("node.silent: nothing heard from p1 for 2m");
    nodes.connected(Set.of("p1"));
    assertThat(emitted()).singleElement().asString().startsWith("node.back: p1 is heard again");
  }

  @Test
  void givenAnAgentsEvents_whenTold_thenWhatTheySayIsKnown() {
    clock.advance(Duration.ofMinutes(1));
    Event start = Events.agent("p2", "s2", 1, "agent.start", "version", "0.1.0");
    nodes.onEvent(Events.at(start, Events.T0, Events.T0.plusSeconds(60)), false);
    Node p2 = node("p2");
    assertThat(p2.expected()).isFalse();
    assertThat(p2.lastHeard()).isEqualTo(Events.T0.plusSeconds(60));
    assertThat(p2.clockOffset()).isEqualTo(Duration.ofMinutes(1));
    assertThat(List.of(p2.boot(), p2.spool(), p2.version())).containsExactly("boot", "s2", "0.1.0");
    clock.advance(Duration.ofMinutes(2));
    assertThat(emitted()).contains("node.silent: nothing heard from p2 for 2m");
  }

  @Test
  void givenOurOwnWordsOnANode_whenTold_thenTheyAreNoSignOfLife() {
    clock.advance(Duration.ofMinutes(3));
    nodes.onEvent(Events.foreign("p1", "node.silent", "x"), false);
    assertThat(node("p1").silent()).isTrue();
  }

  @Test
  void givenAHostThatSendsSyslog_whenQuiet_thenNothingIsSaidAndADayLaterItIsForgotten() {
    nodes.onEvent(Events.foreign("switch", "syslog", "x"), false);
    clock.advance(Duration.ofHours(1));
    assertThat(emitted()).noneMatch(text -> text.contains("switch"));
    assertThat(node("switch").silent()).isTrue();
    clock.advance(Duration.ofHours(24));
    assertThat(nodes.find("switch")).isEmpty();
  }

  @Test
  void givenTheClockStepsADay_whenChecked_thenNobodyIsSilent() {
    nodes.heard("p1");
    clock.step(Duration.ofDays(1));
    clock.advance(Duration.ofMinutes(1));
    assertThat(emitted()).isEmpty();
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

  private List<String> emitted() {
    List<Runnable> due = List.copyOf(waiting);
    waiting.clear();
    due.forEach(Runnable::run);
    List<String> taken = List.copyOf(emitted);
    emitted.clear();
    return taken;
  }
}
