package vigie.collector.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.Closeable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;

/** Queues on a disk that fails; nobody listens at their targets. */
class RemoteWritesTest {
  private static final Path FOLDER = Path.of("/remote");
  private static final long MOST_BYTES = 64 << 20;

  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final ManualClock clock = new ManualClock();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final RemoteWrites writes =
      new RemoteWrites(FOLDER, files, loops, thread, thread, clock, clock, meters);

  @AfterEach
  void stop() {
    writes.close();
    thread.shutdown();
    loops.close();
  }

  private static List<RemoteWriteTarget> targets(String... names) {
    StringBuilder yaml = new StringBuilder("remote_write:\n");
    for (String name : names) {
      yaml.append("- {url: 'http://127.0.0.1:1/' , name: " + name + "}\n");
    }
    return RemoteWriteTarget.readAll(
        Yaml.parse(Path.of("c.yaml"), yaml.toString(), Map.of(), new Faults()), Labels.EMPTY);
  }

  private void append(int samples) {
    for (int i = 0; i < samples; i++) {
      writes.appended(Labels.of("__name__", "a"), clock.millis() + i, i);
    }
    writes.write();
    writes.sync();
  }

  private double dropped(String reason) {
    return meters.get("vigie.remote.write.dropped").tag("reason", reason).counter().count();
  }

  @Test
  void givenDiskThatRefusesASync_whenSamplesAreGoneWithIt_thenTheyAreCounted() {
    writes.configure(targets("a"), MOST_BYTES);
    append(2);
    files.setFailingSyncs(1);
    append(3);
    assertThat(dropped("disk")).isEqualTo(3);
    files.setFailingSyncs(0);
    append(4);
    assertThat(dropped("disk")).isEqualTo(3);
  }

  @Test
  void givenFolderThatCannotBeOpened_whenConfiguredAgainLater_thenTheOthersWereLetGoOf()
      throws Exception {
    try (Closeable held = files.lock(FOLDER.resolve("b"))) {
      assertThatThrownBy(() -> writes.configure(targets("a", "b"), MOST_BYTES))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageStartingWith("remote_write b: ");
      assertThat(held).isNotNull();
    }
    writes.configure(targets("a", "b"), MOST_BYTES);
    append(1);
    assertThat(meters.find("vigie.remote.write.pending").gauges()).hasSize(2);
  }

  @Test
  void givenTargetTakenOut_whenItIsBackAtOnce_thenItsQueueIsOpenedOnceTheOldOneLetGo()
      throws Exception {
    writes.configure(targets("a", "b"), MOST_BYTES);
    append(3);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    thread.execute(() -> awaitQuietly(mayGoOn));
    writes.configure(targets("b"), MOST_BYTES);
    CompletableFuture<Void> back =
        CompletableFuture.runAsync(() -> writes.configure(targets("a", "b"), MOST_BYTES));
    mayGoOn.countDown();
    back.get(60, TimeUnit.SECONDS);
    assertThat(meters.find("vigie.remote.write.pending").gauges()).hasSize(2);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
