package vigie.agent.facts;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.facts.Hardware.Battery;
import vigie.agent.facts.Hardware.Computer;
import vigie.agent.facts.Hardware.Disk;
import vigie.agent.facts.Hardware.Processor;
import vigie.agent.facts.Hardware.Sensors;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Refreshes the facts of the hardware on a timer, never when a scrape asks. A fact that cannot be
 * found is counted and keeps its last value; a refresh that has not ended is not begun again.
 */
public final class Facts implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Facts.class);

  /** Long enough that the agent's own start is over, also on a slow node. */
  private static final Duration FIRST = Duration.ofSeconds(5);

  /** How often, unless configured otherwise. */
  public static final Duration DEFAULT_PERIOD = Duration.ofMinutes(5);

  private final Hardware hardware;
  private final Clock clock;
  private final Executor executor;
  private final MeterRegistry meters;
  private final Scheduler.Task task;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile @Nullable Found found;

  /**
   * Starts the timer; nothing is found out before its first run, seconds later.
   *
   * @param executor where a refresh runs; it may take seconds
   */
  public Facts(
      Hardware hardware,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      Duration period,
      MeterRegistry meters) {
    this.hardware = hardware;
    this.clock = clock;
    this.executor = executor;
    this.meters = meters;
    this.task = scheduler.every(FIRST, period, this::begin);
  }

  /** What was found last; null before the first refresh has ended. */
  public @Nullable Found found() {
    return found;
  }

  @Override
  public void close() {
    task.cancel();
  }

  private void begin() {
    if (!busy.compareAndSet(false, true)) {
      return; // counted by the age of the last refresh
    }
    try {
      executor.execute(
          () -> {
            try {
              refresh();
            } finally {
              busy.set(false);
            }
          });
    } catch (RejectedExecutionException stopping) {
      busy.set(false);
    }
  }

  private void refresh() {
    long start = clock.nanos();
    Found last = found;
    Computer computer =
        last != null && last.computer != null ? last.computer : ask("computer", hardware::computer);
    Processor processor =
        last != null && last.processor != null
            ? last.processor
            : ask("processor", hardware::processor);
    Sensors sensors = ask("sensors", hardware::sensors);
    List<Disk> disks = ask("disks", hardware::disks);
    List<Battery> batteries = ask("batteries", hardware::batteries);
    found =
        new Found(
            computer,
            processor,
            sensors != null ? sensors : last != null ? last.sensors : Sensors.NONE,
            disks != null ? disks : last != null ? last.disks : List.of(),
            batteries != null ? batteries : last != null ? last.batteries : List.of(),
            clock.now(),
            Duration.ofNanos(clock.nanos() - start));
  }

  private <T> @Nullable T ask(String fact, Supplier<T> question) {
    Counter failures =
        Counter.builder("vigie.facts.failures")
            .description("Facts of the hardware that could not be found out.")
            .tag("fact", fact)
            .register(meters);
    try {
      return question.get();
    } catch (RuntimeException | LinkageError failure) {
      if (failures.count() == 0) {
        log.warn("fact not found fact={} cause={}", fact, failure.toString());
      }
      failures.increment();
      return null;
    }
  }

  /**
   * The facts of one refresh.
   *
   * @param computer null while it could not be found
   * @param processor null while it could not be found
   */
  public record Found(
      @Nullable Computer computer,
      @Nullable Processor processor,
      Sensors sensors,
      List<Disk> disks,
      List<Battery> batteries,
      Instant at,
      Duration took) {
    public Found {
      disks = List.copyOf(disks);
      batteries = List.copyOf(batteries);
    }
  }
}
