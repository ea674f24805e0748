package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.base.time.ManualClock;

/** Which results change a state, with a target whose results the test decides. */
class WatchedTest {
  private final ManualClock clock = new ManualClock();
  private final List<Event> told = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private boolean up = true;
  private Duration took = Duration.ofMillis(1);
  private EventType cause = EventType.PROBE_DOWN;
  private @Nullable RuntimeException fault;
  private boolean silent;
  private @Nullable Consumer<ProbeResult> waiting;

  /** The target. */
  private final class Scripted implements Module, Probe {
    @Override
    public String prober() {
      return "scripted";
    }

    @Override
    public void checkTarget(String target) {}

    @Override
    public Probe probe(String target, Duration timeout, ProbeTools tools) {
      return this;
    }

    @Override
    public void run(Consumer<ProbeResult> done, Steps steps) {
      if (fault != null) {
        throw fault;
      }
      waiting = done;
      if (!silent) {
        done.accept(
            up
                ? new ProbeResult.Up(clock.now(), took, List.of())
                : new ProbeResult.Down(clock.now(), took, "no", List.of(), cause));
      }
    }

    @Override
    public String hint() {
      throw new IllegalStateException("BUG: a hint that fails");
    }
  }

  private Watched watched(Damping damping) {
    Scripted scripted = new Scripted();
    ProbeConfig config = new ProbeConfig("p", scripted, "t", Module.EVERY, Module.TIMEOUT, damping);
    Teller teller = new Teller(told::add, Runnable::run, clock, meters);
    Hints hints = new Hints(Runnable::run, clock);
    return new Watched(config, scripted, clock, teller, hints, new ProbeMeters(meters));
  }

  /** Runs once for each letter: u up, d down. */
  private void run(Watched watched, String results) {
    for (char result : results.toCharArray()) {
      up = result == 'u';
      watched.turn();
      clock.advance(Duration.ofSeconds(5));
    }
  }

  private List<String> types() {
    return told.stream().map(e -> e.type().wire()).toList();
  }

  @Test
  void givenRunThatThrows_whenTheNextTurnComes_thenItRuns() {
    Watched watched = watched(Damping.NONE);
    fault = new IllegalStateException("BUG: this one");
    run(watched, "u");
    fault = null;
    run(watched, "u");
    assertThat(types()).containsExactly("probe.up");
    assertThat(meters.get("vigie.probe.runs.impossible").counter().count()).isEqualTo(1);
  }

  @Test
  void givenRunThatTellsNothing_whenAMinuteAfterItsTimeout_thenTakenForLostAndNotHeardAnyMore() {
    Watched watched = watched(Damping.NONE);
    silent = true;
    run(watched, "u");
    Consumer<ProbeResult> lost = Objects.requireNonNull(waiting);
    silent = false;
    run(watched, "u");
    assertThat(types()).isEmpty();
    clock.advance(Duration.ofMinutes(2));
    run(watched, "u");
    assertThat(types()).containsExactly("probe.up");
    lost.accept(new ProbeResult.Down(clock.now(), took, "late", List.of()));
    assertThat(types()).containsExactly("probe.up");
  }

  @Test
  void givenRunThatTellsTwice_whenTheSecondSaysOtherwise_thenTheFirstCounts() {
    Watched watched = watched(Damping.NONE);
    run(watched, "u");
    Objects.requireNonNull(waiting)
        .accept(new ProbeResult.Down(clock.now(), took, "again", List.of()));
    assertThat(types()).containsExactly("probe.up");
  }

  @Test
  void givenHintThatFails_whenNeverUp_thenTheEventIsToldWithout() {
    run(watched(Damping.NONE), "d");
    assertThat(told).singleElement().satisfies(e -> assertThat(e.text()).endsWith("started"));
  }

  @Test
  void givenOutage_whenAnotherCauseIsFoundLater_thenItIsToldOnce() {
    Watched watched = watched(Damping.NONE);
    run(watched, "ud");
    cause = EventType.BACKUP_LATE;
    run(watched, "dd");
    assertThat(types()).containsExactly("probe.up", "probe.down", "backup.late");
    watched.tellAgain();
    assertThat(types().subList(3, 5)).containsExactly("backup.late", "probe.down");
    told.subList(3, 5).clear();
    run(watched, "ud");
    assertThat(types().subList(3, 6)).containsExactly("probe.up", "backup.late", "probe.down");
  }

  @Test
  void givenNoDamping_whenResultsAlternate_thenEachChangeIsAnEvent() {
    run(watched(Damping.NONE), "uddu");
    assertThat(types()).containsExactly("probe.up", "probe.down", "probe.up");
  }

  @Test
  void givenFallOfThree_whenTwoFail_thenNothingIsToldAndTheThirdIs() {
    Watched watched = watched(new Damping(3, 2, 3, null, null));
    run(watched, "uuddudd");
    assertThat(types()).containsExactly("probe.up");
    assertThat(watched.status().isUp()).isTrue();
    run(watched, "d");
    assertThat(types()).containsExactly("probe.up", "probe.down");
    run(watched, "udu");
    assertThat(watched.status().isUp()).isTrue();
    assertThat(types()).containsExactly("probe.up", "probe.down", "probe.up");
  }

  @Test
  void givenThreeOfFive_whenEverySecondFails_thenDownAtTheThirdFailure() {
    Watched watched = watched(new Damping(3, 3, 5, null, null));
    run(watched, "uuu" + "uuudud");
    assertThat(types()).containsExactly("probe.up");
    run(watched, "ud");
    assertThat(types()).containsExactly("probe.up", "probe.down");
  }

  @Test
  void givenStateChange_whenTheNextResultComes_thenOlderOnesDoNotChangeItBack() {
    run(watched(new Damping(2, 2, 5, null, null)), "uudduuu");
    assertThat(types()).containsExactly("probe.up", "probe.down", "probe.up");
  }

  @Test
  void givenFirstResultsDown_whenFewerThanFall_thenTheStateIsNotKnown() {
    Watched watched = watched(new Damping(2, 1, 2, null, null));
    run(watched, "d");
    assertThat(told).isEmpty();
    assertThat(watched.status().up()).isNull();
    run(watched, "d");
    assertThat(types()).containsExactly("probe.down");
  }

  @Test
  void givenSlowAnswers_whenBetweenTheLimits_thenTheSpeedStaysAsItWas() {
    Watched watched = watched(new Damping(1, 1, 1, Duration.ofMillis(500), Duration.ofMillis(400)));
    answers(watched, 100, 450, 501, 450, 499, 399, 450);
    assertThat(types()).containsExactly("probe.up", "probe.slow", "probe.up");
    assertThat(told.get(1).text()).isEqualTo("p t is slow: took 501ms, limit 500ms");
    assertThat(told.get(2).fields()).containsEntry("told", "fast").containsEntry("took", "399ms");
    assertThat(watched.status().slow()).isFalse();
  }

  private void answers(Watched watched, int... millis) {
    for (int each : millis) {
      took = Duration.ofMillis(each);
      run(watched, "u");
    }
  }

  @Test
  void givenSlowProbe_whenItGoesDownAndComesBack_thenItIsNotSlowUntilItIsAgain() {
    Watched watched = watched(new Damping(1, 1, 1, Duration.ofMillis(500), Duration.ofMillis(400)));
    answers(watched, 600);
    assertThat(watched.status().slow()).isTrue();
    took = Duration.ofMillis(1);
    run(watched, "du");
    assertThat(watched.status().slow()).isFalse();
    assertThat(types()).containsExactly("probe.up", "probe.slow", "probe.down", "probe.up");
  }
}
