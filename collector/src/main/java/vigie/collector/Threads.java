package vigie.collector;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes every thread of the collector: named for its job, its failures logged and counted. */
final class Threads {
  private static final Logger log = LoggerFactory.getLogger(Threads.class);
  private final Counter failures;
  private volatile boolean stopping;

  Threads(MeterRegistry meters) {
    this.failures =
        Counter.builder("vigie.thread.failures")
            .description("Tasks that ended in an exception nobody caught.")
            .register(meters);
  }

  /** Names {@code vigie-JOB}, or {@code vigie-JOB-1} and so on. */
  ThreadFactory factory(String job, boolean several) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread =
          new Thread(task, "vigie-" + job + (several ? "-" + number.incrementAndGet() : ""));
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((t, e) -> failed(e));
      return thread;
    };
  }

  /** From now on pools end one after the other: that one takes no more work is no failure. */
  void stopping() {
    stopping = true;
  }

  /** Logs and counts what a task threw. */
  void failed(Throwable failure) {
    if (stopping && failure instanceof RejectedExecutionException) {
      return;
    }
    failures.increment();
    log.error("task failed thread={}", Thread.currentThread().getName(), failure);
  }

  /**
   * A pool that ends when closed, after what is under way.
   *
   * @param queue tasks that may wait; 0 for no bound, where whoever hands in bounds what is under
   *     way
   */
  Pool pool(String job, int threads, int queue) {
    return new Pool(
        threads,
        queue == 0 ? new LinkedBlockingQueue<>() : new ArrayBlockingQueue<>(queue),
        factory(job, threads > 1));
  }

  /** An executor that can be closed. */
  static final class Pool extends ThreadPoolExecutor implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 5;

    Pool(int threads, BlockingQueue<Runnable> queue, ThreadFactory factory) {
      super(threads, threads, 30, TimeUnit.SECONDS, queue, factory);
      allowCoreThreadTimeOut(true);
    }

    @Override
    public void close() throws InterruptedException {
      shutdown();
      if (!awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        shutdownNow();
      }
    }
  }
}
