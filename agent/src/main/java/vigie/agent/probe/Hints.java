package vigie.agent.probe;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Scheduler;

/**
 * Asks probes for their hints on threads that may block, each for a moment only: an event must not
 * wait for a file server that is gone, nor be lost for a hint that fails. Safe for all threads.
 */
final class Hints {
  private static final Logger log = LoggerFactory.getLogger(Hints.class);
  private static final Duration LONGEST = Duration.ofSeconds(3);

  private final Executor blocking;
  private final Scheduler scheduler;

  Hints(Executor blocking, Scheduler scheduler) {
    this.blocking = blocking;
    this.scheduler = scheduler;
  }

  /** The hint, or empty where there is none in time; never fails. */
  CompletableFuture<String> of(String name, Probe probe) {
    CompletableFuture<String> found = new CompletableFuture<>();
    Scheduler.Task limit = scheduler.after(LONGEST, () -> found.complete(""));
    try {
      blocking.execute(
          () -> {
            try {
              found.complete(probe.hint());
            } catch (RuntimeException e) {
              log.error("no hint for a probe, a fault of the agent probe={}", name, e);
            } finally {
              found.complete("");
              limit.cancel();
            }
          });
    } catch (RejectedExecutionException full) {
      found.complete("");
      limit.cancel();
    }
    return found;
  }
}
