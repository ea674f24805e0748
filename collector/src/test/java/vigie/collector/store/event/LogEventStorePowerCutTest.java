package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.event.EventIntake;
import vigie.collector.event.Events;

/**
 * The receive log and the checkpoint on files that forget what was not synced, SQLite on the real
 * disk: what was acknowledged is there after each power cut, and nothing twice.
 */
class LogEventStorePowerCutTest {
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(Events.T0);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givenPowerCutsAtAnyMoment_whenReopened_thenAllThatWasAckedIsThereOnce(long seed)
      throws Exception {
    Random random = new Random(seed);
    ForgetfulFiles files = new ForgetfulFiles(seed);
    Set<Long> acked = ConcurrentHashMap.newKeySet();
    Set<String> told = ConcurrentHashMap.newKeySet();
    for (int life = 0; life < 12; life++) {
      files.setFailingSyncs(life % 3 == 0 ? 0.05 : 0);
      files.setFailingWrites(life % 4 == 0 ? 0.05 : 0);
      TestStore opened = open(files);
      EventIntake intake = new EventIntake(opened.store, clock, opened.meters);
      intake.listen((event, late) -> told.add(event.text()));
      intake.start();
      // As an agent: from the oldest that it has no answer for.
      long oldest = 1;
      while (acked.contains(oldest)) {
        oldest++;
      }
      int count = 200 + random.nextInt(800);
      AtomicInteger answered = new AtomicInteger();
      for (long seq = oldest; seq < oldest + count; seq++) {
        long number = seq;
        byte[] raw = new byte[random.nextInt(2_000)];
        intake.accept(
            Events.agent("p1", "s1", seq, "probe.up"),
            raw,
            () -> {
              acked.add(number);
              answered.incrementAndGet();
            });
      }
      int enough = random.nextInt(count);
      Awaitility.await().until(() -> answered.get() >= enough);
      files.powerCut(random.nextBoolean() ? ForgetfulFiles.Forget.SOME : ForgetfulFiles.Forget.ALL);
      opened.abandon();
    }
    files.setFailingSyncs(0);
    files.setFailingWrites(0);
    TestStore last = open(files);
    EventIntake intake = new EventIntake(last.store, clock, last.meters);
    intake.listen((event, late) -> told.add(event.text()));
    intake.start();
    List<String> found =
        Events.all(last.store).stream().map(stored -> stored.event().text()).toList();
    Set<String> expected = new HashSet<>();
    acked.forEach(seq -> expected.add("p1/s1/" + seq));
    assertThat(found).as("seed %d", seed).doesNotHaveDuplicates().containsAll(expected);
    assertThat(told).as("seed %d", seed).containsAll(expected);
    last.close();
  }

  private TestStore open(ForgetfulFiles files) {
    while (true) {
      try {
        return new TestStore(folder, TestStore.SMALL, files, clock);
      } catch (UncheckedIOException e) {
        // The disk that fails now and then may fail the opening, too.
        assertThat(e).hasMessageContaining("/");
      }
    }
  }
}
