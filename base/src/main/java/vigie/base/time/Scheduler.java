package vigie.base.time;

import java.time.Duration;

/**
 * Runs tasks later, on one thread, in the order of their time. A task must not block: work that
 * waits goes to an executor of its own. A task that throws is logged and counted and does not stop
 * the others, nor its own repetition.
 */
public interface Scheduler {
  /**
   * Runs {@code task} once after {@code delay}; a zero or negative delay means as soon as possible.
   */
  Task after(Duration delay, Runnable task);

  /**
   * Runs {@code task} first after {@code initial} and then at every multiple of {@code period} from
   * there, measured on the monotonic clock. Runs that were missed (the machine slept, a task took
   * too long) are skipped, never made up.
   */
  Task every(Duration initial, Duration period, Runnable task);

  /** A scheduled task. */
  interface Task {
    /**
     * Makes sure that no run begins after this returns, except one that is under way. Idempotent.
     */
    void cancel();
  }
}
