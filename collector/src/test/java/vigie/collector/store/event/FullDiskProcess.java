package vigie.collector.store.event;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;

/**
 * Runs on a small disk: fills it, sees that nothing is acknowledged, makes room, sees all of it;
 * then the same where what was acknowledged is not in SQLite yet, and where the store itself has
 * filled it.
 */
final class FullDiskProcess {
  private FullDiskProcess() {}

  public static void main(String[] args) throws IOException {
    Path disk = Path.of(args[0]);
    Path folder = disk.resolve("events");
    AtomicInteger acked = new AtomicInteger();
    try (TestStore opened = open(folder)) {
      opened.store.recover((event, late) -> {});
      append(opened, 1, 10, acked);
      Awaitility.await().until(() -> acked.get() == 10);
      Path ballast = disk.resolve("ballast");
      fill(ballast);
      append(opened, 11, 500, acked);
      Awaitility.await()
          .until(() -> opened.meters.get("vigie.event.log.failures").counter().count() >= 3);
      require(acked.get() == 10, "acknowledged on a full disk: " + acked);
      Files.delete(ballast);
      Awaitility.await().until(() -> acked.get() == 500);
      Awaitility.await().until(() -> count(opened) == 500);
    }
    try (TestStore opened = open(folder)) {
      opened.store.recover(
          (event, late) -> require(false, "told again after a clean end: " + event));
      require(count(opened) == 500, "not all is there after the restart");
    }
    sqliteMeetsTheFullDisk(disk, folder);
    retentionMakesRoom(disk, folder);
    System.out.println("native=" + System.getProperty("org.sqlite.tmpdir") + " OK");
  }

  private static void sqliteMeetsTheFullDisk(Path disk, Path folder) throws IOException {
    AtomicInteger acked = new AtomicInteger();
    CountDownLatch mayFill = new CountDownLatch(1);
    try (TestStore opened =
        new TestStore(folder, TestStore.SMALL, FileLayer.disk(), Clock.system(), mayFill)) {
      opened.store.recover((event, late) -> {});
      append(opened, 501, 1_000, acked);
      Awaitility.await().until(() -> acked.get() == 500);
      Path ballast = disk.resolve("ballast");
      fill(ballast);
      mayFill.countDown();
      Awaitility.await()
          .until(() -> opened.meters.get("vigie.event.fill.failures").counter().count() >= 3);
      Files.delete(ballast);
      Awaitility.await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> opened.meters.get("vigie.event.fill.lag").gauge().value() == 0);
      require(count(opened) == 1_000, "lost or double: " + count(opened));
    }
  }

  /** Opening needs room for SQLite's shared memory, which only deleting gives. */
  private static void retentionMakesRoom(Path disk, Path folder) throws IOException {
    Files.write(folder.resolve("2020-01-01.db"), new byte[2 << 20]);
    Path ballast = disk.resolve("ballast");
    fill(ballast);
    EventStoreOptions little =
        new EventStoreOptions(
            Duration.ofDays(90), 3 << 20, 1 << 20, 64 << 10, 1 << 20, 128 << 10, 1L << 30);
    AtomicInteger acked = new AtomicInteger();
    try (TestStore opened = new TestStore(folder, little, FileLayer.disk(), Clock.system())) {
      opened.store.recover((event, late) -> {});
      require(Files.notExists(folder.resolve("2020-01-01.db")), "the oldest file was kept");
      require(count(opened) == 1_000, "not all is there on the full disk");
      Files.delete(ballast);
      append(opened, 1_001, 1_010, acked);
      Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> acked.get() == 10);
      Awaitility.await().until(() -> count(opened) == 1_010);
    }
  }

  private static TestStore open(Path folder) {
    return new TestStore(folder, TestStore.SMALL, FileLayer.disk(), Clock.system());
  }

  private static void append(TestStore to, int from, int last, AtomicInteger acked) {
    for (int seq = from; seq <= last; seq++) {
      to.store.append(
          Events.at(
              Events.agent("p1", "s1", seq, "probe.up"),
              Clock.system().now(),
              Clock.system().now()),
          new byte[1_000],
          acked::incrementAndGet);
    }
  }

  private static void fill(Path ballast) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      require(String.valueOf(full.getMessage()).contains("space"), full.toString());
    }
  }

  private static int count(TestStore in) {
    return in.store
        .search(new EventQuery(Instant.MIN, Instant.MAX, List.of(), "", 10_000, ""))
        .events()
        .size();
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
