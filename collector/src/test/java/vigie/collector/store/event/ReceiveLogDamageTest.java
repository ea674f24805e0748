package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.Events;

/**
 * The receive log of a collector that was killed before anything was in SQLite, with each of its
 * bytes changed: the undamaged events are told and found once, nothing else is, and receiving goes
 * on. (What a cut costs: base's SegmentDamageTest.)
 */
class ReceiveLogDamageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int EVENTS = 3;
  private static final Path LOG = Path.of("log", "00000000000000000001.seg");

  private static final SegmentOptions OPTIONS =
      new SegmentOptions("events", 2, 64 << 10, EventRecord.MOST_BYTES);

  @TempDir Path folder;
  private final ManualClock clock = new ManualClock(Events.T0);

  /** Reading it is tried with each byte; the whole store, with its SQLite, with some of them. */
  @Test
  void givenAnyByteChanged_whenReopened_thenOneEventIsLostAtMostAndNoneIsWrong() throws Exception {
    byte[] whole = written();
    for (int at = 0; at < whole.length; at++) {
      byte[] changed = whole.clone();
      changed[at] ^= (byte) (1 + at % 255);
      List<String> found = read(changed);
      assertThat(expected()).as("byte %d", at).containsAll(found);
      assertThat(found).as("byte %d", at).hasSizeGreaterThanOrEqualTo(EVENTS - 1);
      if (at % 16 == 0) {
        assertThat(opened(at, changed))
            .as("byte %d", at)
            .containsExactlyInAnyOrderElementsOf(found);
      }
    }
  }

  @Test
  void givenADamagedRecord_whenReopened_thenItIsCounted() throws Exception {
    byte[] changed = written();
    int at = new String(changed, StandardCharsets.ISO_8859_1).indexOf("event 2");
    changed[at] ^= 1;
    ForgetfulFiles files = new ForgetfulFiles(0);
    files.put(folder.resolve(LOG), changed);
    try (TestStore store = new TestStore(folder, TestStore.SMALL, files, clock)) {
      store.store.recover((event, late) -> {});
      await().atMost(PATIENCE).until(() -> Events.all(store.store).size() == EVENTS - 1);
      // Once, though it was met both by telling and by filling.
      assertThat(store.meters.get("vigie.event.log.damaged").functionCounter().count())
          .isEqualTo(1);
    }
  }

  private static List<String> expected() {
    return IntStream.rangeClosed(1, EVENTS).mapToObj(seq -> event(seq).text()).toList();
  }

  private List<String> read(byte[] bytes) throws IOException {
    ForgetfulFiles files = new ForgetfulFiles(0);
    files.put(folder.resolve(LOG), bytes);
    List<String> found = new ArrayList<>();
    try (SegmentLog log = SegmentLog.open(folder.resolve("log"), OPTIONS, files);
        SegmentReader reader = log.reader(1)) {
      while (reader.next()) {
        found.add(EventRecord.decode(reader.record()).event().text());
      }
    }
    return found;
  }

  private byte[] written() throws IOException {
    ForgetfulFiles files = new ForgetfulFiles(0);
    Path log = folder.resolve("log");
    try (SegmentLog segments = SegmentLog.open(log, OPTIONS, files)) {
      List<ByteBuffer> records = new ArrayList<>();
      for (int seq = 1; seq < EVENTS; seq++) {
        byte[] raw = ("raw " + seq).getBytes(StandardCharsets.UTF_8);
        records.add(new EventRecord(event(seq), raw).encode());
      }
      byte[] plain =
          "<13>1 2026-01-01T00:00:00Z p1 app - - - event 3".getBytes(StandardCharsets.UTF_8);
      ByteBuffer last = ByteBuffer.allocate(9 + plain.length).put((byte) 128);
      records.add(last.putLong(EventRecord.micros(Events.T0)).put(plain).flip());
      segments.append(records);
      segments.sync();
    }
    return files.get(folder.resolve(LOG));
  }

  private static Event event(int seq) {
    return Events.foreign("p1", "syslog", "event " + seq);
  }

  /** What is found of the events in a log with these bytes. */
  private List<String> opened(int at, byte[] bytes) throws IOException {
    Path here = Files.createDirectories(folder.resolve("case" + at));
    ForgetfulFiles files = new ForgetfulFiles(0);
    files.put(here.resolve(LOG), bytes);
    List<String> told = new ArrayList<>();
    try (TestStore store = new TestStore(here, TestStore.SMALL, files, clock)) {
      store.store.recover((event, late) -> told.add(event.text()));
      AtomicInteger durable = new AtomicInteger();
      store.store.append(
          Events.foreign("p2", "syslog", "next"), new byte[] {1}, durable::incrementAndGet);
      await().atMost(PATIENCE).until(() -> durable.get() == 1);
      List<String> found = new ArrayList<>();
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                found.clear();
                Events.all(store.store).forEach(stored -> found.add(stored.event().text()));
                return found.remove("next");
              });
      assertThat(found).as("byte %d", at).doesNotHaveDuplicates();
      assertThat(told).as("byte %d", at).containsExactlyInAnyOrderElementsOf(found);
      return found;
    }
  }
}
