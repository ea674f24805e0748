package vigie.agent;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the agent's threads: daemons named for their job, whose failures are logged and counted.
 * Every pool has a bound; where it is full it throws {@code RejectedExecutionException}.
 */
final class Threads {
  private static final Logger log = LoggerFactory.getLogger(Threads.class);
  private static final int IDLE_SECONDS = 30;
  private static final int CLOSE_SECONDS = 1;
  private final Counter failures;

  Threads(MeterRegistry meters) {
    failures =
        Counter.builder("vigie.threads.failures")
            .description("Tasks that ended by an error nobody caught; each is in the log.")
            .register(meters);
  }

  /** A pool that can be closed: it takes nothing more and has a second to end what it has. */
  static final class Pool extends ThreadPoolExecutor implements AutoCloseable {
    Pool(int most, BlockingQueue<Runnable> queue, ThreadFactory factory) {
      super(most, most, IDLE_SECONDS, TimeUnit.SECONDS, queue, factory);
      allowCoreThreadTimeOut(true);
    }

    Pool(int most, ThreadFactory factory) {
      super(0, most, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
    }

    @Override
    public void close() {
      shutdown();
      try {
        if (!awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          shutdownNow();
        }
      } catch (InterruptedException e) {
        shutdownNow();
        Thread.currentThread().interrupt();
      }
    }
  }

  /** One thread that does all in order, however much waits. */
  Pool single(String job) {
    return new Pool(1, new LinkedBlockingQueue<>(), named(job));
  }

  /** At most {@code most} threads; {@code waiting} further tasks may wait. */
  Pool bounded(String job, int most, int waiting) {
    return new Pool(most, new ArrayBlockingQueue<>(waiting), named(job));
  }

  /** At most {@code most} threads, and nothing waits. */
  Pool direct(String job, int most) {
    return new Pool(most, named(job));
  }

  /** Threads called {@code vigie-JOB}, numbered from the second on. */
  ThreadFactory named(String job) {
    AtomicInteger made = new AtomicInteger();
    return task -> {
      int number = made.incrementAndGet();
      Thread thread = new Thread(task, "vigie-" + job + (number == 1 ? "" : "-" + number));
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler((where, failure) -> failed(where.getName(), failure));
      return thread;
    };
  }

  /** Logs and counts what nobody caught. */
  void failed(String where, Throwable failure) {
    failures.increment();
    log.error("task failed thread={}", where, failure);
  }
}
