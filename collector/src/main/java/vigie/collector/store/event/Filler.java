package vigie.collector.store.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentReader;
import vigie.base.syslog.SyslogNames;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventStore;
import vigie.collector.event.SpoolMarks;
import vigie.collector.event.StoredEvent;

/**
 * Moves events out of the receive log into the files of events, in transactions of up to 10,000,
 * and drops the segments that are moved and so far back that they are not kept for a restoration.
 * How far it came needs no record of its own: an event's id is its place in the log, and the
 * highest id in the files was committed with its event. What time that leaves goes into restoring
 * damaged files, then into the full-text index.
 */
final class Filler implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Filler.class);
  private static final Duration APART = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(10);
  private static final Duration TIDY_EVERY = Duration.ofHours(1);
  private static final Duration MOST_STEP = Duration.ofDays(1);
  private static final int MOST_ROWS = 10_000;

  /** So many new events while a transaction ran may be a storm. */
  private static final int STORM = 5_000;

  /** In a storm it rests so many times as long as it worked, but not longer than that. */
  private static final int RESTS = 9;

  private static final long LONGEST_REST = Duration.ofSeconds(2).toNanos();

  private static final long MOST_BYTES = 8 << 20;
  private static final int INDEX_ROWS = 5_000;
  private static final int MANY_ROWS = 25_000;

  private final Path folder;
  private final FileLayer files;
  private final SegmentLog segments;
  private final DayFiles days;
  private final long base;
  private final EventStoreOptions options;
  private final ReceiveLog.Room room;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Counter failures;

  /** Records that were read and are no events. */
  private final AtomicLong undecodable = new AtomicLong();

  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final Scheduler.Task tidying;
  private final Instant started;
  private final long startedNanos;

  /** Behind the last record that was told, as a number in the log; only those are moved. */
  private volatile long told;

  private volatile long lastRunNanos;
  private volatile boolean closed;

  /** Only what was received is still moved. */
  private volatile boolean ending;

  private volatile boolean failing;

  /** While it lasts only a search has events moved. */
  private volatile boolean resting;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();
  private long filled; // the last id in the files; guarded by lock
  private long highest; // the last id that ever was; guarded by lock

  // The executor's thread alone uses what follows.
  private @Nullable SpoolMarks marks; // null until start
  private @Nullable SegmentReader reader;
  private EventRows.@Nullable Row readAhead;
  private final SyslogNames names = new SyslogNames();
  private int mostRows = MOST_ROWS;
  private long checkpointNanos;
  private Duration pause = APART;
  private boolean roomy = true;

  Filler(
      Path folder,
      FileLayer files,
      SegmentLog segments,
      DayFiles days,
      long base,
      long filled,
      long highest,
      EventStoreOptions options,
      ReceiveLog.Room room,
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
    this.highest = highest;
    this.told = highest + 1 - base;
    this.options = options;
    this.room = room;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.started = clock.now();
    this.startedNanos = clock.nanos();
    this.checkpointNanos = startedNanos;
    this.lastRunNanos = checkpointNanos - APART.toNanos();
    failures = meters.counter("vigie.event.fill.failures");
    FunctionCounter.builder(
            "vigie.event.log.damaged", this, me -> me.undecodable.get() + me.segments.lostRecords())
        .description("records of the receive log that damage made unreadable")
        .register(meters);
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
    wake(APART);
  }

  /** All records below this number may be moved; never blocks. */
  void told(long number) {
    told = number;
    // At once where nothing came lately: until it is moved, a kill would have it told again.
    if (!resting) {
      wake(APART.minusNanos(clock.nanos() - lastRunNanos));
    }
  }

  private long filled() {
    lock.lock();
    try {
      return filled;
    } finally {
      lock.unlock();
    }
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
      scheduler.after(delay, () -> submit(this::runUnlessResting));
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

  /** Waits until all that is durable now is in the files, at most so long; how much is not. */
  long await(Duration most) {
    long wanted = segments.syncedNext() + base - 1;
    lock.lock();
    try {
      if (filled >= wanted || failing || closed) {
        return Math.max(0, wanted - filled);
      }
      submit(this::run);
      long left = most.toNanos();
      while (filled < wanted && !failing && left > 0) {
        left = moved.awaitNanos(left);
      }
      return Math.max(0, wanted - filled);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    } finally {
      lock.unlock();
    }
  }

  private void runUnlessResting() {
    if (resting) {
      scheduled.set(false);
    } else {
      run();
    }
  }

  private void run() {
    scheduled.set(false);
    lastRunNanos = clock.nanos();
    if (closed) {
      return;
    }
    try {
      moveAll();
      restoreAll();
      indexAll();
      if (failing) {
        log.info("events reach SQLite again");
      }
      failing = false;
      pause = APART;
      mostRows = MOST_ROWS;
    } catch (DayFailure e) {
      forgetReader();
      if (DayFile.isCorrupt(e.cause)) {
        setAsideNow(e.part, e.cause);
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

  /** A file of events failed. */
  private static final class DayFailure extends Exception {
    private static final long serialVersionUID = 1;
    private final transient Part part;
    private final SQLException cause;

    DayFailure(Part part, SQLException cause) {
      super(cause);
      this.part = part;
      this.cause = cause;
    }
  }

  private void moveAll() throws IOException, DayFailure {
    long begun = clock.nanos();
    long toldBefore = told;
    for (int moved = moveSome(); moved > 0; moved = moveSome()) {
      checkpointNowAndThen(); // also while a storm lasts
      days.dropBeyond(options.mostBytes());
      if (restsAfter(moved, begun, toldBefore)) {
        return;
      }
      begun = clock.nanos();
      toldBefore = told;
    }
  }

  /** Whether what came meanwhile is half of what was done, or more; then the rest waits. */
  private boolean restsAfter(int done, long begunNanos, long toldBefore) {
    long came = told - toldBefore;
    if (came < STORM || 2 * came < done) {
      return false;
    }
    // Receiving has no other time; what waits here has.
    resting = true;
    scheduler.after(
        Duration.ofNanos(Math.min(RESTS * (clock.nanos() - begunNanos), LONGEST_REST)),
        () -> {
          resting = false;
          wake(Duration.ZERO);
        });
    return true;
  }

  /** Moves events of one day; how many. */
  private int moveSome() throws IOException, DayFailure {
    EventRows.Row first = read();
    if (first == null) {
      return 0;
    }
    Moving rows = new Moving(first);
    insert(days.partOf(rows.day), rows);
    if (marks != null) {
      rows.own.forEach(marks::take);
    }
    lock.lock();
    try {
      filled = rows.last;
      highest = Math.max(highest, filled);
      moved.signalAll();
    } finally {
      lock.unlock();
    }
    return rows.count;
  }

  /**
   * The next events of one day, for one transaction. Each is read as it is inserted: ten thousand
   * of them at a time would outlive young collections, and full ones cost a storm half its time.
   */
  private final class Moving implements Iterator<EventRows.Row> {
    final LocalDate day;

    /** Of agents, whose numbers are kept in mind once they are in the file. */
    final List<Event> own = new ArrayList<>();

    int count;
    long last;
    private long bytes;
    private EventRows.@Nullable Row next;

    Moving(EventRows.Row first) {
      next = first;
      day = dayOf(first);
    }

    private static LocalDate dayOf(EventRows.Row row) {
      return DayFiles.dayOf(row.record().event().received());
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public EventRows.Row next() {
      EventRows.Row row = next;
      if (row == null) {
        throw new NoSuchElementException();
      }
      count++;
      last = row.id();
      bytes += sizeBytes(row);
      Event event = row.record().event();
      if (event.origin() != null) {
        own.add(event);
      }
      next = following();
      return row;
    }

    private EventRows.@Nullable Row following() {
      try {
        EventRows.Row row = read();
        if (row != null
            && (count >= mostRows
                || bytes + sizeBytes(row) > MOST_BYTES
                || !dayOf(row).equals(day))) {
          readAhead = row;
          return null;
        }
        return row;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private int insert(Part part, Iterator<EventRows.Row> rows) throws IOException, DayFailure {
    try {
      return rows.hasNext() ? days.insert(part, rows) : 0;
    } catch (SQLException e) {
      throw new DayFailure(part, e);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private EventRows.@Nullable Row read() throws IOException {
    EventRows.Row ahead = readAhead;
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
      EventRows.Row row = decode(from);
      if (row != null) {
        return row;
      }
    }
    return null;
  }

  private EventRows.@Nullable Row decode(SegmentReader from) {
    try {
      return new EventRows.Row(base + from.number(), EventRecord.decode(from.record(), names));
    } catch (IllegalArgumentException e) {
      undecodable.incrementAndGet();
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
  void setAside(Part part, SQLException why) {
    submit(
        () -> {
          setAsideNow(part, why);
          wake(APART); // only now: a run that is due already may come before this
        });
  }

  private void setAsideNow(Part part, SQLException why) {
    if (!days.has(part)) {
      return; // two searches met it
    }
    days.setAside(part, why);
    forgetReader();
    lock.lock();
    try {
      // What the log still holds behind the other files goes into a new one.
      filled = Math.max(days.lastId(), segments.firstNumber() - 1 + base);
    } finally {
      lock.unlock();
    }
  }

  /** Brings back what the log and the files that were set aside still hold of those. */
  private void restoreAll() throws IOException, DayFailure {
    for (Part part : days.toRestore()) {
      long fromLog = part.isImported() ? 0 : restore(part);
      long fromFiles = salvage(part);
      if (!ending) {
        days.restored(part);
        log.info(
            "restored file={} from_log={} from_damaged={} is_whole={}",
            part,
            fromLog,
            fromFiles,
            days.aside(part).isEmpty());
      }
    }
  }

  private long salvage(Part part) throws IOException, DayFailure {
    long count = 0;
    for (Path aside : days.aside(part)) {
      if (ending || !hasRoom(aside)) {
        continue;
      }
      try (Salvage from = Salvage.open(aside, part.isImported() ? 0 : filled)) {
        Batch batch = new Batch();
        for (EventRows.Row row = from.next(); row != null && !ending; row = from.next()) {
          if (!days.isInAnother(part, row.id()) && batch.add(row)) {
            count += insert(part, batch.take().iterator());
            moveAll();
          }
        }
        count += insert(part, batch.take().iterator());
        if (!ending && from.isWhole()) {
          days.discard(aside);
        }
      } catch (SQLException e) {
        log.warn("nothing can be read of file={} cause=\"{}\"", aside, e.getMessage());
      }
    }
    return count;
  }

  private boolean hasRoom(Path toCopy) throws IOException {
    try {
      room.require(Files.size(toCopy));
      return true;
    } catch (IOException full) {
      log.warn("not read, for lack of room file={} cause=\"{}\"", toCopy, full.getMessage());
      return false;
    }
  }

  /** Rows for one transaction. */
  private static final class Batch {
    private List<EventRows.Row> rows = new ArrayList<>();
    private long bytes;

    /** Whether there are enough of them. */
    boolean add(EventRows.Row row) {
      rows.add(row);
      bytes += sizeBytes(row);
      return rows.size() >= INDEX_ROWS || bytes > MOST_BYTES;
    }

    List<EventRows.Row> take() {
      List<EventRows.Row> taken = rows;
      rows = new ArrayList<>();
      bytes = 0;
      return taken;
    }
  }

  private static long sizeBytes(EventRows.Row row) {
    return row.record().raw().length + row.record().event().text().length();
  }

  private long restore(Part part) throws IOException, DayFailure {
    long end = filled;
    long count = 0;
    Batch batch = new Batch();
    try (SegmentReader from = segments.reader(segments.firstNumber())) {
      while (!ending && from.next() && base + from.number() <= end) {
        EventRows.Row row = decode(from);
        if (row != null
            && DayFiles.dayOf(row.record().event().received()).equals(part.day())
            && !days.isInAnother(part, row.id())
            && batch.add(row)) {
          count += insert(part, batch.take().iterator());
          moveAll();
        }
      }
    }
    return count + insert(part, batch.take().iterator());
  }

  /** Fills the full-text index, between moves and never out of the room kept for them. */
  private void indexAll() throws IOException, DayFailure {
    for (Part part = days.toIndex();
        part != null && !ending && !resting && hasRoom();
        part = days.toIndex()) {
      long begun = clock.nanos();
      long toldBefore = told;
      // Large steps make less to merge, small ones let in what comes.
      int rows = days.unindexed() > MANY_ROWS ? MANY_ROWS : INDEX_ROWS;
      try {
        days.index(part, rows);
      } catch (SQLException e) {
        throw new DayFailure(part, e);
      }
      if (!restsAfter(rows, begun, toldBefore)) {
        moveAll();
      }
    }
  }

  private boolean hasRoom() {
    try {
      room.require(MOST_BYTES);
      roomy = true;
    } catch (IOException full) {
      if (roomy) {
        log.warn("the full-text index waits for room on the disk cause=\"{}\"", full.getMessage());
      }
      roomy = false;
    }
    return roomy;
  }

  /** See {@link vigie.collector.event.EventStore#insertHistory}. */
  EventStore.Imported insertHistory(List<StoredEvent> events) {
    CompletableFuture<EventStore.Imported> done = new CompletableFuture<>();
    submit(
        () -> {
          try {
            done.complete(insertHistoryNow(events));
          } catch (IOException | SQLException | RuntimeException e) {
            days.closeWriter();
            done.completeExceptionally(e);
          }
        });
    try {
      return done.get(1, TimeUnit.MINUTES);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException(
          "events cannot be imported: "
              + (e.getCause() == null ? "it takes too long" : e.getCause().getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private EventStore.Imported insertHistoryNow(List<StoredEvent> events)
      throws IOException, SQLException {
    room.require(MOST_BYTES);
    LocalDate first = firstDay();
    Map<LocalDate, List<StoredEvent>> byDay = new TreeMap<>();
    for (StoredEvent event : events) {
      byDay
          .computeIfAbsent(DayFiles.dayOf(event.event().received()), day -> new ArrayList<>())
          .add(event);
    }
    int taken = 0;
    int tooOld = 0;
    for (Map.Entry<LocalDate, List<StoredEvent>> day : byDay.entrySet()) {
      if (day.getKey().isBefore(first)) {
        tooOld += day.getValue().size();
      } else {
        taken += days.insertUnknown(day.getKey(), day.getValue());
      }
    }
    return new EventStore.Imported(taken, events.size() - taken - tooOld, tooOld);
  }

  private void checkpointNowAndThen() throws IOException {
    boolean droppable = segments.canDropBefore(kept());
    if (!droppable && clock.nanos() - checkpointNanos < CHECKPOINT_EVERY.toNanos()) {
      return;
    }
    checkpoint();
    segments.dropBefore(kept());
  }

  /** The log reaches back to here: so many bytes, and no further than the files. */
  private long kept() {
    if (!days.toRestore().isEmpty()) {
      return segments.firstNumber();
    }
    long within = segments.firstWithin(options.logBytes());
    long needed = days.firstId() == Long.MAX_VALUE ? 0 : days.firstId() - base;
    return Math.min(filled + 1 - base, Math.max(within, needed));
  }

  private void checkpoint() throws IOException {
    if (marks != null) {
      new Checkpoint(base, highest, marks).write(folder, files);
    }
    checkpointNanos = clock.nanos();
  }

  private void tidy() {
    days.dropBefore(firstDay());
    days.dropBeyond(options.mostBytes());
    wake(APART);
  }

  /** The oldest day that is kept. */
  private LocalDate firstDay() {
    // A clock that was set years ahead must not empty the store.
    Duration ran = Duration.ofNanos(clock.nanos() - startedNanos);
    Instant likely = started.plus(ran).plus(MOST_STEP);
    Instant now = clock.now().isBefore(likely) ? clock.now() : likely;
    return DayFiles.dayOf(now.minus(options.retention()));
  }

  /** Moves what is left, as far as possible, and lets go of the files. */
  @Override
  public void close() {
    tidying.cancel();
    ending = true;
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
