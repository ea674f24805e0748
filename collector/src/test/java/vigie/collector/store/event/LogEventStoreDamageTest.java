package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.FileLayer;
import vigie.base.time.ManualClock;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;

/**
 * A file of events changed or cut at random: the store opens, the other days are whole, what comes
 * is taken, and nothing is found twice. (What a flipped bit makes of a text nobody can see: SQLite
 * keeps no checksums.)
 */
class LogEventStoreDamageTest {
  private static final int EACH = 1_500;

  /** The log keeps all of both days, wherever its segments end. */
  private static final EventStoreOptions OPTIONS =
      new EventStoreOptions(
          Duration.ofDays(90), 1L << 30, 1 << 20, 64 << 10, 1 << 20, 4 << 20, 1L << 30);

  /** One in so many bytes of a header is flipped; another one in each run. */
  private static final int APART = Integer.getInteger("damage.apart", 5);

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(Events.T0);

  /** 3; {@code -Ddamage.seeds=10} for more. */
  private static LongStream seeds() {
    return LongStream.rangeClosed(1, Long.getLong("damage.seeds", 3));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givenADayDamagedAtRandom_whenOpenedAndSearched_thenTheRestGoesOn(long seed)
      throws Exception {
    Random random = new Random(seed);
    fill();
    damage(random, folder.resolve("2026-01-01.db"));
    try (TestStore opened = open()) {
      Set<String> found = texts(opened);
      assertThat(found).as("seed %d", seed).contains("x p1/" + EACH, "x p1/" + (2 * EACH - 1));
      append(opened, 2 * EACH, 2 * EACH + 10);
      for (String words : List.of("x", "p1 7", "x -p1", "zzz", "p1 1*")) {
        opened.store.search(query(words, ""));
      }
      await()
          .untilAsserted(
              () ->
                  assertThat(texts(opened))
                      .as("seed %d", seed)
                      .contains("x p1/" + EACH, "x p1/" + (2 * EACH + 10)));
    }
    try (TestStore again = open()) {
      assertThat(texts(again)).as("seed %d", seed).contains("x p1/" + (2 * EACH + 10));
    }
  }

  /** Without its log, all comes out of the damaged file. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE event_text_data SET block = randomblob(length(block)) WHERE id > 10",
        "UPDATE event_text_data SET block = randomblob(length(block)) WHERE id <= 10",
        // The list of segments says that it has room for 2,147,483,647: SQLite's memory ends there.
        "UPDATE event_text_data SET block = x'000000000101000087ffffff7f' WHERE id = 10",
        "DELETE FROM event_text_data WHERE id > 10",
        "page event_text_data",
        "page event_text_idx",
      })
  void givenDamagedFullTextPages_whenSearched_thenAllEventsAreKeptAndIndexedAnew(String how)
      throws Exception {
    fill();
    deleteLog();
    Path file = folder.resolve("2026-01-01.db");
    if (how.startsWith("page ")) {
      garble(file, 8_192 * (rootPage(file, how.substring(5)) - 1), 8_192);
    } else {
      try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + file);
          Statement statement = db.createStatement()) {
        statement.execute(how);
      }
    }
    try (TestStore opened = open()) {
      opened.store.search(query("p1 77", ""));
      opened.store.search(query("no such words", ""));
      await()
          .untilAsserted(
              () -> {
                assertThat(texts(opened)).hasSize(2 * EACH);
                assertThat(opened.meters.get("vigie.event.days.set.aside").counter().count())
                    .isEqualTo(1);
                assertThat(aside()).isEmpty();
              });
      awaitIndexed(opened);
      EventPage page = opened.store.search(query("x p1 77", ""));
      assertThat(page.events()).hasSize(1);
      assertThat(page.warnings()).isEmpty();
    }
  }

  @Test
  void givenADamagedPageOfEvents_whenSearched_thenAllOthersAreReadFromTheFile() throws Exception {
    fill();
    deleteLog();
    Path file = folder.resolve("2026-01-01.db");
    garble(file, pageWith(file, "x p1/700"), 8_192);
    try (TestStore opened = open()) {
      await()
          .untilAsserted(
              () -> assertThat(texts(opened)).hasSizeBetween(2 * EACH - 200, 2 * EACH - 1));
      assertThat(texts(opened)).contains("x p1/0", "x p1/" + (EACH - 1));
      assertThat(opened.meters.get("vigie.event.days.set.aside").counter().count()).isEqualTo(1);
      assertThat(aside()).hasSize(1);
      assertThat(opened.store.search(query("x", "")).warnings()).hasSize(1);
    }
  }

  /** With its log, nothing is missing whatever becomes of the newest file. */
  @ParameterizedTest
  @ValueSource(strings = {"empty", "short", "half", "garbage", "wal", "shm", "page", "gone"})
  void givenADamagedFile_whenTheLogReachesIt_thenAllIsBack(String how) throws Exception {
    fill();
    Path file = folder.resolve("2026-01-02.db");
    long size = Files.size(file);
    switch (how) {
      case "empty" -> cut(file, 0);
      case "short" -> cut(file, 50);
      case "half" -> cut(file, size / 2 + 77);
      case "garbage" -> garble(file, 0, (int) size);
      case "wal" -> garble(folder.resolve("2026-01-02.db-wal"), 0, 100_000);
      case "shm" -> garble(folder.resolve("2026-01-02.db-shm"), 0, 32_768);
      case "page" -> garble(file, pageWith(file, "x p1/" + (EACH + 700)), 8_192);
      default -> Files.delete(file);
    }
    try (TestStore opened = open()) {
      await()
          .untilAsserted(
              () ->
                  assertThat(texts(opened))
                      .hasSize(2 * EACH)
                      .contains("x p1/0", "x p1/" + EACH, "x p1/" + (2 * EACH - 1)));
      boolean isBeside = how.equals("wal") || how.equals("shm") || how.equals("gone");
      assertThat(opened.meters.get("vigie.event.days.set.aside").counter().count())
          .isEqualTo(isBeside ? 0 : 1);
    }
  }

  @Test
  void givenAnyByteOfTheHeaderFlipped_whenOpened_thenTheRestGoesOn() throws Exception {
    fill(100);
    Path file = folder.resolve("2026-01-01.db");
    Path kept = Files.createDirectory(folder.resolveSibling(folder.getFileName() + "-kept"));
    EventBackup.copy(folder, kept, name -> {});
    for (int at = new Random().nextInt(APART); at < 100; at += APART) {
      byte[] flipped = Files.readAllBytes(file);
      flipped[at] ^= (byte) (at % 2 == 0 ? 0xff : 0x01);
      Files.write(file, flipped);
      try (TestStore opened = open()) {
        opened.store.search(query("x p1 7", ""));
        String where = "byte " + at;
        await(where).untilAsserted(() -> assertThat(texts(opened)).hasSize(200));
      } catch (UncheckedIOException e) {
        // user_version, of which a small one may be a newer collector's
        assertThat(at).as(e.getMessage()).isEqualTo(63);
        assertThat(e).hasMessageContainingAll("newer collector", "move it away");
      }
      restore(kept);
    }
  }

  private void restore(Path kept) throws IOException {
    deleteAll(folder);
    EventBackup.copy(kept, folder, name -> {});
  }

  private static void deleteAll(Path in) throws IOException {
    try (Stream<Path> found = Files.walk(in)) {
      for (Path path : found.sorted(Comparator.reverseOrder()).toList()) {
        if (!path.equals(in)) {
          Files.delete(path);
        }
      }
    }
  }

  private void deleteLog() throws IOException {
    deleteAll(folder.resolve("log"));
  }

  private List<Path> aside() throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      return found.filter(path -> path.toString().matches(".*\\.damaged-[0-9]+")).toList();
    }
  }

  private static void cut(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  private static void garble(Path file, long at, int length) throws IOException {
    byte[] garbage = new byte[length];
    new Random(at).nextBytes(garbage);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      channel.write(ByteBuffer.wrap(garbage), at);
    }
  }

  private static long rootPage(Path file, String table) throws Exception {
    try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = db.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Where the page of events with this text begins. */
  private static long pageWith(Path file, String text) throws IOException {
    String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
    int at = bytes.indexOf(text);
    assertThat(at).isPositive();
    return at / 8_192 * 8_192L;
  }

  private void fill() {
    fill(EACH);
  }

  private void fill(int each) {
    try (TestStore opened = open()) {
      append(opened, 0, each - 1);
      awaitIndexed(opened);
      clock.advance(Duration.ofDays(1));
      append(opened, each, 2 * each - 1);
      awaitIndexed(opened);
    }
  }

  private static void awaitIndexed(TestStore opened) {
    await().until(() -> opened.meters.get("vigie.event.fill.lag").gauge().value() == 0);
    await().until(() -> opened.meters.get("vigie.event.index.lag").gauge().value() == 0);
  }

  private TestStore open() {
    TestStore opened = new TestStore(folder, OPTIONS, FileLayer.disk(), clock);
    opened.store.recover((event, late) -> {});
    return opened;
  }

  private void append(TestStore to, int from, int last) {
    AtomicInteger acked = new AtomicInteger();
    for (int i = from; i <= last; i++) {
      to.store.append(
          Events.at(Events.foreign("p1", "syslog", "x p1/" + i), clock.now(), clock.now()),
          new byte[] {1},
          acked::incrementAndGet);
    }
    await().until(() -> acked.get() == last - from + 1);
  }

  /** Some pages, behind the header, whose version nobody could tell from a newer one. */
  private static void damage(Random random, Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long size = channel.size();
      if (random.nextInt(3) == 0) {
        channel.truncate(100 + (long) (random.nextDouble() * (size - 100)));
        return;
      }
      for (int i = 0; i < 1 + random.nextInt(20); i++) {
        byte[] garbage = new byte[1 + random.nextInt(600)];
        random.nextBytes(garbage);
        long at = 100 + (long) (random.nextDouble() * (size - 1_000));
        channel.write(ByteBuffer.wrap(garbage), at);
      }
    }
  }

  private static Set<String> texts(TestStore in) {
    await().until(() -> in.meters.get("vigie.event.fill.lag").gauge().value() == 0);
    Set<String> ids = new HashSet<>();
    Set<String> texts = new HashSet<>();
    Events.all(in.store)
        .forEach(
            stored -> {
              assertThat(ids.add(stored.id())).as("twice: %s", stored.id()).isTrue();
              texts.add(stored.event().text());
            });
    return texts;
  }

  private static EventQuery query(String words, String before) {
    return new EventQuery(Instant.MIN, Instant.MAX, List.of(), words, 100, before);
  }
}
