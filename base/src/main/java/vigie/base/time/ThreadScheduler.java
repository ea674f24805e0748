package vigie.base.time;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A {@link Scheduler} on one thread that the given factory makes. Close it to end the thread. */
public final class ThreadScheduler implements Scheduler, AutoCloseable {
  private final ScheduledThreadPoolExecutor executor;
  private final Consumer<Throwable> onFailure;

  /**
   * @param threads makes the one thread
   * @param onFailure told of whatever a task throws; must not throw
   */
  public ThreadScheduler(ThreadFactory threads, Consumer<Throwable> onFailure) {
    this.executor = new ScheduledThreadPoolExecutor(1, threads);
    this.executor.setRemoveOnCancelPolicy(true);
    this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    this.onFailure = onFailure;
  }

  @Override
  public Task after(Duration delay, Runnable task) {
    try {
      ScheduledFuture<?> future =
          executor.schedule(
              () -> guarded(task), Math.max(0, delay.toNanos()), TimeUnit.NANOSECONDS);
      return () -> future.cancel(false);
    } catch (RejectedExecutionException closed) {
      return () -> {};
    }
  }

  @Override
  public Task every(Duration initial, Duration period, Runnable task) {
    if (period.isZero() || period.isNegative()) {
      throw new IllegalArgumentException("period must be positive: " + period);
    }
    Repeating repeating = new Repeating(period.toNanos(), task);
    repeating.next = System.nanoTime() + Math.max(0, initial.toNanos());
    repeating.schedule();
    return repeating;
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (Throwable failure) {
      onFailure.accept(failure);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }

  /**
   * Reschedules itself past missed turns; ScheduledThreadPoolExecutor alone would make them up in a
   * burst.
   */
  private final class Repeating implements Runnable, Task {
    private final long periodNanos;
    private final Runnable task;
    private final AtomicBoolean cancelled = new AtomicBoolean();
    private long next;

    Repeating(long periodNanos, Runnable task) {
      this.periodNanos = periodNanos;
      this.task = task;
    }

    void schedule() {
      try {
        executor.schedule(this, Math.max(0, next - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException closed) {
        cancelled.set(true);
      }
    }

    @Override
    public void run() {
      if (cancelled.get()) {
        return;
      }
      guarded(task);
      long late = System.nanoTime() - next;
      next += periodNanos * (1 + Math.max(0, late) / periodNanos);
      schedule();
    }

    @Override
    public void cancel() {
      cancelled.set(true);
    }
  }
}
