package vigie.collector.store.event;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.event.Events;

/** A store with threads of its own. */
final class TestStore implements AutoCloseable {
  /** Segments small enough that some are dropped. */
  static final EventStoreOptions SMALL =
      new EventStoreOptions(
          Duration.ofDays(90), 1L << 30, 1 << 20, 64 << 10, 1 << 20, 128 << 10, 1L << 30);

  final LogEventStore store;
  final MeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService writer = Executors.newCachedThreadPool();
  private final ExecutorService filler = Executors.newSingleThreadExecutor();
  private final ThreadScheduler scheduler =
      new ThreadScheduler(Thread::new, Throwable::printStackTrace);

  TestStore(Path folder) {
    this(folder, SMALL, FileLayer.disk(), new ManualClock(Events.T0));
  }

  TestStore(Path folder, EventStoreOptions options, FileLayer files, Clock clock) {
    this(folder, options, files, clock, new CountDownLatch(0));
  }

  /** One that moves nothing into SQLite before {@code mayFill}. */
  TestStore(
      Path folder,
      EventStoreOptions options,
      FileLayer files,
      Clock clock,
      CountDownLatch mayFill) {
    hold(mayFill);
    store = LogEventStore.open(folder, options, files, clock, scheduler, writer, filler, meters);
  }

  /** One whose tasks are due as the clock is moved. */
  TestStore(Path folder, ManualClock clock) {
    store =
        LogEventStore.open(folder, SMALL, FileLayer.disk(), clock, clock, writer, filler, meters);
  }

  /** Moves nothing into SQLite from now on, before {@code mayFill}. */
  void hold(CountDownLatch mayFill) {
    filler.execute(
        () -> {
          try {
            mayFill.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Ends the threads without a word to the store, as a kill does. */
  void abandon() throws InterruptedException {
    scheduler.close();
    writer.shutdownNow();
    filler.shutdownNow();
    writer.awaitTermination(10, TimeUnit.SECONDS);
    filler.awaitTermination(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    store.close();
    scheduler.close();
    writer.shutdownNow();
    filler.shutdownNow();
  }
}
