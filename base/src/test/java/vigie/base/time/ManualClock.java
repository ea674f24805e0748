package vigie.base.time;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A clock and a scheduler that stand still until told. {@link #advance} runs what falls due, in
 * order, on the calling thread, with the clock at each task's own time. Not safe for several
 * threads but for reading the time.
 */
public final class ManualClock implements Clock, Scheduler {
  private volatile Instant now;
  private volatile long nanos;
  private final List<Entry> entries = new ArrayList<>();
  private long order;

  public ManualClock(Instant start) {
    this.now = start;
  }

  /** Starts at 2026-01-01T00:00:00Z. */
  public ManualClock() {
    this(Instant.parse("2026-01-01T00:00:00Z"));
  }

  @Override
  public Instant now() {
    return now;
  }

  @Override
  public long nanos() {
    return nanos;
  }

  /** Steps the wall clock alone, as NTP or a person does; monotonic time and due tasks stay. */
  public void step(Duration by) {
    now = now.plus(by);
  }

  /** Moves both clocks on and runs what falls due on the way. */
  public void advance(Duration by) {
    long end = nanos + by.toNanos();
    while (true) {
      Entry next;
      synchronized (entries) {
        next =
            entries.stream()
                .filter(e -> e.at <= end)
                .min(Comparator.<Entry>comparingLong(e -> e.at).thenComparingLong(e -> e.order))
                .orElse(null);
        if (next != null) {
          entries.remove(next);
        }
      }
      if (next == null) {
        break;
      }
      moveTo(Math.max(nanos, next.at));
      if (next.period > 0) {
        next.at += next.period;
        next.order = order++;
        synchronized (entries) {
          entries.add(next);
        }
      }
      next.task.run();
    }
    moveTo(end);
  }

  /** Runs what is due now without moving time. */
  public void runDue() {
    advance(Duration.ZERO);
  }

  private void moveTo(long target) {
    now = now.plusNanos(target - nanos);
    nanos = target;
  }

  @Override
  public Task after(Duration delay, Runnable task) {
    return add(delay, 0, task);
  }

  @Override
  public Task every(Duration initial, Duration period, Runnable task) {
    if (period.isZero() || period.isNegative()) {
      throw new IllegalArgumentException("period must be positive: " + period);
    }
    return add(initial, period.toNanos(), task);
  }

  private Task add(Duration delay, long period, Runnable task) {
    Entry entry = new Entry(nanos + Math.max(0, delay.toNanos()), period, task, order++);
    synchronized (entries) {
      entries.add(entry);
    }
    return () -> {
      synchronized (entries) {
        entries.remove(entry);
      }
    };
  }

  private static final class Entry {
    private long at;
    private final long period;
    private final Runnable task;
    private long order;

    Entry(long at, long period, Runnable task, long order) {
      this.at = at;
      this.period = period;
      this.task = task;
      this.order = order;
    }
  }
}
