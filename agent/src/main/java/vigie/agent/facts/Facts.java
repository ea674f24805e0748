package vigie.agent.facts;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import vigie.agent.facts.Hardware.MemoryModule;
import vigie.agent.facts.Hardware.Sensors;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Refreshes the facts of the hardware on a timer, never when a scrape asks. A fact that cannot be
 * found is counted and keeps its last value; a refresh that has not ended is not begun again.
 */
public final class Facts implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Facts.class);

  /** Long enough that the agent's start and its first scrape are over, also on a slow node. */
  private static final Duration FIRST = Duration.ofSeconds(30);

  /** The nanoseconds that the thread had a processor come first. */
  private static final Path ON_PROCESSOR = Path.of("/proc/thread-self/schedstat");

  private final Hardware hardware;
  private final Clock clock;
  private final Executor executor;
  private final MeterRegistry meters;
  private final Counter refreshes;
  private final Counter cpuSeconds;
  private final Scheduler.Task task;
  private final AtomicBoolean busy = new AtomicBoolean();
  private volatile @Nullable Found found;

  /**
   * Starts the timer; nothing is found out before its first run, half a minute later.
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
    this.refreshes =
        Counter.builder("vigie.facts.refreshes")
            .description("Refreshes of the hardware's facts that have ended.")
            .register(meters);
    this.cpuSeconds =
        Counter.builder("vigie.facts.cpu.seconds")
            .description("Processor time of these refreshes, without that of programs they run.")
            .register(meters);
    Duration first = period.compareTo(FIRST) < 0 ? period : FIRST;
    this.task = scheduler.every(first, period, this::begin);
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
    long processor = onProcessorNanos();
    Found last = found;
    Computer computer =
        last != null && last.computer != null ? last.computer : ask("computer", hardware::computer);
    List<MemoryModule> memory =
        last != null && last.memory != null ? last.memory : ask("memory", hardware::memory);
    Sensors sensors = ask("sensors", hardware::sensors);
    List<Disk> disks = ask("disks", hardware::disks);
    List<Battery> batteries = ask("batteries", hardware::batteries);
    found =
        new Found(
            computer,
            memory,
            sensors != null ? sensors : last != null ? last.sensors : Sensors.NONE,
            disks != null ? disks : last != null ? last.disks : List.of(),
            batteries != null ? batteries : last != null ? last.batteries : List.of(),
            clock.now(),
            Duration.ofNanos(clock.nanos() - start));
    refreshes.increment();
    cpuSeconds.increment((onProcessorNanos() - processor) / 1e9);
  }

  /** 0 where the kernel does not count it. */
  private static long onProcessorNanos() {
    try {
      String text = Files.readString(ON_PROCESSOR);
      return Long.parseLong(text.substring(0, text.indexOf(' ')));
    } catch (IOException | RuntimeException notCounted) {
      return 0;
    }
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
   * @param memory null while it could not be found
   */
  public record Found(
      @Nullable Computer computer,
      @Nullable List<MemoryModule> memory,
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
