package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.agent.event.Event;
import vigie.agent.reader.Roots;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;
import vigie.base.time.Scheduler;

/** When 500 probes run: spread over their period, whatever is reloaded and whatever hangs. */
class TurnsTest {
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final int MANY = 500;

  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventLoops loops = EventLoops.nio(1, "test-turns");
  private final List<Event> told = new ArrayList<>();
  private final Map<String, List<Instant>> runs = new TreeMap<>();
  private Probes probes;

  /** A target that answers at once, or only when the time is over. */
  private final class Noting implements Module {
    private final boolean hangs;

    Noting(boolean hangs) {
      this.hangs = hangs;
    }

    @Override
    public String prober() {
      return "noting";
    }

    @Override
    public void checkTarget(String target) {}

    @Override
    public Probe probe(String target, Duration timeout, ProbeTools tools) {
      return new Probe() {
        @Override
        public void run(Consumer<ProbeResult> done, Steps steps) {
          runs.computeIfAbsent(target, t -> new ArrayList<>()).add(clock.now());
          ProbeRun run = new ProbeRun(tools.clock(), done, steps);
          if (hangs) {
            run.limit(tools.scheduler(), timeout, () -> run.down("timeout", List.of()));
          } else {
            run.up(Duration.ZERO, List.of());
          }
        }
      };
    }
  }

  @BeforeEach
  void open() {
    ProbeTools tools =
        new ProbeTools(
            Roots.HOST, clock, clock, loops, Lookup.SYSTEM, Runnable::run, Runnable::run);
    probes = new Probes(tools, told::add, Runnable::run, meters);
  }

  @AfterEach
  void close() {
    probes.close();
    loops.close();
  }

  @Test
  void givenManyProbes_whenStarted_thenTheirRunsAreSpreadOverThePeriod() {
    probes.configure(many(new Noting(false), MANY));
    clock.advance(EVERY.multipliedBy(4));
    assertThat(runs).hasSize(MANY);
    // Five where the slot is the first millisecond of the period.
    assertThat(runs.values()).allSatisfy(times -> assertThat(times).hasSizeBetween(4, 5));
    // Evenly it would be ten in each tenth of a second.
    assertThat(mostWithin(Duration.ofMillis(100))).isLessThanOrEqualTo(12);
  }

  @Test
  void givenManyProbes_whenStarted_thenTurnsThatAreCloseShareATick() {
    clock.advance(Duration.ofNanos(1_234_567));
    probes.configure(many(new Noting(false), MANY));
    clock.advance(EVERY.multipliedBy(4));
    assertThat(runs.values().stream().flatMap(List::stream).distinct())
        .hasSizeLessThanOrEqualTo(4 * 5 * 20 + 1);
  }

  @Test
  void givenFewProbes_whenStarted_thenTheyAreAllKnownSoon() {
    probes.configure(many(new Noting(false), 5));
    clock.advance(Duration.ofMillis(400));
    assertThat(runs).hasSize(5);
  }

  @Test
  void givenManyProbes_whenReloadedUnchanged_thenTheyKeepTheirTurns() {
    Noting module = new Noting(false);
    probes.configure(many(module, MANY));
    clock.advance(EVERY);
    Map<String, List<Instant>> before = new TreeMap<>();
    runs.forEach((target, times) -> before.put(target, List.copyOf(times)));
    probes.configure(many(module, MANY));
    clock.advance(EVERY);
    for (Map.Entry<String, List<Instant>> each : runs.entrySet()) {
      List<Instant> times = each.getValue();
      assertThat(times).startsWith(before.get(each.getKey()).get(0)).hasSizeGreaterThan(1);
      for (int i = 1; i < times.size(); i++) {
        assertThat(times.get(i)).isEqualTo(times.get(i - 1).plus(EVERY));
      }
    }
  }

  @Test
  void givenManyProbes_whenAllAreChangedByAReload_thenTheyAreSpreadAnew() {
    probes.configure(many(new Noting(false), MANY));
    clock.advance(EVERY);
    runs.clear();
    probes.configure(many(new Noting(false), MANY));
    clock.advance(EVERY);
    assertThat(runs).hasSize(MANY);
    assertThat(mostWithin(Duration.ofMillis(100))).isLessThanOrEqualTo(12);
  }

  @Test
  void givenProbesThatHang_whenTheirTimeIsOver_thenCutAndRunAgainInTheirTurn() {
    probes.configure(many(new Noting(true), 10));
    clock.advance(EVERY.multipliedBy(4));
    assertThat(runs.values()).allSatisfy(times -> assertThat(times).hasSizeBetween(4, 5));
    assertThat(meters.get("vigie.probe.turns.skipped").counter().count()).isZero();
    assertThat(probes.statuses())
        .allSatisfy(status -> assertThat(status.last()).isInstanceOf(ProbeResult.Down.class));
  }

  @Test
  void givenTimeoutLongerThanPeriod_whenItHangs_thenTurnsAreSkippedAndCounted() {
    probes.configure(
        List.of(
            new ProbeConfig(
                "p", new Noting(true), "t", EVERY, EVERY.multipliedBy(3), Damping.NONE)));
    clock.advance(Duration.ofSeconds(59));
    // A run of 15 s takes its own turn and the two after it; the fourth comes as it ends.
    assertThat(runs.get("t").size()).isBetween(3, 5);
    double skipped = meters.get("vigie.probe.turns.skipped").counter().count();
    assertThat(skipped + runs.get("t").size()).isBetween(11.0, 13.0);
  }

  @Test
  void givenSchedulerThatIsHeldUp_whenTurnsBeginAfterASecond_thenCountedAsLate() {
    List<Runnable> turns = new ArrayList<>();
    Scheduler held =
        new Scheduler() {
          @Override
          public Task after(Duration delay, Runnable task) {
            return () -> {};
          }

          @Override
          public Task every(Duration initial, Duration period, Runnable task) {
            turns.add(task);
            return () -> {};
          }
        };
    try (Probes late =
        new Probes(
            new ProbeTools(
                Roots.HOST, clock, held, loops, Lookup.SYSTEM, Runnable::run, Runnable::run),
            told::add,
            Runnable::run,
            meters)) {
      late.configure(many(new Noting(false), 1));
      clock.advance(Duration.ofMillis(900));
      turns.get(0).run();
      assertThat(meters.get("vigie.probe.turns.late").counter().count()).isZero();
      clock.advance(EVERY.plusMillis(1300));
      turns.get(0).run();
      assertThat(meters.get("vigie.probe.turns.late").counter().count()).isEqualTo(1);
    }
  }

  private static List<ProbeConfig> many(Module module, int count) {
    List<ProbeConfig> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(new ProbeConfig("p" + i, module, "t" + i, EVERY, TIMEOUT, Damping.NONE));
    }
    return all;
  }

  /** The most runs that began within any stretch of this length. */
  private int mostWithin(Duration stretch) {
    List<Instant> all = runs.values().stream().flatMap(List::stream).sorted().toList();
    int most = 0;
    int from = 0;
    for (int to = 0; to < all.size(); to++) {
      while (!all.get(from).plus(stretch).isAfter(all.get(to))) {
        from++;
      }
      most = Math.max(most, to - from + 1);
    }
    return most;
  }
}
