package vigie.agent.spool;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Tells once of each step of this node's clock, by {@code agent.clock}; the times of events that
 * wait in the spool are put right when they are read. Looks on {@code disk} alone.
 */
final class ClockWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClockWatch.class);
  private static final Duration EVERY = Duration.ofMinutes(1);

  private final BootClock boot;
  private final Clock clock;
  private final LongSupplier nextSeq;
  private final EventSink events;
  private final Scheduler.Task looking;
  private long bootedBefore;

  /**
   * @param nextSeq the seq of the next event: those before it were stamped before the step
   * @param events takes what is told; asked later only
   */
  ClockWatch(
      BootClock boot,
      Clock clock,
      Scheduler scheduler,
      Executor disk,
      LongSupplier nextSeq,
      EventSink events) {
    this.boot = boot;
    this.clock = clock;
    this.nextSeq = nextSeq;
    this.events = events;
    this.bootedBefore = boot.booted();
    this.looking = scheduler.every(EVERY, EVERY, () -> disk.execute(this::look));
  }

  private void look() {
    long now = boot.booted();
    long step = now - bootedBefore;
    if (now == 0 || bootedBefore == 0 || Math.abs(step) < BootClock.LEAST_STEP) {
      return;
    }
    String seconds = String.format(Locale.ROOT, "%+.1f", step / 1000.0);
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("step", seconds);
    fields.put("before", Long.toString(nextSeq.getAsLong()));
    try {
      events.accept(
          new Event(
              clock.now(),
              Severity.NOTICE,
              EventType.AGENT_CLOCK,
              fields,
              "the clock was set by " + seconds + " s; it stamped earlier events of this boot"));
      bootedBefore = now;
    } catch (UncheckedIOException e) {
      log.debug("no event of the clock's step yet cause=\"{}\"", e.getMessage()); // next minute
    }
  }

  @Override
  public void close() {
    looking.cancel();
  }
}
