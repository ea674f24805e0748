package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.time.Clock;

/** Who writes: the writer's thread, or an appender's own. */
class ReceiveLogTest {
  private static final int QUEUE = 1 << 18;

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ConcurrentLinkedQueue<String> done = new ConcurrentLinkedQueue<>();
  private volatile ReceiveLog.Room room = bytes -> {};
  private volatile long tickNanos;
  private final AtomicLong nanos = new AtomicLong();

  /** Goes on by a tick whenever it is looked at. */
  private final Clock clock =
      new Clock() {
        @Override
        public Instant now() {
          return Instant.EPOCH.plusNanos(nanos());
        }

        @Override
        public long nanos() {
          return nanos.addAndGet(tickNanos);
        }
      };

  private SegmentLog segments;
  private ReceiveLog log;

  @BeforeEach
  void open() throws IOException {
    segments =
        SegmentLog.open(
            folder, new SegmentOptions("events", 1, 1 << 20, 1 << 20), FileLayer.disk());
    log = newLog();
    log.start(threads);
  }

  private ReceiveLog newLog() {
    return new ReceiveLog(
        segments,
        bytes -> room.require(bytes),
        QUEUE,
        next -> {},
        clock,
        new SimpleMeterRegistry());
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    threads.shutdownNow();
    segments.close();
  }

  private static List<ByteBuffer> record(int bytes) {
    return List.of(ByteBuffer.wrap(new byte[bytes]));
  }

  private Runnable noting(String what) {
    return () -> done.add(what + " " + segments.syncedNext());
  }

  @Test
  void givenNobodyWrites_whenFlushed_thenTheAppenderItselfSyncsAndCallsBack() {
    Thread[] by = new Thread[1];
    log.appendUnflushed(record(10), () -> by[0] = Thread.currentThread());

    log.flush();

    assertThat(by[0]).isSameAs(Thread.currentThread());
    assertThat(segments.syncedNext()).isEqualTo(2);
  }

  @Test
  void givenAnotherWrites_whenFlushed_thenThatOneSeesToItInOrder() throws Exception {
    CountDownLatch written = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    log.append(
        record(10),
        () -> {
          done.add("first " + segments.syncedNext());
          written.countDown();
          awaitQuietly(mayGoOn);
        });
    written.await();
    log.appendUnflushed(record(10), noting("second"));

    log.flush();

    assertThat(done).containsExactly("first 2");
    mayGoOn.countDown();
    await().until(() -> done.size() == 2);
    assertThat(done).containsExactly("first 2", "second 3");
  }

  @Test
  void givenMoreComesWhileAnAppenderWrites_whenItEnds_thenTheWriterGoesOn() {
    log.appendUnflushed(
        record(10),
        () -> {
          done.add("first " + segments.syncedNext());
          log.append(record(10), noting("second"));
        });

    log.flush();

    await().until(() -> done.size() == 2);
    assertThat(done).containsExactly("first 2", "second 3");
  }

  @Test
  @Timeout(60)
  void givenDiskThatRefuses_whenFlushed_thenTheWriterTriesAgainAndTheAppenderDoesNotWait() {
    room =
        bytes -> {
          throw new IOException("no room");
        };
    log.appendUnflushed(record(10), noting("first"));

    log.flush();

    log.append(record(10), noting("second"));
    assertThat(done).isEmpty();
    room = bytes -> {};
    await().until(() -> done.size() == 2);
    assertThat(done.peek()).startsWith("first");
    assertThat(segments.syncedNext()).isEqualTo(3);
  }

  @Test
  @Timeout(60)
  void givenDiskThatSyncsSlowlyOrRefuses_whenAsked_thenItIsNotPrompt() {
    assertThat(log.isPrompt()).as("before its first sync").isFalse();
    flushed();
    assertThat(log.isPrompt()).isTrue();

    tickNanos = Duration.ofMillis(20).toNanos();
    flushed();
    assertThat(log.isPrompt()).as("slow").isFalse();

    tickNanos = 0;
    flushed();
    assertThat(log.isPrompt()).isTrue();

    room =
        bytes -> {
          throw new IOException("no room");
        };
    tickNanos = Duration.ofSeconds(1).toNanos(); // it is not asked for room more often
    log.appendUnflushed(record(10), () -> {});
    log.flush();
    assertThat(log.isPrompt()).as("refusing").isFalse();
  }

  private void flushed() {
    CountDownLatch durable = new CountDownLatch(1);
    log.appendUnflushed(record(10), durable::countDown);
    log.flush();
    awaitQuietly(durable); // the writer may have been quicker, at its start
  }

  @Test
  @Timeout(60)
  void givenAppenderThatWrites_whenTheWriterBegins_thenItWaits() throws Exception {
    CountDownLatch written = new CountDownLatch(1);
    CountDownLatch mayGoOn = new CountDownLatch(1);
    try (ReceiveLog late = newLog()) {
      threads.execute(
          () -> {
            late.appendUnflushed(
                record(10),
                () -> {
                  written.countDown();
                  awaitQuietly(mayGoOn);
                  done.add("first");
                });
            late.flush();
          });
      written.await();
      late.append(record(10), () -> done.add("second"));

      late.start(threads);

      await().during(Duration.ofMillis(200)).until(done::isEmpty);
      mayGoOn.countDown();
      await().until(() -> done.size() == 2);
      assertThat(done).containsExactly("first", "second");
    }
  }

  @Test
  void givenCallbackThatEndsInAnError_whenFlushed_thenItsRecordIsNotWrittenAgain() {
    log.appendUnflushed(
        record(10),
        () -> {
          throw new StackOverflowError();
        });
    log.flush();
    log.append(record(10), noting("second"));

    await().until(() -> done.size() == 1);
    assertThat(done).containsExactly("second 3");
  }

  @Test
  @Timeout(60)
  void givenMoreThanTheQueueTakes_whenAppendedUnflushed_thenTheAppenderDoesNotWaitForItself() {
    log.appendUnflushed(record(QUEUE - 10), noting("first"));
    log.appendUnflushed(record(20), noting("second"));
    log.flush();

    await().until(() -> done.size() == 2);
    assertThat(done).containsExactly("first 2", "second 3");
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
