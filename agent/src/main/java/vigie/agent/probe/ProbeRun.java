package vigie.agent.probe;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * One run on its way to its one result: its clock, its time limit, and what to let go of in the
 * end. Safe for all threads; the first result counts.
 */
final class ProbeRun {
  private final Clock clock;
  private final Probe.Steps steps;
  private final Consumer<ProbeResult> done;
  private final long start;
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile Scheduler.@Nullable Task deadline;
  private volatile @Nullable Runnable release;

  ProbeRun(Clock clock, Consumer<ProbeResult> done, Probe.Steps steps) {
    this.clock = clock;
    this.done = done;
    this.steps = steps;
    this.start = clock.nanos();
  }

  /** Has {@code late} called after the time limit, unless the run has ended by then. */
  void limit(Scheduler scheduler, Duration timeout, Runnable late) {
    Scheduler.Task task =
        scheduler.after(
            timeout,
            () -> {
              if (!ended.get()) {
                late.run();
              }
            });
    deadline = task;
    if (ended.get()) {
      task.cancel();
    }
  }

  /** What to do once when the run has ended, such as closing its socket; the last one counts. */
  void release(Runnable onEnd) {
    release = onEnd;
    if (ended.get()) {
      onEnd.run();
    }
  }

  boolean hasEnded() {
    return ended.get();
  }

  Duration elapsed() {
    return Duration.ofNanos(clock.nanos() - start);
  }

  void step(String what) {
    if (!ended.get()) {
      steps.step(elapsed(), what);
    }
  }

  void up(Duration took, List<Measure.Sample> samples) {
    end(new ProbeResult.Up(clock.now(), took, samples));
  }

  void down(String reason, List<Measure.Sample> samples) {
    end(new ProbeResult.Down(clock.now(), elapsed(), reason, samples));
  }

  void notRun(String reason) {
    end(new ProbeResult.NotRun(clock.now(), reason));
  }

  private void end(ProbeResult result) {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    Scheduler.Task task = deadline;
    if (task != null) {
      task.cancel();
    }
    Runnable onEnd = release;
    if (onEnd != null) {
      onEnd.run();
    }
    done.accept(result);
  }
}
