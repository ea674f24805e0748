package vigie.agent.spool;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.Place;
import vigie.agent.event.Places;
import vigie.agent.spool.SpoolFormat.Entry;
import vigie.base.config.ConfigException;
import vigie.base.segment.DiskRoom;
import vigie.base.segment.FileLayer;
import vigie.base.segment.FolderHeldException;
import vigie.base.segment.SegmentFormatException;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentOptions;
import vigie.base.segment.SegmentReader;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * The durable queue of events between what sees them and what ships them. Safe for all threads.
 *
 * <p>An event's seq is its record's number in the segments; {@link SpoolFormat} draws the record.
 * It carries the mark of what was delivered and the place where its source stands, which so cost no
 * write of their own; a mark that was lost only means that events are sent again, which the
 * collector notices by their seq. The first record of each segment carries the places of all
 * sources, so that dropping a segment forgets none and opening reads one segment only.
 *
 * <p>Threads that bring events at the same time share one write and one sync: the first to come
 * writes for all who wait. Urgent events are synced at once, the others at most once a second. The
 * reader is shown synced events only; it would otherwise send a seq that a power cut then frees for
 * another event.
 *
 * <p>A full spool drops its oldest segment. What that cost is told by one {@code agent.gap} event
 * once the collector acknowledges again; until then each record carries where the loss began.
 */
public final class Spool implements EventSink, Places, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Spool.class);
  private static final SegmentOptions LAYOUT =
      new SegmentOptions("spool", SpoolFormat.VERSION, 1 << 20, 128 << 10);
  private static final int MOST_PLACES_BYTES = 24 << 10;
  private static final int MOST_UNSYNCED_BYTES = 256 << 10;
  // Room for the largest record and the gap event that follows it.
  private static final int HEADROOM = 128 << 10;
  private static final int SEGMENTS = 16;
  private static final Duration SYNC_EVERY = Duration.ofSeconds(1);
  private static final Duration RETRY_MOST = Duration.ofSeconds(30);
  private static final Duration AGE_EVERY = Duration.ofHours(1);

  private final SpoolConfig config;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor disk;
  private final SegmentLog segments;
  private final SpoolIdentity identity;
  private final BootClock boot;
  private final EventWriter writer;
  private final EventWriter unspooledWriter;
  private final SpoolMeters meters;
  private final Queue<Waiting> queue = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean dropping = new AtomicBoolean();
  private volatile Runnable onAppend = () -> {};
  private final AtomicLong acknowledged = new AtomicLong();

  // Guarded by this: the writing side.
  private final Deque<Entry> unsynced = new ArrayDeque<>();
  private final PlaceMap places; // of what is synced
  private long unsyncedBytes;
  private final TreeMap<Long, Long> bornNanos = new TreeMap<>(); // by a segment's first seq
  private final List<Gap> damages = new ArrayList<>();
  private volatile long damageFrom; // 0: no damage is to be told; else the mark stays below it
  private volatile long lostFrom; // 0: nothing is to be told
  private long lostTo;
  private String lostReason = "full";
  private long lastTaken;
  private Duration retry = SYNC_EVERY;
  private boolean syncPlanned;
  private boolean failing;
  private boolean closed;
  private final Scheduler.Task aging;
  private final ClockWatch clockWatch;

  // Guarded by reading.
  private final Object reading = new Object();
  private final SpoolReader reader;
  private long damageToldUpTo;
  private volatile @Nullable Gap torn;

  private Spool(
      SpoolConfig config,
      Host host,
      Clock clock,
      Scheduler scheduler,
      Executor disk,
      SegmentLog segments,
      SpoolIdentity identity,
      MeterRegistry registry) {
    this.config = config;
    this.clock = clock;
    this.scheduler = scheduler;
    this.disk = disk;
    this.segments = segments;
    this.identity = identity;
    this.boot = new BootClock(clock, host);
    this.places =
        new PlaceMap((int) Math.min(MOST_PLACES_BYTES, layout(config).segmentBytes() / 4));
    this.reader = new SpoolReader(segments, boot, host.boot());
    this.writer = new EventWriter(host);
    this.unspooledWriter = new EventWriter(host);
    this.meters = new SpoolMeters(registry, segments, config.maxBytes());
    this.aging = scheduler.every(AGE_EVERY, AGE_EVERY, () -> onDisk(this::dropAged));
    this.clockWatch =
        new ClockWatch(boot, clock, scheduler, this::onDisk, segments::nextNumber, this);
  }

  /**
   * Opens the spool and goes on where the last run ended. Writes no event and needs no room.
   *
   * @param disk runs what waits for the disk, in order; one thread is enough
   * @throws ConfigException if the folder cannot be used: held by another process, no permission,
   *     made by a newer version. The message says what to do.
   */
  public static Spool open(
      SpoolConfig config,
      Host host,
      Clock clock,
      Scheduler scheduler,
      Executor disk,
      FileLayer files,
      MeterRegistry meters) {
    SegmentLog segments = null;
    try {
      segments = SegmentLog.open(config.path(), layout(config), files);
      SpoolIdentity identity = SpoolIdentity.load(config.path(), files, host);
      Spool spool = new Spool(config, host, clock, scheduler, disk, segments, identity, meters);
      spool.readMarks();
      return spool;
    } catch (FolderHeldException e) {
      throw new ConfigException(
          "spool %s is held by process %s; stop it or set another spool.path"
              .formatted(config.path(), e.holder()));
    } catch (IOException | RuntimeException e) {
      closeAfter(e, segments);
      throw e instanceof ConfigException fault ? fault : refusal(config, e);
    }
  }

  private static SegmentOptions layout(SpoolConfig config) {
    long segmentBytes =
        Math.max(16 << 10, Math.min(LAYOUT.segmentBytes(), config.maxBytes() / SEGMENTS));
    return new SegmentOptions(
        LAYOUT.content(), LAYOUT.contentVersion(), segmentBytes, LAYOUT.mostRecordBytes());
  }

  private static void closeAfter(Exception cause, @Nullable SegmentLog segments) {
    try {
      if (segments != null) {
        segments.close();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
  }

  private static RuntimeException refusal(SpoolConfig config, Exception e) {
    if (e instanceof RuntimeException bug) {
      return bug;
    }
    if (e instanceof SegmentFormatException) {
      return new ConfigException("spool: " + e.getMessage());
    }
    String reason = FileLayer.reason((IOException) e);
    String full = DiskRoom.hint(config.path(), reason);
    ConfigException told =
        new ConfigException(
            "cannot open spool %s as user %s: %s%s"
                .formatted(
                    config.path(),
                    System.getProperty("user.name"),
                    reason,
                    full.isEmpty()
                        ? "; make it writable for that user or set another spool.path"
                        : full));
    told.initCause(e);
    return told;
  }

  /** Reads what the records say of themselves: one a segment and the last. */
  private synchronized void readMarks() throws IOException {
    List<Long> numbers = new ArrayList<>(segments.segmentStarts());
    numbers.add(segments.syncedNext() - 1);
    long mark = segments.firstNumber() - 1;
    long now = clock.millis();
    for (long number : numbers) {
      try (SegmentReader at = segments.reader(number)) {
        if (number >= segments.firstNumber() && at.next()) {
          ByteBuffer record = at.record();
          long age = Math.max(0, now - SpoolFormat.takenMillis(record));
          lastTaken = clock.nanos() - Duration.ofMillis(age).toNanos();
          bornNanos.put(number, lastTaken);
          mark = Math.max(mark, SpoolFormat.acknowledged(record));
          lostFrom = Math.max(0, SpoolFormat.lostFrom(record));
        }
      }
    }
    lostTo = segments.firstNumber() - 1;
    if (lostTo < lostFrom) {
      lostFrom = 0; // the end came between the record and the deletion that it foresaw
    }
    PlaceScan.read(segments, places);
    acknowledged.set(Math.min(mark, segments.syncedNext() - 1));
    leaveOutTorn();
  }

  /**
   * A record at the end that is not whole was cut off while it was written, or was damaged later
   * and may have been delivered: its number must not go to another event, which the collector would
   * then take for known.
   */
  private void leaveOutTorn() {
    if (segments.tornRecords() > 0) {
      long from = segments.syncedNext();
      long to = from + segments.tornRecords() - 1;
      segments.skipTo(to + 1);
      torn = new Gap(from, to, "torn");
      damages.add(torn);
      damageFrom = from;
    }
  }

  /** Who this spool is on the wire; another one after a move to another machine. */
  public String identity() {
    return identity.id();
  }

  @Override
  public void accept(Event event) {
    acceptAll(List.of(event));
  }

  @Override
  public void acceptAll(List<Event> together) {
    if (together.isEmpty()) {
      return;
    }
    Waiting waiting = new Waiting(List.copyOf(together));
    queue.add(waiting);
    boolean synced = false;
    synchronized (this) {
      if (closed && queue.remove(waiting)) {
        IOException refused = new IOException("the spool " + config.path() + " is closed");
        throw new UncheckedIOException(refused.getMessage(), refused);
      }
      if (!waiting.done) {
        long before = segments.syncedNext();
        commit();
        synced = segments.syncedNext() > before;
      }
    }
    if (synced) {
      onAppend.run();
    }
    if (waiting.failure != null) {
      throw new UncheckedIOException(waiting.failure.getMessage(), waiting.failure);
    }
  }

  @Override
  public synchronized @Nullable String cursor(String source) {
    String newest = places.cursor(source);
    for (Entry entry : unsynced) {
      for (Place place : entry.places()) {
        newest = place.source().equals(source) ? place.cursor() : newest;
      }
    }
    return newest;
  }

  /** Writes what all threads brought so far; one that fails for the disk's sake is tried twice. */
  private void commit() {
    List<Waiting> batch = new ArrayList<>();
    for (Waiting next = queue.poll(); next != null; next = queue.poll()) {
      batch.add(next);
    }
    IOException failure = null;
    boolean written = false;
    long behind = isFull() ? loseOldest("full", meters.full) : 0;
    try {
      written = tryToWrite(batch, behind > 0);
    } catch (IOException e) {
      failure = failed(e);
    } finally {
      for (Waiting waiting : batch) {
        waiting.failure =
            written || failure != null ? failure : new IOException("BUG: not written");
        waiting.done = true;
      }
    }
    makeRoom(behind);
    planSync();
  }

  private boolean tryToWrite(List<Waiting> batch, boolean urgent) throws IOException {
    try {
      write(batch, urgent);
    } catch (IOException e) {
      meters.writeErrors.increment();
      // A failed sync took records out of the segments; they are written anew and then synced.
      write(batch, urgent);
    }
    return true;
  }

  private void write(List<Waiting> batch, boolean syncNow) throws IOException {
    identity.save();
    rewrite();
    boolean told = tellDamages();
    boolean urgent = told || syncNow;
    List<Entry> entries = new ArrayList<>(batch.size() + 1);
    long bytes = 0;
    long booted = boot.booted();
    boolean synced = boot.isSynced();
    for (Waiting waiting : batch) {
      int left = waiting.events.size();
      for (Event event : waiting.events) {
        long seq = segments.nextNumber() + entries.size();
        Entry entry = entry(event, seq, --left > 0, lostFrom, booted, synced);
        entries.add(entry);
        bytes += entry.bytes();
        urgent |= event.type().urgent();
      }
    }
    append(entries);
    if (urgent || unsyncedBytes + bytes > MOST_UNSYNCED_BYTES) {
      sync();
      entries.forEach(entry -> entry.places().forEach(places::put));
    } else {
      unsynced.addAll(entries);
      unsyncedBytes += bytes;
    }
    meters.in.increment(entries.size());
    recovered();
  }

  private Entry entry(
      Event event, long seq, boolean joined, long lost, long booted, boolean synced) {
    byte[] data = writer.write(event, identity.id(), seq, booted, synced);
    List<Place> fitting = places.fitting(event.places());
    return new Entry(seq, joined, clock.millis(), lost, synced ? 0 : booted, fitting, data);
  }

  private void append(List<Entry> entries) throws IOException {
    List<ByteBuffer> records = new ArrayList<>(entries.size());
    long bytes = 0;
    for (Entry entry : entries) {
      bytes += entry.bytes();
    }
    // With what it carries a batch is larger, and so begins a segment all the more.
    boolean first = segments.beginsSegment(entries.size(), bytes);
    for (Entry entry : entries) {
      Collection<Place> carried = first ? placesBefore(entry.seq()) : List.of();
      records.add(SpoolFormat.encode(entry, acknowledged.get(), last(), carried));
      first = false;
    }
    segments.append(records);
    lastTaken = clock.nanos();
    bornNanos.putIfAbsent(segments.activeStart(), lastTaken);
  }

  /** Where all sources stood before this event: never further than what is in the segments. */
  private Collection<Place> placesBefore(long seq) {
    List<Place> newer = new ArrayList<>();
    for (Entry entry : unsynced) {
      if (entry.seq() < seq) {
        newer.addAll(entry.places());
      }
    }
    return places.with(newer);
  }

  /** Writes the unsynced records again that a failed sync took out of the segments. */
  private void rewrite() throws IOException {
    long next = segments.nextNumber();
    List<Entry> missing = unsynced.stream().filter(entry -> entry.seq() >= next).toList();
    if (!missing.isEmpty()) {
      append(missing); // in one write, for the sake of those that belong together
    }
  }

  private void sync() throws IOException {
    if (segments.syncedNext() < segments.nextNumber()) {
      meters.syncs.increment();
      segments.sync();
    }
    unsynced.forEach(entry -> entry.places().forEach(places::put));
    unsynced.clear();
    unsyncedBytes = 0;
    if (damages.isEmpty()) {
      damageFrom = 0;
    }
  }

  private void planSync() {
    if (!unsynced.isEmpty() && !syncPlanned && !closed) {
      syncPlanned = true;
      scheduler.after(retry, () -> onDisk(this::syncLater));
    }
  }

  private void syncLater() {
    synchronized (this) {
      syncPlanned = false;
      if (closed || unsynced.isEmpty()) {
        return;
      }
      try {
        rewrite();
        sync();
        recovered();
      } catch (IOException e) {
        failed(e);
        retry =
            RETRY_MOST.compareTo(retry.multipliedBy(2)) < 0 ? RETRY_MOST : retry.multipliedBy(2);
        keepWritten();
        planSync();
        return;
      }
    }
    onAppend.run();
  }

  /** Until the next try: a killed process at least must not lose them. */
  private void keepWritten() {
    try {
      rewrite();
    } catch (IOException e) {
      meters.writeErrors.increment(); // said by failed()
    }
  }

  private IOException failed(IOException e) {
    meters.writeErrors.increment();
    if (!failing) {
      failing = true;
      log.error(
          "the spool cannot write, events are refused until it can path={} cause=\"{}\"",
          config.path(),
          e.getMessage() + DiskRoom.hint(config.path(), String.valueOf(e.getMessage())));
    }
    return e;
  }

  private void recovered() {
    retry = SYNC_EVERY;
    if (failing) {
      failing = false;
      log.info("the spool writes again path={}", config.path());
    }
  }

  /** From three quarters of {@code spool.max_bytes} on. */
  @Override
  public boolean isFilling() {
    return segments.sizeBytes() > config.maxBytes() / 4 * 3;
  }

  private boolean isFull() {
    return segments.sizeBytes() > config.maxBytes() - HEADROOM
        && segments.segmentStarts().size() > 1;
  }

  private void makeRoom(long dropBefore) {
    try {
      segments.dropBefore(dropBefore);
      while (isFull()) {
        segments.dropBefore(loseOldest("full", meters.full));
      }
      bornNanos.headMap(segments.firstNumber()).clear();
    } catch (IOException e) {
      failed(e);
    }
  }

  private void dropAged() {
    synchronized (this) {
      try {
        long limit = clock.nanos() - config.maxAge().toNanos();
        List<Long> starts = segments.segmentStarts();
        while (!closed && starts.size() > 1 && bornBefore(starts.get(1), limit)) {
          dropAndTell();
          starts = segments.segmentStarts();
        }
        if (!closed
            && starts.size() == 1
            && acknowledged.get() < segments.nextNumber() - 1
            && lastTaken - limit <= 0) {
          sync();
          segments.roll();
          dropAndTell();
        }
      } catch (IOException e) {
        failed(e);
      }
    }
    onAppend.run();
  }

  private void dropAndTell() throws IOException {
    long behind = loseOldest("age", meters.aged);
    rewrite();
    tellLoss();
    sync();
    makeRoom(behind);
  }

  private boolean bornBefore(long start, long limit) {
    Long born = bornNanos.get(start);
    return born != null && born - limit <= 0;
  }

  /**
   * Gives up what was not delivered from the oldest segment, which is yet to be deleted.
   *
   * @return the number behind it
   */
  private long loseOldest(String reason, Counter dropped) {
    List<Long> starts = segments.segmentStarts();
    long behind = starts.get(1);
    long first = Math.max(starts.get(0), acknowledged.get() + 1);
    if (first < behind) {
      dropped.increment((double) (behind - first));
      long from = earliestLoss(first, behind);
      lostFrom = lostFrom == 0 ? from : Math.min(lostFrom, from);
      lostTo = behind - 1;
      lostReason = reason;
      // Nobody waits for them any more; what is on its way may still arrive.
      acknowledged.accumulateAndGet(lostTo, Math::max);
    }
    return behind;
  }

  /** Where the loss begins if some of the lost events tell of one themselves. */
  private long earliestLoss(long first, long behind) {
    long from = first;
    try (SegmentReader at = segments.reader(first)) {
      while (at.next() && at.number() < behind) {
        long told = -SpoolFormat.lostFrom(at.record());
        from = told > 0 ? Math.min(from, told) : from;
      }
    } catch (IOException e) {
      log.warn("cannot read what is dropped path={} cause=\"{}\"", config.path(), e.getMessage());
    }
    return from;
  }

  private void tellLoss() throws IOException {
    if (lostFrom > 0) {
      tell(new Gap(lostFrom, lostTo, lostReason));
      lostFrom = 0;
    }
  }

  private boolean tellDamages() throws IOException {
    boolean any = !damages.isEmpty();
    while (!damages.isEmpty()) {
      tell(damages.get(0));
      damages.remove(0);
    }
    return any;
  }

  private void tell(Gap gap) throws IOException {
    long seq = segments.nextNumber();
    Event event = gap.event(clock.now());
    Entry entry = entry(event, seq, false, -gap.from(), boot.booted(), boot.isSynced());
    append(List.of(entry));
    unsynced.add(entry);
    log.warn(
        "events are lost and never reach the collector from={} to={} reason={}",
        gap.from(),
        gap.to(),
        gap.reason());
  }

  /** Has {@code listener} run soon after events became readable; it must not block. */
  public void onAppend(Runnable listener) {
    onAppend = listener;
  }

  /**
   * The events that follow {@code afterSeq}, the oldest first; reads the disk. Reading on from
   * where the last call ended is cheap.
   *
   * @param most how many at most
   * @param mostBytes how many bytes of data at most; one event is given even if it is larger
   * @return empty where none is there yet
   * @throws UncheckedIOException if the disk does not give them
   */
  public List<SpoolRecord> read(long afterSeq, int most, int mostBytes) {
    synchronized (reading) {
      return reader.read(afterSeq, most, mostBytes, this::noteHole);
    }
  }

  /** Damage, where the numbers that are missing were neither dropped nor delivered before. */
  private void noteHole(long first, long number) {
    long known = Math.max(damageToldUpTo, Math.max(segments.firstNumber() - 1, acknowledged.get()));
    Gap told = torn;
    long from = Math.max(first, known + 1);
    long to = told != null && told.to() == number - 1 ? told.from() - 1 : number - 1;
    if (from <= to) {
      damageToldUpTo = to;
      meters.damaged.increment((double) (to - from + 1));
      synchronized (this) {
        damages.add(new Gap(from, to, "damage"));
        damageFrom = damageFrom == 0 ? from : Math.min(damageFrom, from);
      }
      onDisk(this::tellNow);
    }
  }

  private void tellNow() {
    synchronized (this) {
      if (closed) {
        return;
      }
      try {
        rewrite();
        tellDamages();
        tellLoss();
        sync();
      } catch (IOException e) {
        failed(e); // told later
      }
      planSync();
    }
    onAppend.run();
  }

  /**
   * Says that all events up to {@code seq} were delivered. Cheap: segments that are done are
   * deleted later, and the mark is written with the next event.
   */
  public void acknowledge(long seq) {
    long damage = damageFrom;
    long upTo = Math.min(seq, damage == 0 ? last() : damage - 1);
    long before = acknowledged.getAndAccumulate(upTo, Math::max);
    if (upTo > before) {
      meters.out.increment((double) (upTo - before));
      if (segments.canDropBefore(upTo + 1) && dropping.compareAndSet(false, true)) {
        onDisk(this::dropDelivered);
      }
      if (lostFrom > 0) {
        onDisk(this::tellNow); // the collector takes events again: this one is not lost, too
      }
    }
  }

  private void dropDelivered() {
    dropping.set(false);
    synchronized (this) {
      try {
        if (!closed && carriesAll()) {
          segments.dropBefore(acknowledged.get() + 1);
          bornNanos.headMap(segments.firstNumber()).clear();
        }
      } catch (IOException e) {
        failed(e);
      }
    }
  }

  /** Whether the last segment has its first record, with all places, for certain. */
  private boolean carriesAll() {
    return !segments.beginsSegment(0, 0) && segments.activeStart() < segments.syncedNext();
  }

  /** All up to this seq were delivered, or dropped. */
  public long acknowledged() {
    return acknowledged.get();
  }

  /** The seq of the newest event that can be read; what waits is between this and the mark. */
  public long last() {
    return segments.syncedNext() - 1;
  }

  /**
   * The record of an event that is told on a live session only: without spool and seq, never
   * stored.
   */
  public byte[] unspooled(Event event) {
    synchronized (unspooledWriter) {
      return unspooledWriter.write(event, "", 0, boot.booted(), boot.isSynced());
    }
  }

  private void onDisk(Runnable task) {
    try {
      disk.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("the spool's executor has ended"); // close() does what is left
    }
  }

  /** Syncs what is not yet and lets go of the folder. Idempotent. */
  @Override
  public void close() {
    aging.cancel();
    clockWatch.close();
    synchronized (this) {
      if (!closed) {
        closed = true;
        try {
          rewrite();
          segments.close();
        } catch (IOException e) {
          log.error("the spool could not be closed well cause=\"{}\"", e.getMessage());
          closeAfter(e, segments);
        }
      }
    }
    synchronized (reading) {
      reader.close();
    }
  }

  /** Events that belong together and the thread that waits for them; guarded by the spool. */
  private static final class Waiting {
    private final List<Event> events;
    private boolean done;
    private @Nullable IOException failure;

    Waiting(List<Event> events) {
      this.events = events;
    }
  }
}
