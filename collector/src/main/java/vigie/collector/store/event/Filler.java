package vigie.collector.store.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.SpoolMarks;

/**
 * Moves events out of the receive log into the day files, in transactions of up to 10,000, and
 * drops the segments that are moved. How far it came needs no record of its own: an event's id is
 * its place in the log, and the highest id in the files was committed with its event.
 */
final class Filler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Filler.class);
  private static final Duration APART = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(10);
  private static final Duration TIDY_EVERY = Duration.ofHours(1);
  private static final Duration MOST_STEP = Duration.ofDays(1);
  private static final int MOST_ROWS = 10_000;
  private static final long MOST_BYTES = 8 << 20;

  private final Path folder;
  private final FileLayer files;
  private final SegmentLog segments;
  private final DayFiles days;
  private final long base;
  private final Duration retention;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Counter failures;
  private final Counter damaged;
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final Scheduler.Task tidying;
  private final Instant started;
  private final long startedNanos;

  /** Behind the last record that was told, as a number in the log; only those are moved. */
  private volatile long told;

  private volatile long lastRunNanos;
  private volatile boolean closed;
  private volatile boolean failing;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();
  private long filled; // the last id in the files; guarded by lock

  // The executor's thread alone uses what follows.
  private SpoolMarks marks = new SpoolMarks();
  private @Nullable SegmentReader reader;
  private DayFile.@Nullable Row readAhead;
  private int mostRows = MOST_ROWS;
  private long checkpointNanos;
  private Duration pause = APART;

  Filler(
      Path folder,
      FileLayer files,
      SegmentLog segments,
      DayFiles days,
      long base,
      long filled,
      Duration retention,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this.folder = folder;
    this.files = files;
    this.segments = segments;
    this.days = days;
    this.base = base;
    this.filled = filled;
    this.told = filled + 1 - base;
    this.retention = retention;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.started = clock.now();
    this.startedNanos = clock.nanos();
    this.checkpointNanos = startedNanos;
    this.lastRunNanos = checkpointNanos - APART.toNanos();
    failures = meters.counter("vigie.event.fill.failures");
    damaged = meters.counter("vigie.event.log.damaged");
    Gauge.builder("vigie.event.fill.lag", this, me -> me.lag())
        .description("events that are in the receive log and not yet in SQLite")
        .register(meters);
    tidying = scheduler.every(APART, TIDY_EVERY, () -> submit(this::tidy));
  }

  /**
   * @param from what was taken from the spools up to the last id in the files
   */
  void start(SpoolMarks from) {
    submit(() -> marks = from);
  }

  /** All records below this number may be moved; never blocks. */
  void told(long number) {
    told = number;
    // At once where nothing came lately: until it is moved, a kill would have it told again.
    wake(APART.minusNanos(clock.nanos() - lastRunNanos));
  }

  private long lag() {
    lock.lock();
    try {
      return Math.max(0, told + base - 1 - filled);
    } finally {
      lock.unlock();
    }
  }

  private void wake(Duration delay) {
    if (!closed && scheduled.compareAndSet(false, true)) {
      scheduler.after(delay, () -> submit(this::run));
    }
  }

  private void submit(Runnable task) {
    try {
      if (!closed) {
        executor.execute(task);
      }
    } catch (RejectedExecutionException shuttingDown) {
      closed = true;
    }
  }

  /** Waits until all that is durable now is in the files, at most so long. */
  void await(Duration most) {
    long wanted = segments.syncedNext() + base - 1;
    lock.lock();
    try {
      if (filled >= wanted || failing || closed) {
        return;
      }
      submit(this::run);
      long left = most.toNanos();
      while (filled < wanted && !failing && left > 0) {
        left = moved.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    scheduled.set(false);
    lastRunNanos = clock.nanos();
    if (closed) {
      return;
    }
    try {
      while (moveSome()) {
        checkpointNowAndThen(); // also while a storm lasts
      }
      if (failing) {
        log.info("events reach SQLite again");
      }
      failing = false;
      pause = APART;
      mostRows = MOST_ROWS;
    } catch (DayFailure e) {
      forgetReader();
      if (DayFile.isCorrupt(e.cause)) {
        setAsideNow(e.day, e.cause);
        wake(APART);
      } else {
        days.closeWriter();
        failed(e.cause);
      }
    } catch (IOException e) {
      forgetReader();
      failed(e);
    }
  }

  private void failed(Exception e) {
    failures.increment();
    if (!failing) {
      log.error(
          "events cannot be moved from the receive log into SQLite, searches miss the newest cause=\"{}\"",
          e.getMessage());
    }
    lock.lock();
    try {
      failing = true;
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    // A smaller transaction may fit where a large one doesn't.
    mostRows = Math.max(1, mostRows / 2);
    Duration twice = pause.multipliedBy(2);
    pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    wake(pause);
  }

  /** A day file failed. */
  private static final class DayFailure extends Exception {
    private static final long serialVersionUID = 1;
    private final transient LocalDate day;
    private final SQLException cause;

    DayFailure(LocalDate day, SQLException cause) {
      super(cause);
      this.day = day;
      this.cause = cause;
    }
  }

  /** Moves events of one day; false if there were none. */
  private boolean moveSome() throws IOException, DayFailure {
    List<DayFile.Row> rows = new ArrayList<>();
    long bytes = 0;
    LocalDate day = null;
    for (DayFile.Row row = read(); row != null; row = read()) {
      LocalDate of = DayFiles.dayOf(row.record().event().received());
      if (day == null) {
        day = of;
      }
      bytes += row.record().raw().length + row.record().event().text().length();
      boolean full = !rows.isEmpty() && (rows.size() >= mostRows || bytes > MOST_BYTES);
      if (full || !of.equals(day)) {
        readAhead = row;
        break;
      }
      rows.add(row);
    }
    if (day == null) {
      return false;
    }
    try {
      days.insert(day, rows);
    } catch (SQLException e) {
      throw new DayFailure(day, e);
    }
    for (DayFile.Row row : rows) {
      marks.take(row.record().event());
    }
    lock.lock();
    try {
      filled = rows.get(rows.size() - 1).id();
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    return true;
  }

  private DayFile.@Nullable Row read() throws IOException {
    DayFile.Row ahead = readAhead;
    readAhead = null;
    if (ahead != null) {
      return ahead;
    }
    SegmentReader from = reader;
    if (from == null) {
      from = segments.reader(filled + 1 - base);
      reader = from;
    }
    while (Math.max(from.number() + 1, filled + 1 - base) < told && from.next()) {
      DayFile.Row row = decode(from);
      if (row != null) {
        return row;
      }
    }
    return null;
  }

  private DayFile.@Nullable Row decode(SegmentReader from) {
    try {
      return new DayFile.Row(base + from.number(), EventRecord.decode(from.record()));
    } catch (IllegalArgumentException e) {
      damaged.increment();
      log.error(
          "a record of the receive log is no event, left out number={} cause=\"{}\"",
          from.number(),
          e.getMessage());
      return null;
    }
  }

  private void forgetReader() {
    readAhead = null;
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  /** For a search that met a damaged file. */
  void setAside(LocalDate day, SQLException why) {
    submit(() -> setAsideNow(day, why));
  }

  private void setAsideNow(LocalDate day, SQLException why) {
    days.setAside(day, why);
    forgetReader();
    lock.lock();
    try {
      // What the log still holds of that day goes into a new file.
      filled = Math.max(days.lastId(), segments.firstNumber() - 1 + base);
    } finally {
      lock.unlock();
    }
  }

  private void checkpointNowAndThen() throws IOException {
    List<Long> starts = segments.segmentStarts();
    boolean droppable = starts.size() > 1 && starts.get(1) <= filled + 1 - base;
    if (!droppable && clock.nanos() - checkpointNanos < CHECKPOINT_EVERY.toNanos()) {
      return;
    }
    checkpoint();
    segments.dropBefore(filled + 1 - base);
  }

  private void checkpoint() throws IOException {
    new Checkpoint(base, filled, marks).write(folder, files);
    checkpointNanos = clock.nanos();
  }

  private void tidy() {
    // A clock that was set years ahead must not empty the store.
    Duration ran = Duration.ofNanos(clock.nanos() - startedNanos);
    Instant likely = started.plus(ran).plus(MOST_STEP);
    Instant now = clock.now().isBefore(likely) ? clock.now() : likely;
    days.dropBefore(DayFiles.dayOf(now.minus(retention)));
  }

  /** Moves what is left, as far as possible, and lets go of the files. */
  @Override
  public void close() {
    tidying.cancel();
    CountDownLatch done = new CountDownLatch(1);
    submit(
        () -> {
          run();
          try {
            checkpoint();
          } catch (IOException e) {
            log.warn("cannot write the checkpoint cause=\"{}\"", e.getMessage());
          }
          forgetReader();
          days.close();
          done.countDown();
        });
    try {
      if (closed || !done.await(10, TimeUnit.SECONDS)) {
        log.warn("the last events reach SQLite at the next start");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed = true;
  }
}
