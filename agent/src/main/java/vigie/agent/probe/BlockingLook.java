package vigie.agent.probe;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Looks at something that may block: a file server that is gone, a bus that does not answer. A run
 * is cut at its timeout, but its thread can't be: it stays with the look until that returns, and
 * until then no other is begun, so that a probe holds one thread at most for however long it hangs.
 */
final class BlockingLook {
  private static final Finding NO_THREAD = Finding.notRun("no thread was free to look in time");

  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor blocking;
  private final Duration timeout;
  private final Look look;
  private final Supplier<Finding> hanging;
  private final AtomicReference<@Nullable Run> holder = new AtomicReference<>();

  /** Looks once, on a thread that may block. */
  interface Look {
    /**
     * Finds out how it is.
     *
     * @param ended whether nobody waits for the answer any more; to be asked in long loops
     */
    Finding look(Told steps, BooleanSupplier ended);
  }

  /** Takes a step of a look, now. */
  interface Told {
    void step(String what);
  }

  /**
   * @param hanging what to tell of a look that has not returned in time
   */
  BlockingLook(ProbeTools tools, Duration timeout, Look look, Supplier<Finding> hanging) {
    this.clock = tools.clock();
    this.scheduler = tools.scheduler();
    this.blocking = tools.blocking();
    this.timeout = timeout;
    this.look = look;
    this.hanging = hanging;
  }

  /** As {@link Probe#run}. */
  void run(Consumer<ProbeResult> done, Probe.Steps steps) {
    new Run(done, steps).start();
  }

  /** Whether a look is under way that may never return. */
  boolean isHanging() {
    Run run = holder.get();
    return run != null && run.begun;
  }

  private final class Run implements Runnable {
    private final Consumer<ProbeResult> done;
    private final Probe.Steps steps;
    private final long start = clock.nanos();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean begun;
    private volatile Scheduler.@Nullable Task deadline;

    Run(Consumer<ProbeResult> done, Probe.Steps steps) {
      this.done = done;
      this.steps = steps;
    }

    void start() {
      while (!holder.compareAndSet(null, this)) {
        Run before = holder.get();
        if (before != null) {
          // One that still waits for a thread says nothing of what was to be looked at.
          end(before.begun ? hanging.get() : NO_THREAD);
          return;
        }
      }
      deadline = scheduler.after(timeout, this::timedOut);
      try {
        blocking.execute(this);
      } catch (RejectedExecutionException full) {
        holder.set(null);
        end(Finding.notRun("no thread is free to look: other probes hold all of them"));
      }
    }

    @Override
    public void run() {
      Finding finding = Finding.notRun("a fault of this agent; its log has it");
      try {
        if (ended.get()) {
          return;
        }
        begun = true;
        finding = look.look(what -> steps.step(elapsed(), what), ended::get);
      } finally {
        // First, so that whoever is told may run again at once.
        holder.set(null);
        end(finding);
      }
    }

    private void timedOut() {
      end(begun ? hanging.get() : NO_THREAD);
    }

    private void end(Finding finding) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      Scheduler.Task task = deadline;
      if (task != null) {
        task.cancel();
      }
      done.accept(finding.result(clock.now(), elapsed()));
    }

    private Duration elapsed() {
      return Duration.ofNanos(clock.nanos() - start);
    }
  }
}
