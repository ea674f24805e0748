package vigie.collector.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.event.SpoolMarks.Verdict;

class SpoolMarksTest {
  private final SpoolMarks marks = new SpoolMarks();

  /** Against a plain set: replays, gaps of a few, reorderings, several spools, saved and read. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void givenAnyTraffic_whenTaken_thenOnlyWhatWasTakenIsKnown(long seed) {
    Random random = new Random(seed);
    SpoolMarks tested = new SpoolMarks();
    Map<String, Set<Long>> model = new HashMap<>();
    Map<String, Long> next = new HashMap<>();
    for (int step = 0; step < 20_000; step++) {
      String spool = "s" + random.nextInt(3);
      long newest = next.computeIfAbsent(spool, s -> 1 + (long) random.nextInt(1_000));
      boolean first = !model.containsKey(spool);
      Set<Long> taken = model.computeIfAbsent(spool, s -> new HashSet<>());
      // Mostly the next, sometimes one a little ahead (a hole), sometimes an old one.
      int way = random.nextInt(10);
      long seq =
          first || way < 6
              ? newest
              : way < 7 && taken.size() % 40 != 0
                  ? newest + random.nextInt(2)
                  : Math.max(next.get(spool) - random.nextInt(20), smallest(taken));
      boolean known = taken.contains(seq);
      Event event = Events.agent("p1", spool, seq, "probe.up");
      assertThat(tested.verdict(event) == Verdict.KNOWN)
          .as("seed %d step %d %s/%d", seed, step, spool, seq)
          .isEqualTo(known);
      tested.take(event);
      taken.add(seq);
      next.put(spool, Math.max(newest, seq + 1));
      if (step % 10 == 0) {
        fillHoles(tested, spool, taken, next.get(spool));
      }
      if (random.nextInt(100) == 0) {
        tested = SpoolMarks.decode(tested.encode());
      }
    }
  }

  private static long smallest(Set<Long> taken) {
    return taken.stream().mapToLong(Long::longValue).min().orElse(1);
  }

  /** An agent that lost events says so, as this one does now and then. */
  private static void fillHoles(SpoolMarks tested, String spool, Set<Long> taken, long next) {
    for (long seq = smallest(taken); seq < next; seq++) {
      taken.add(seq);
    }
    taken.add(next);
    tested.take(
        Events.agent(
            "p1",
            spool,
            next,
            "agent.gap",
            "from",
            Long.toString(smallest(taken)),
            "to",
            Long.toString(next - 1)));
  }

  @Test
  void givenANewSpool_whenItBeginsAtAnyNumber_thenThereIsNoHole() {
    assertThat(take("s1", 5_000)).isEqualTo(Verdict.FRESH);
    assertThat(marks.opened()).isNull();
    assertThat(take("s1", 5_001)).isEqualTo(Verdict.FRESH);
    assertThat(take("s1", 5_001)).isEqualTo(Verdict.KNOWN);
    assertThat(take("s1", 4_999)).isEqualTo(Verdict.KNOWN);
    assertThat(take("s2", 1)).isEqualTo(Verdict.FRESH);
  }

  @Test
  void givenAHole_whenMoreComes_thenItIsReportedOnceAndStaysOpen() {
    take("s1", 1);
    take("s1", 10);
    assertThat(marks.opened()).isEqualTo(new SpoolMarks.Hole(2, 9));
    take("s1", 11);
    assertThat(marks.opened()).isNull();
    assertThat(take("s1", 5)).isEqualTo(Verdict.FRESH);
  }

  @Test
  void givenAHole_whenAGapSaysThatItIsLost_thenItIsClosed() {
    take("s1", 1);
    take("s1", 10);
    marks.take(Events.agent("p1", "s1", 11, "agent.gap", "from", "2", "to", "9"));
    assertThat(take("s1", 5)).isEqualTo(Verdict.KNOWN);
    assertThat(take("s1", 12)).isEqualTo(Verdict.FRESH);
  }

  @ParameterizedTest
  @CsvSource({"2,99", "x,9", "9,2", "-5,3", ",", "2,99999999999999999999"})
  void givenABadGap_whenTaken_thenNothingAboveItIsLost(String from, String to) {
    take("s1", 1);
    marks.take(
        Events.agent(
            "p1",
            "s1",
            11,
            "agent.gap",
            "from",
            from == null ? "" : from,
            "to",
            to == null ? "" : to));
    assertThat(take("s1", 12)).isEqualTo(Verdict.FRESH);
    assertThat(take("s1", 99)).isEqualTo(Verdict.FRESH);
  }

  @Test
  void givenMoreHolesThanAreKept_whenTaken_thenTheLowestIsGivenUp() {
    for (long seq = 1; seq < 1_000; seq += 2) {
      assertThat(take("s1", seq)).isEqualTo(Verdict.FRESH);
    }
    assertThat(take("s1", 998)).isEqualTo(Verdict.FRESH);
    assertThat(take("s1", 2)).isEqualTo(Verdict.KNOWN);
    assertThat(marks.encode().length).isLessThan(2_000);
  }

  @Test
  void givenMoreSpoolsThanAreKept_whenTaken_thenTheOneNotHeardForLongestGoes() {
    take("s0", 7);
    for (int i = 1; i <= 10_000; i++) {
      take("s" + i, 7);
    }
    assertThat(verdict("s0", 7)).isEqualTo(Verdict.FRESH);
    assertThat(verdict("s10000", 7)).isEqualTo(Verdict.KNOWN);
  }

  @Test
  void givenNoNumber_whenTakenTwice_thenItIsNeverKnown() {
    assertThat(marks.take(Events.foreign("p1", "syslog", "x"))).isEqualTo(Verdict.FRESH);
    assertThat(marks.take(Events.foreign("p1", "syslog", "x"))).isEqualTo(Verdict.FRESH);
    assertThat(take("s1", 0)).isEqualTo(Verdict.FRESH);
    assertThat(take("s1", 0)).isEqualTo(Verdict.FRESH);
  }

  @Test
  void givenAGoodClock_whenABacklogComes_thenOnlyWhatWaitedTooLongIsLate() {
    long seq = 1;
    for (int minute = 0; minute < 10; minute++) {
      assertThat(heard(seq++, minute * 60L, minute * 60L)).isEqualTo(Verdict.FRESH);
    }
    // The link was down from the 10th to the 70th minute; all comes within a second.
    for (int minute = 10; minute < 70; minute++) {
      assertThat(heard(seq++, minute * 60L, 70 * 60))
          .isEqualTo(70 - minute > 5 ? Verdict.LATE : Verdict.FRESH);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {172_800, -172_800, 400, -400})
  void givenAClockThatIsOff_whenEventsComeAtOnce_thenSoonNoneIsLateAndABacklogStillIs(long off) {
    // The first may be taken for one that waited: nothing is known of the clock yet.
    heard(1, -off, 0);
    heard(2, 5 - off, 5);
    heard(3, 20 - off, 20);
    assertThat(heard(4, 60 - off, 60)).isEqualTo(Verdict.FRESH);
    assertThat(heard(5, 600 - off, 600)).isEqualTo(Verdict.FRESH);
    assertThat(heard(6, 700 - off, 4_000)).isEqualTo(Verdict.LATE);
    assertThat(heard(7, 3_990 - off, 4_000)).isEqualTo(Verdict.FRESH);
  }

  @Test
  void givenAClockThatIsOff_whenItIsSet_thenSoonNoneIsLate() {
    for (int i = 1; i <= 5; i++) {
      heard(i, i * 60L - 172_800, i * 60L);
    }
    assertThat(heard(6, 360, 360)).isEqualTo(Verdict.FRESH);
    assertThat(heard(7, 420, 420)).isEqualTo(Verdict.FRESH);
    assertThat(heard(8, 420, 4_200)).isEqualTo(Verdict.LATE);
  }

  @Test
  void givenSavedMarks_whenRead_thenTheyKnowTheClockToo() {
    heard(1, -172_800, 0);
    heard(2, 60 - 172_800, 60);
    SpoolMarks read = SpoolMarks.decode(marks.encode());
    assertThat(read.verdict(event(3, 120 - 172_800, 120))).isEqualTo(Verdict.FRESH);
    assertThat(read.verdict(event(3, -172_800, 620))).isEqualTo(Verdict.LATE);
  }

  @ParameterizedTest
  @ValueSource(longs = {86_400, -86_400})
  void givenANodesClockIsSetByADay_whenItsKernelSaysHowLongItRan_thenNothingIsLate(long by) {
    assertThat(run(1, 0, 0, 1_000)).isEqualTo(Verdict.FRESH);
    assertThat(run(2, 60 + by, 60, 1_060)).isEqualTo(Verdict.FRESH);
    assertThat(run(3, 90 + by, 90, 1_090)).isEqualTo(Verdict.FRESH);
    // A backlog is late by what its kernel says, whatever was stamped.
    assertThat(run(4, 100 + by, 1_000, 1_100)).isEqualTo(Verdict.LATE);
    assertThat(run(5, 100, 1_000, 1_110)).isEqualTo(Verdict.LATE);
    assertThat(run(6, 990, 1_000, 1_990)).isEqualTo(Verdict.FRESH);
    assertThat(run(7, 1_000, 1_001, 2_000)).isEqualTo(Verdict.FRESH);
  }

  @ParameterizedTest
  @ValueSource(longs = {86_400, -86_400})
  void givenTheCollectorsClockIsSetByADay_whenNoticed_thenNothingIsLateAndABacklogStillIs(long by) {
    heard(1, 0, 0);
    run(2, 10, 10, 1_000);
    marks.stepped(by * 1000);
    assertThat(heard(3, 20, 20 + by)).isEqualTo(Verdict.FRESH);
    assertThat(run(4, 30, 30 + by, 1_020)).isEqualTo(Verdict.FRESH);
    assertThat(heard(5, 40, 440 + by)).isEqualTo(Verdict.LATE);
    assertThat(run(6, 50, 450 + by, 1_040)).isEqualTo(Verdict.LATE);
  }

  @Test
  void givenAPiThatBootsWithTheClockOfItsLastShutdown_whenItSpeaks_thenThatIsNotLate() {
    String[] unverified = {"clock", "unverified"};
    assertThat(run(1, -10_000, 0, 20, unverified)).isEqualTo(Verdict.FRESH);
    assertThat(run(2, -9_999, 1, 21, unverified)).isEqualTo(Verdict.FRESH);
    assertThat(run(3, 15, 15, 35)).isEqualTo(Verdict.FRESH);
    // And one that somebody holds right was out of reach.
    assertThat(marks.verdict(kernel("s2", 1, -10_000, 0, 20))).isEqualTo(Verdict.LATE);
    assertThat(marks.verdict(kernel("s2", 1, -10_000, 0, 400, unverified))).isEqualTo(Verdict.LATE);
  }

  @Test
  void givenAnotherBoot_whenItsKernelCountsAnew_thenItIsJudgedByItsOwn() {
    run(1, 0, 0, 100_000);
    Event next = kernel("s1", 2, 60, 60, 5);
    Event booted =
        new Event(
            next.time(),
            next.received(),
            "p1",
            1,
            5,
            "vigie",
            "agent.start",
            next.fields(),
            "",
            new Event.Origin("s1", 2, "another"));
    assertThat(marks.take(booted)).isEqualTo(Verdict.FRESH);
    assertThat(marks.verdict(kernel("s1", 3, 61, 61, 100_061))).isEqualTo(Verdict.FRESH);
  }

  /** Seconds after T0, and seconds that the node's kernel had been running. */
  private Verdict run(long seq, long time, long received, long mono, String... fields) {
    return marks.take(kernel("s1", seq, time, received, mono, fields));
  }

  private static Event kernel(
      String spool, long seq, long time, long received, long mono, String... more) {
    List<String> fields = new ArrayList<>(List.of("mono", Long.toString(mono * 1000)));
    fields.addAll(List.of(more));
    Event event = Events.agent("p1", spool, seq, "probe.up", fields.toArray(String[]::new));
    return Events.at(event, Events.T0.plusSeconds(time), Events.T0.plusSeconds(received));
  }

  private Verdict take(String spool, long seq) {
    return marks.take(Events.agent("p1", spool, seq, "probe.up"));
  }

  private Verdict verdict(String spool, long seq) {
    return marks.verdict(Events.agent("p1", spool, seq, "probe.up"));
  }

  /** Seconds after T0. */
  private Verdict heard(long seq, long time, long received) {
    return marks.take(event(seq, time, received));
  }

  private static Event event(long seq, long time, long received) {
    Instant at = Events.T0.plus(Duration.ofSeconds(time));
    return Events.at(
        Events.agent("p1", "s1", seq, "probe.up"), at, Events.T0.plusSeconds(received));
  }

  @Test
  void givenAgentThatUsedAnotherCollector_whenItComesBack_thenTheHoleIsPerhapsElsewhere() {
    marks.take(Events.agent("p1", "s", 10, "probe.up"));
    marks.take(Events.agent("p1", "s", 21, "probe.up", "elsewhere", "20"));
    assertThat(marks.opened()).isNull();
    assertThat(marks.elsewhere()).isEqualTo(10);
    marks.take(Events.agent("p1", "s", 22, "probe.up"));
    assertThat(marks.elsewhere()).isZero();
    marks.take(Events.agent("p1", "s", 30, "probe.up", "elsewhere", "27"));
    assertThat(marks.opened()).isEqualTo(new SpoolMarks.Hole(28, 29));
    assertThat(marks.verdict(Events.agent("p1", "s", 15, "probe.up"))).isEqualTo(Verdict.KNOWN);
    assertThat(marks.verdict(Events.agent("p1", "s", 28, "probe.up"))).isNotEqualTo(Verdict.KNOWN);
  }

  @Test
  void givenNumbersCutOffByACrash_whenTold_thenNothingIsMissing() {
    marks.take(Events.agent("p1", "s", 10, "probe.up"));
    marks.take(
        Events.agent("p1", "s", 13, "agent.gap", "from", "11", "to", "12", "reason", "torn"));
    assertThat(marks.opened()).isNull();
  }
}
