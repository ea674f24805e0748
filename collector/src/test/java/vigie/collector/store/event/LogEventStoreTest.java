package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.segment.FileLayer;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.EventIntake;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;
import vigie.collector.event.SpoolMarks;
import vigie.collector.event.StoredEvent;

class LogEventStoreTest {
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(Events.T0);
  private final List<String> told = new ArrayList<>();
  private TestStore opened;
  private SpoolMarks marks;

  @BeforeEach
  void open() {
    open(TestStore.SMALL, FileLayer.disk());
  }

  private void open(EventStoreOptions options, FileLayer files) {
    opened = new TestStore(folder, options, files, clock);
    marks = opened.store.recover((event, late) -> told.add(event.text()));
  }

  private void reopen() {
    opened.close();
    open();
  }

  @AfterEach
  void close() {
    opened.close();
  }

  @Test
  void givenACleanRestart_whenReopened_thenAllIsFoundAndKnownAndNothingIsToldAgain() {
    append(1, 3_000);
    reopen();
    assertThat(told).isEmpty();
    assertThat(texts()).hasSize(3_000).doesNotHaveDuplicates();
    assertThat(marks.verdict(event(3_000))).isEqualTo(SpoolMarks.Verdict.KNOWN);
    assertThat(marks.verdict(event(3_001))).isEqualTo(SpoolMarks.Verdict.FRESH);
    append(3_001, 3_001);
    assertThat(texts()).hasSize(3_001);
  }

  @Test
  void givenALogOfTheLayoutBefore_whenOpened_thenItsEventsAreThereAndNewOnesBehindThem()
      throws IOException {
    opened.close();
    folder = Files.createDirectories(folder.resolve("before"));
    SegmentOptions before = new SegmentOptions("events", 1, 64 << 10, EventRecord.MOST_BYTES);
    try (SegmentLog log = SegmentLog.open(folder.resolve("log"), before, FileLayer.disk())) {
      log.append(List.of(new EventRecord(event(1), new byte[] {1}).encode()));
    }
    open();
    assertThat(told).containsExactly("p1/s1/1");
    append(2, 3);
    assertThat(texts()).containsExactly("p1/s1/3", "p1/s1/2", "p1/s1/1");
    reopen();
    assertThat(texts()).containsExactly("p1/s1/3", "p1/s1/2", "p1/s1/1");
  }

  @Test
  void givenQuickDisk_whenEventsWereTaken_thenTheIntakeIsPrompt() {
    EventIntake intake = new EventIntake(opened.store, clock, opened.meters);
    assertThat(intake.isPrompt()).isFalse();
    append(1, 1);
    assertThat(intake.isPrompt()).isTrue();
  }

  @Test
  void givenMovedEvents_whenTheLogGrows_thenItsSegmentsAreDropped() {
    for (long seq = 1; seq < 3_000; seq += 100) {
      append(seq, seq + 99);
    }
    await().until(() -> texts().size() == 3_000);
    // All 3,000 take more than four segments.
    await()
        .untilAsserted(() -> assertThat(sizeOf(folder.resolve("log"))).isLessThan(3 * (64 << 10)));
  }

  @Test
  void givenAKill_whenReopened_thenWhatWasNotMovedIsToldAndFoundOnce() throws Exception {
    append(1, 100);
    assertThat(texts()).hasSize(100);
    append(101, 200);
    opened.abandon();
    // Without threads it can do no more than give back the lock.
    opened.store.close();
    open();
    assertThat(told).isSubsetOf(range(101, 200)).isSorted();
    assertThat(texts()).hasSize(200).doesNotHaveDuplicates();
  }

  @Test
  void givenEventsOnSeveralDays_whenSearched_thenTheFilesAreWalkedNewestFirst() {
    append(1, 10);
    clock.advance(Duration.ofDays(1));
    append(11, 20);
    clock.advance(Duration.ofDays(1));
    append(21, 30);
    assertThat(dayFiles()).containsExactly("2026-01-01.db", "2026-01-02.db", "2026-01-03.db");
    assertThat(texts()).isEqualTo(reversed(range(1, 30)));
    assertThat(search(query(Instant.MIN, Instant.MAX, 15, ""))).isEqualTo(reversed(range(16, 30)));
    StoredEvent old = opened.store.search(query(Instant.MIN, Instant.MAX, 1, "6")).events().get(0);
    assertThat(old.event().text()).isEqualTo("p1/s1/5");
    assertThat(opened.store.find(old.id())).contains(old);
  }

  @Test
  void givenHugeTexts_whenSearched_thenAPageEndsBeforeItTakesMuchMemory() {
    for (int i = 0; i < 100; i++) {
      Event event = Events.foreign("p1", "syslog", i + "x".repeat(100_000));
      opened.store.append(event, new byte[] {1}, () -> {});
    }
    await().until(() -> opened.store.find("100").isPresent());

    List<StoredEvent> all = new ArrayList<>();
    for (List<StoredEvent> page = page(""); !page.isEmpty(); page = page(last(all))) {
      assertThat(page).hasSizeBetween(2, 60);
      all.addAll(page);
    }
    assertThat(all).hasSize(100);
    assertThat(all.get(99).event().text()).startsWith("0x");
  }

  private List<StoredEvent> page(String before) {
    return opened
        .store
        .search(new EventQuery(Instant.EPOCH, Instant.MAX, List.of(), "", 10_000, before))
        .events();
  }

  private static String last(List<StoredEvent> events) {
    return events.get(events.size() - 1).id();
  }

  @Test
  void givenAClockSetBackADay_whenSearched_thenTheOrderOfReceiptHolds() {
    clock.advance(Duration.ofDays(1));
    append(1, 10);
    clock.step(Duration.ofDays(-1));
    append(11, 20);
    clock.step(Duration.ofDays(1));
    append(21, 30);
    assertThat(search(query(Instant.MIN, Instant.MAX, 15, ""))).isEqualTo(reversed(range(16, 30)));
    assertThat(texts()).isEqualTo(reversed(range(1, 30)));
  }

  @Test
  void givenDaysKeptLongEnough_whenTidied_thenTheirFilesGo() {
    append(1, 10);
    clock.advance(Duration.ofDays(89));
    append(11, 20);
    texts();
    reopen();
    assertThat(texts()).hasSize(20);
    clock.advance(Duration.ofDays(2));
    reopen();
    await().untilAsserted(() -> assertThat(dayFiles()).containsExactly("2026-03-31.db"));
    assertThat(texts()).isEqualTo(reversed(range(11, 20)));
  }

  @Test
  void givenAClockSetYearsAhead_whenTidied_thenNothingGoes() {
    opened.close();
    opened = new TestStore(folder, clock);
    opened.store.recover((event, late) -> {});
    append(1, 10);
    clock.advance(Duration.ofSeconds(1));
    clock.step(Duration.ofDays(3_650));
    clock.advance(Duration.ofHours(2));
    append(11, 11);
    assertThat(opened.store.search(query(Instant.MIN, Instant.MAX, 100, "")).events()).hasSize(11);
  }

  @Test
  void givenADamagedDay_whenReopened_thenItIsSetAsideAndTheOthersAreFound() throws IOException {
    append(1, 10);
    clock.advance(Duration.ofDays(1));
    append(11, 20);
    opened.close();
    damage(folder.resolve("2026-01-01.db"), 0);
    open();
    assertThat(texts()).isEqualTo(reversed(range(11, 20)));
    assertThat(opened.meters.counter("vigie.event.days.set.aside").count()).isEqualTo(1);
    assertThat(folder).isDirectoryContaining("glob:**2026-01-01.db.damaged-*");
  }

  @Test
  void givenTheNewestDayDamaged_whenReopened_thenTheLogGivesBackWhatItHolds() throws IOException {
    append(1, 10);
    opened.close();
    damage(folder.resolve("2026-01-01.db"), 0);
    open();
    assertThat(texts()).isEqualTo(reversed(range(1, 10)));
    assertThat(told).isEmpty();
  }

  @Test
  void givenPagesDamagedUnderUs_whenSearched_thenTheLogAndTheFileGiveBackWhatTheyHold()
      throws IOException {
    for (long seq = 1; seq <= 4_000; seq += 100) {
      append(seq, seq + 99);
    }
    texts();
    clock.advance(Duration.ofDays(1));
    append(4_001, 4_010);
    reopen();
    // Behind the first pages, which opening reads.
    damage(folder.resolve("2026-01-01.db"), 40_960);
    EventPage page = opened.store.search(query(Instant.MIN, Instant.MAX, 10_000, ""));
    assertThat(page.events()).extracting(e -> e.event().text()).containsAll(range(4_001, 4_010));
    assertThat(page.warnings()).singleElement().asString().contains("2026-01-01", "damaged");
    // Restored from the log, then from what can be read of the file.
    await()
        .untilAsserted(
            () ->
                assertThat(opened.store.search(query(Instant.MIN, Instant.MAX, 9, "")).warnings())
                    .singleElement()
                    .asString()
                    .contains("2026-01-01", ".damaged-", "receive log is back"));
    List<String> back = texts();
    assertThat(back).hasSizeBetween(3_000, 4_009).containsAll(range(3_500, 4_010));
    append(4_011, 4_011);
    assertThat(texts()).hasSize(back.size() + 1);
    reopen();
    assertThat(texts()).hasSize(back.size() + 1);
    assertThat(folder).isDirectoryNotContaining("glob:**.restore");
    assertThat(told).isEmpty();
  }

  @Test
  void givenARunOfTheFillerThatIsDue_whenASearchMeetsDamage_thenTheFileIsRestoredAfterThatRun()
      throws IOException {
    append(1, 10);
    clock.advance(Duration.ofDays(1));
    opened.close();
    opened = new TestStore(folder, clock);
    opened.store.recover((event, late) -> {});
    append(11, 11);
    EventQuery all = query(Instant.MIN, Instant.MAX, 100, "");
    assertThat(opened.store.search(all).events()).hasSize(11);
    damage(folder.resolve("2026-01-01.db"), 0);
    CountDownLatch mayFill = new CountDownLatch(1);
    opened.hold(mayFill);
    append(12, 12);
    clock.advance(Duration.ofSeconds(1));
    assertThat(opened.store.search(all).warnings())
        .anyMatch(warning -> warning.contains("damaged"));
    mayFill.countDown();
    await()
        .until(
            () -> {
              clock.advance(Duration.ofSeconds(1));
              return opened.store.search(all).events().size() == 12;
            });
  }

  @Test
  void givenMoreThanTheMostBytes_whenFilled_thenTheOldestPartsGo() {
    opened.close();
    open(
        new EventStoreOptions(
            Duration.ofDays(90), 1 << 20, 1 << 20, 64 << 10, 1 << 20, 128 << 10, 200 << 10),
        FileLayer.disk());
    for (long seq = 1; seq <= 8_000; seq += 200) {
      append(seq, seq + 199);
      texts();
    }
    assertThat(dayFiles()).hasSizeBetween(3, 9).doesNotContain("2026-01-01.db");
    List<String> left = texts();
    assertThat(left).isEqualTo(reversed(range(8_001 - left.size(), 8_000)));
    assertThat(opened.meters.get("vigie.event.store.bytes").gauge().value())
        .isLessThan(1.3 * (1 << 20));
    reopen();
    assertThat(texts()).isEqualTo(left);
  }

  @Test
  void givenEvents_whenThereIsTime_thenAllAreInTheFullTextIndex() {
    append(1, 12_000);
    settle();
    await().until(() -> opened.meters.get("vigie.event.index.lag").gauge().value() == 0);
    EventQuery rare = new EventQuery(Instant.MIN, Instant.MAX, List.of(), "s1 77", 9, "");
    assertThat(search(rare)).containsExactly("p1/s1/77");
  }

  @Test
  void givenADayOfANewerVersion_whenOpened_thenItIsRefusedByName() throws Exception {
    append(1, 1);
    opened.close();
    try (Connection db =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("2026-01-01.db"));
        Statement statement = db.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    assertThatThrownBy(this::open)
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContainingAll("2026-01-01.db", "version 99", "newer collector");
    Files.delete(folder.resolve("2026-01-01.db"));
    open();
  }

  @Test
  void givenTheFolderIsHeld_whenOpened_thenItSaysSo() {
    assertThatThrownBy(() -> new TestStore(folder, TestStore.SMALL, FileLayer.disk(), clock))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContainingAll(folder.toString(), "held by");
  }

  @Test
  void givenTheLogWasDeleted_whenReopened_thenNewEventsAreFoundBehindTheOld() throws IOException {
    append(1, 10);
    opened.close();
    deleteFolder(folder.resolve("log"));
    open();
    append(11, 20);
    assertThat(texts()).isEqualTo(reversed(range(1, 20)));
    reopen();
    append(21, 30);
    assertThat(texts()).isEqualTo(reversed(range(1, 30)));
    assertThat(told).isEmpty();
  }

  @Test
  void givenTheCheckpointIsDamagedOrGone_whenReopened_thenSqliteSaysWhatWasTaken()
      throws IOException {
    append(1, 10);
    opened.close();
    damage(folder.resolve("taken"), 20);
    open();
    assertThat(marks.verdict(event(10))).isEqualTo(SpoolMarks.Verdict.KNOWN);
    assertThat(marks.verdict(event(11))).isEqualTo(SpoolMarks.Verdict.FRESH);
    opened.close();
    Files.delete(folder.resolve("taken"));
    open();
    assertThat(marks.verdict(event(10))).isEqualTo(SpoolMarks.Verdict.KNOWN);
    assertThat(told).isEmpty();
    assertThat(texts()).hasSize(10);
  }

  @Test
  void givenAFullDisk_whenThereIsRoomAgain_thenAllIsTakenAndNothingWasAckedMeanwhile() {
    opened.close();
    ForgetfulFiles files = new ForgetfulFiles(1);
    open(TestStore.SMALL, files);
    append(1, 10);
    files.setSpaceBytes(0);
    AtomicInteger acked = new AtomicInteger();
    for (long seq = 11; seq <= 20; seq++) {
      // More than there are zeros ahead.
      opened.store.append(event(seq), new byte[66 << 10], acked::incrementAndGet);
    }
    await().until(() -> opened.meters.get("vigie.event.log.failures").counter().count() >= 2);
    assertThat(opened.meters.get("vigie.event.log.refusing").gauge().value()).isEqualTo(1);
    assertThat(acked).hasValue(0);
    files.setSpaceBytes(Long.MAX_VALUE);
    await().until(() -> acked.get() == 10);
    assertThat(opened.meters.get("vigie.event.log.refusing").gauge().value()).isZero();
    assertThat(texts()).isEqualTo(reversed(range(1, 20)));
  }

  @Test
  void givenAFullQueue_whenAppended_thenTheCallerWaitsAndCloseLetsItGo() throws Exception {
    opened.close();
    ForgetfulFiles files = new ForgetfulFiles(1);
    open(TestStore.SMALL, files);
    files.setSpaceBytes(0);
    List<RuntimeException> thrown = new ArrayList<>();
    Thread sender =
        new Thread(
            () -> {
              try {
                for (long seq = 1; seq < 100; seq++) {
                  opened.store.append(event(seq), new byte[64 << 10], () -> {});
                }
              } catch (RuntimeException e) {
                thrown.add(e);
              }
            });
    sender.start();
    await().until(() -> sender.getState() == Thread.State.WAITING);
    assertThat(opened.meters.get("vigie.event.queue.bytes").gauge().value())
        .isBetween(900_000.0, 1_048_576.0);
    opened.close();
    sender.join();
    assertThat(thrown).singleElement().asString().contains("closed");
    open();
  }

  @Test
  void givenAStorm_whenSearchedMeanwhile_thenEachAnswerIsWholeAndTheLastHasAll() {
    AtomicInteger acked = new AtomicInteger();
    for (long seq = 1; seq <= 9_000; seq++) {
      opened.store.append(event(seq), raw(seq), acked::incrementAndGet);
      if (seq % 2_000 == 0) {
        List<String> found =
            opened.store.search(query(Instant.MIN, Instant.MAX, 10_000, "")).events().stream()
                .map(stored -> stored.event().text())
                .toList();
        assertThat(found).isEqualTo(reversed(range(1, found.size())));
      }
    }
    await().until(() -> acked.get() == 9_000);
    await().until(() -> texts().size() == 9_000);
  }

  @Test
  void givenAnIntakeOnTop_whenRestartedWithReplays_thenEachEventIsThereOnce() {
    for (int life = 0; life < 3; life++) {
      opened.close();
      opened = new TestStore(folder, TestStore.SMALL, FileLayer.disk(), clock);
      EventIntake intake = new EventIntake(opened.store, clock, opened.meters);
      AtomicInteger acked = new AtomicInteger();
      intake.listen((event, late) -> told.add(event.text()));
      intake.start();
      for (long seq = 1; seq <= 100L * (life + 1); seq++) {
        intake.accept(event(seq), raw(seq), acked::incrementAndGet);
      }
      int all = 100 * (life + 1);
      await().until(() -> acked.get() == all);
    }
    await().until(() -> told.size() >= 300);
    assertThat(told).isEqualTo(range(1, 300));
    assertThat(texts()).isEqualTo(reversed(range(1, 300)));
  }

  private void append(long from, long to) {
    AtomicInteger acked = new AtomicInteger();
    for (long seq = from; seq <= to; seq++) {
      opened.store.append(event(seq), raw(seq), acked::incrementAndGet);
    }
    await().until(() -> acked.get() == to - from + 1);
  }

  /** On a busy machine a search may miss the newest for a moment. */
  private void settle() {
    await().until(() -> opened.meters.get("vigie.event.fill.lag").gauge().value() == 0);
  }

  private Event event(long seq) {
    return Events.at(Events.agent("p1", "s1", seq, "probe.up"), clock.now(), clock.now());
  }

  private static byte[] raw(long seq) {
    return ("raw " + seq).getBytes(StandardCharsets.UTF_8);
  }

  private static EventQuery query(Instant since, Instant until, int limit, String before) {
    return new EventQuery(since, until, List.of(), "", limit, before);
  }

  private List<String> texts() {
    return search(query(Instant.MIN, Instant.MAX, 10_000, ""));
  }

  private List<String> search(EventQuery query) {
    settle();
    return opened.store.search(query).events().stream()
        .map(stored -> stored.event().text())
        .toList();
  }

  private static List<String> range(long from, long to) {
    List<String> texts = new ArrayList<>();
    for (long seq = from; seq <= to; seq++) {
      texts.add("p1/s1/" + seq);
    }
    return texts;
  }

  private static List<String> reversed(List<String> list) {
    List<String> copy = new ArrayList<>(list);
    Collections.reverse(copy);
    return copy;
  }

  private List<String> dayFiles() {
    texts(); // moved by now
    return names(folder, "*.db");
  }

  private static List<String> names(Path in, String glob) {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(in, glob)) {
      found.forEach(path -> names.add(path.getFileName().toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    names.sort(null);
    return names;
  }

  private static long sizeOf(Path in) throws IOException {
    long size = 0;
    for (String name : names(in, "*")) {
      size += Files.size(in.resolve(name));
    }
    return size;
  }

  private static void damage(Path file, long offset) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      byte[] garbage = new byte[(int) Math.min(100_000, Math.max(1, channel.size() - offset))];
      Arrays.fill(garbage, (byte) 0x5a);
      channel.write(ByteBuffer.wrap(garbage), offset);
    }
  }

  private static void deleteFolder(Path in) throws IOException {
    for (String name : names(in, "*")) {
      Files.delete(in.resolve(name));
    }
    Files.delete(in);
  }
}
