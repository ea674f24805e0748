package vigie.agent.probe;

import io.netty.channel.Channel;
import io.netty.channel.IoEventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.probe.Measure.Sample;
import vigie.agent.probe.Probe.Steps;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;

/**
 * One run over the network: when it must be over, its connection, and its one end. All of it but
 * {@link #start} happens on one event loop, so that nothing here needs a lock.
 */
abstract class NetRun {
  private static final Logger log = LoggerFactory.getLogger(NetRun.class);

  protected final ProbeTools tools;
  private final IoEventLoop loop;
  private final Duration timeout;
  private final Consumer<ProbeResult> done;
  private final Steps steps;
  private final long start;
  private Scheduler.@Nullable Task deadline;
  private @Nullable Runnable close;
  private boolean ended;

  NetRun(ProbeTools tools, Duration timeout, Consumer<ProbeResult> done, Steps steps) {
    this.tools = tools;
    this.loop = tools.loops().group().next();
    this.timeout = timeout;
    this.done = done;
    this.steps = steps;
    this.start = tools.clock().nanos();
  }

  /** What to do first. */
  protected abstract void begin();

  /**
   * The reason where the time is over.
   *
   * @param after {@code timeout after 2s}
   */
  protected abstract String late(String after);

  /** What the run has measured until its end. */
  protected abstract List<Sample> samples();

  /** Starts the run; by any thread. */
  final void start() {
    deadline = tools.scheduler().after(timeout, () -> loop.execute(() -> guarded(this::timedOut)));
    try {
      loop.execute(() -> guarded(this::begin));
    } catch (RejectedExecutionException stopping) {
      notRun("the agent is stopping");
    }
  }

  /**
   * Takes a step of the run. Netty would swallow what a listener throws, and the run would go on to
   * its timeout and tell that of the target.
   */
  final void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      log.error("run of a probe failed", e);
      notRun("a fault of the agent: " + e);
    }
  }

  final IoEventLoop loop() {
    return loop;
  }

  final boolean isOver() {
    return ended;
  }

  final Duration elapsed() {
    return Duration.ofNanos(tools.clock().nanos() - start);
  }

  final Duration left() {
    return timeout.minus(elapsed());
  }

  /** Whether somebody reads the steps; words that nobody reads need not be made. */
  final boolean isTold() {
    return steps != Steps.NONE;
  }

  final void step(String what) {
    steps.step(elapsed(), what);
  }

  /** Takes the present connection; the one before is closed. */
  final void use(Channel open) {
    use(open::close);
  }

  /**
   * The same of what is no channel.
   *
   * @param closing closes it; harmless when it is closed
   */
  final void use(Runnable closing) {
    Runnable before = close;
    close = closing;
    if (before != null) {
      before.run();
    }
    if (ended) {
      closing.run();
    }
  }

  /** Does on another thread what may block, and goes on here with what it gives. */
  final <T> void blocking(Blocking<T> work, Consumer<T> then) {
    try {
      tools
          .blocking()
          .execute(
              () -> {
                try {
                  T made = work.call();
                  loop.execute(() -> proceed(made, then));
                } catch (Exception e) {
                  loop.execute(() -> down(e.getMessage() == null ? e.toString() : e.getMessage()));
                }
              });
    } catch (RejectedExecutionException full) {
      notRun("too much is waiting for files and processes");
    }
  }

  /** Goes on with the TLS context, once it is there. */
  final void withTls(TlsSettings settings, Consumer<TlsContext> then) {
    TlsContext ready = settings.ready();
    if (ready != null) {
      then.accept(ready);
    } else {
      blocking(settings::load, then);
    }
  }

  private <T> void proceed(T made, Consumer<T> then) {
    if (!ended) {
      guarded(() -> then.accept(made));
    }
  }

  /** Work that may block and fail. */
  interface Blocking<T> {
    /** The exception's message becomes the run's reason. */
    T call() throws Exception;
  }

  final void up() {
    if (!ended) {
      end(new ProbeResult.Up(tools.clock().now(), elapsed(), samples()));
    }
  }

  void down(String reason) {
    if (!ended) {
      end(new ProbeResult.Down(tools.clock().now(), elapsed(), reason, samples()));
    }
  }

  final void notRun(String reason) {
    end(new ProbeResult.NotRun(tools.clock().now(), reason));
  }

  /** Something went wrong on the connection. */
  void failed(Throwable failure) {
    String words = PeerWords.of(failure);
    if (PeerWords.isOurOwn(words)) {
      notRun(words);
    } else {
      down(words);
    }
  }

  private void timedOut() {
    down(late("timeout after " + Durations.format(timeout)));
  }

  private void end(ProbeResult result) {
    if (ended) {
      return;
    }
    ended = true;
    Scheduler.Task task = deadline;
    if (task != null) {
      task.cancel();
    }
    Runnable open = close;
    if (open != null) {
      open.run();
    }
    done.accept(result);
  }
}
