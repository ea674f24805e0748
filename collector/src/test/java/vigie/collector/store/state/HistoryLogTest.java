package vigie.collector.store.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.time.ManualClock;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.label.Labels;

class HistoryLogTest {
  private static final Path FOLDER = Path.of("/history");
  private static final String A = "00000000000000aa";
  private static final String B = "ffffffffffffffbb";

  private final ManualClock clock = new ManualClock();
  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private final MeterRegistry meters = new SimpleMeterRegistry();

  private HistoryLog open(long mostBytes, Executor executor) {
    return HistoryLog.open(
        FOLDER, Duration.ofDays(90), mostBytes, files, clock, clock, executor, meters);
  }

  private HistoryLog open() {
    return open(1L << 30, Runnable::run);
  }

  private HistoryEntry entry(HistoryKind kind, String... fingerprints) {
    return HistoryEntry.of(kind, clock.now(), List.of(fingerprints));
  }

  @Test
  void givenEntries_whenReopenedAfterAPowerCut_thenAllOfEachAlertAreThere() {
    HistoryLog history = open();
    HistoryEntry fired =
        new HistoryEntry(
            clock.now(),
            HistoryKind.FIRING,
            List.of(A),
            Labels.of("alertname", "Down"),
            "",
            "p1 is down",
            "");
    history.append(fired);
    clock.advance(Duration.ofSeconds(1));
    HistoryEntry sent = entry(HistoryKind.SENT, A, B).by("discord").about("incident-1");
    history.append(sent);
    clock.advance(Duration.ofSeconds(1));
    HistoryEntry other = entry(HistoryKind.ACKNOWLEDGED, B).by("anna").saying("looking");
    history.append(other);

    files.powerCut(Forget.ALL);
    HistoryLog again = open();

    assertThat(again.of(A, 10)).containsExactly(fired, sent);
    assertThat(again.of(B, 10)).containsExactly(sent, other);
    assertThat(again.of(B, 1)).containsExactly(other);
    assertThat(again.of("0000000000000001", 10)).isEmpty();
    assertThat(again.between(sent.at(), clock.now(), 10)).containsExactly(sent, other);
    assertThat(again.firing()).containsOnlyKeys(A);
  }

  @Test
  void givenTimesThatOthersMadeUp_whenWritten_thenTheyAreKeptAndNothingBesideThemIsLost() {
    HistoryLog history = open();
    List<HistoryEntry> all = new ArrayList<>();
    for (String at : List.of("0001-01-01T00:00:01.000002Z", "9999-12-31T23:59:59Z")) {
      all.add(HistoryEntry.of(HistoryKind.FIRING, Instant.parse(at), A));
    }
    all.forEach(history::append);
    history.close();

    assertThat(open().of(A, 10)).containsExactlyElementsOf(all);
  }

  @Test
  void givenManySegments_whenAsked_thenTheNewestEntriesComeOldestFirst() {
    HistoryLog history = open();
    List<HistoryEntry> ofA = new ArrayList<>();
    String text = "x".repeat(3000);
    for (int i = 0; i < 2000; i++) {
      HistoryEntry entry = entry(HistoryKind.NOTE, i % 100 == 0 ? A : B).saying(text + i);
      if (i % 100 == 0) {
        ofA.add(entry);
      }
      history.append(entry);
      clock.advance(Duration.ofSeconds(1));
    }
    assertThat(history.of(A, 1000)).isEqualTo(ofA);
    assertThat(history.of(A, 5)).isEqualTo(ofA.subList(15, 20));
    history.close();
    assertThat(open().of(A, 1000)).isEqualTo(ofA);
  }

  @Test
  void givenEntriesOverNinetyDaysOld_whenLookedAfter_thenTheirSegmentsAreGone() {
    HistoryLog history = open();
    fill(history);
    clock.advance(Duration.ofDays(89));
    assertThat(history.of(A, 10_000)).hasSize(1000);
    clock.advance(Duration.ofDays(2));
    fill(history);
    assertThat(history.of(A, 10_000)).hasSizeLessThan(1500);
    history.close();
    assertThat(open().of(A, 10_000)).hasSizeLessThan(1500);
  }

  @Test
  void givenTooManyBytes_whenLookedAfter_thenTheOldestGoFirst() {
    HistoryLog history = open(4 << 20, Runnable::run);
    fill(history);
    fill(history);
    clock.advance(Duration.ofHours(1));
    List<HistoryEntry> left = history.of(A, 10_000);
    assertThat(left).hasSizeLessThan(1700);
    assertThat(left.get(left.size() - 1).text()).endsWith("999");
  }

  private void fill(HistoryLog history) {
    String text = "x".repeat(3000);
    for (int i = 0; i < 1000; i++) {
      history.append(entry(HistoryKind.NOTE, A).saying(text + i));
    }
  }

  @Test
  void givenFullDisk_whenAppended_thenTheCallerHearsAndLaterEntriesAreKept() {
    HistoryLog history = open();
    history.append(entry(HistoryKind.FIRING, A));
    files.setSpaceBytes(0);
    assertThatThrownBy(
            () -> history.append(entry(HistoryKind.NOTE, A)).toCompletableFuture().join())
        .hasMessageContaining("space");
    assertThat(meters.counter("vigie.history.dropped").count()).isEqualTo(1);
    files.setSpaceBytes(Long.MAX_VALUE);

    history.append(entry(HistoryKind.RESOLVED, A));

    assertThat(history.of(A, 10))
        .extracting(HistoryEntry::kind)
        .containsExactly(HistoryKind.FIRING, HistoryKind.RESOLVED);
  }

  @Test
  void givenSlowDisk_whenTooMuchWaits_thenTheRestIsDroppedAndCounted() {
    ArrayDeque<Runnable> later = new ArrayDeque<>();
    HistoryLog history = open(1L << 30, later::add);
    for (int i = 0; i < 20_010; i++) {
      history.append(entry(HistoryKind.NOTE, A));
    }
    assertThat(meters.counter("vigie.history.dropped").count()).isEqualTo(10);
    long syncs = files.syncs();
    later.remove().run();
    assertThat(files.syncs() - syncs).as("many entries share a sync").isLessThan(50);
    assertThat(history.of(A, 100_000)).hasSize(20_000);
  }

  /** What was told to be durable is there after a cut at any place, in order. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void givenPowerCutsAtRandom_whenReopened_thenWhatWasDurableIsThere(long seed) {
    Random random = new Random(seed);
    ForgetfulFiles disk = new ForgetfulFiles(seed);
    List<String> durable = new ArrayList<>();
    for (int life = 0; life < 20; life++) {
      disk.setFailingSyncs(0);
      disk.setFailingWrites(0);
      HistoryLog history =
          HistoryLog.open(
              FOLDER, Duration.ofDays(90), 1L << 30, disk, clock, clock, Runnable::run, meters);
      List<String> found = history.of(A, 100_000).stream().map(HistoryEntry::text).toList();
      assertThat(found).as("seed %d", seed).isEqualTo(durable);
      disk.setFailingSyncs(random.nextInt(3) == 0 ? 0.2 : 0);
      disk.setFailingWrites(random.nextInt(3) == 0 ? 0.2 : 0);
      for (int i = random.nextInt(60); i > 0; i--) {
        String text = life + "/" + i + "x".repeat(random.nextInt(3000));
        clock.advance(Duration.ofMillis(1));
        var done = history.append(entry(HistoryKind.NOTE, A).saying(text)).toCompletableFuture();
        if (!done.isCompletedExceptionally()) {
          durable.add(text);
        }
      }
      disk.powerCut(random.nextBoolean() ? Forget.ALL : Forget.SOME);
    }
  }
}
