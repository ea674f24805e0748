package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.FileLayer;
import vigie.base.time.ManualClock;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;

/**
 * A file of events changed or cut at random: the store opens, the other days are whole, what comes
 * is taken, and nothing is found twice. (What a flipped bit makes of a text nobody can see: SQLite
 * keeps no checksums.)
 */
class LogEventStoreDamageTest {
  private static final int EACH = 1_500;
  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(Events.T0);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
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

  private void fill() {
    try (TestStore opened = open()) {
      append(opened, 0, EACH - 1);
      awaitIndexed(opened);
      clock.advance(Duration.ofDays(1));
      append(opened, EACH, 2 * EACH - 1);
      awaitIndexed(opened);
    }
  }

  private static void awaitIndexed(TestStore opened) {
    await().until(() -> opened.meters.get("vigie.event.fill.lag").gauge().value() == 0);
    await().until(() -> opened.meters.get("vigie.event.index.lag").gauge().value() == 0);
  }

  private TestStore open() {
    TestStore opened = new TestStore(folder, TestStore.SMALL, FileLayer.disk(), clock);
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
