package vigie.collector.store.event;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;

/**
 * Runs on a small disk: fills it, sees that nothing is acknowledged, makes room, sees all of it.
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
    System.out.println("native=" + System.getProperty("org.sqlite.tmpdir") + " OK");
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
