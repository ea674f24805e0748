package vigie.collector.store.event;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.SegmentLog;
import vigie.base.time.Clock;

/**
 * Makes records durable in groups: one thread takes what has queued up while the last sync ran (at
 * most 2 MiB or 8,192 records), writes it at once, syncs once and then calls back in order. It
 * never waits for a group to fill: a quiet sender is served at once, and senders with a window
 * would only wait for us while we wait for them.
 *
 * <p>That thread is the writer's, or for one group the appender's own ({@link #flush}), never both
 * at a time. An appender that nobody else waits for is faster by itself than by waking the writer;
 * where more comes meanwhile, the writer goes on with it.
 *
 * <p>Where the disk refuses, the group is tried again and again, with a pause that grows to 30 s;
 * the queue fills, appends block, nothing is acknowledged and nothing lost.
 */
final class ReceiveLog implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ReceiveLog.class);
  private static final int BATCH_RECORDS = 8192;
  private static final long BATCH_BYTES = 2 << 20;

  /** What is kept free on the disk is far more than what is written before it is asked again. */
  private static final long ASK_BYTES = 256 << 10;

  private static final long ASK_NANOS = Duration.ofMillis(100).toNanos();

  /** A card or a disk that turns takes longer. */
  private static final long PROMPT_NANOS = Duration.ofMillis(2).toNanos();

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private record Pending(List<ByteBuffer> records, long bytes, Runnable whenDurable) {}

  /** Refuses where the disk has no room for so many more bytes. */
  interface Room {
    void require(long bytes) throws IOException;
  }

  private final SegmentLog segments;
  private final Room room;
  private final long queueBytes;
  private final LongConsumer onTold;
  private final Clock clock;
  private final Counter failures;
  private final Counter records;
  private final Timer syncs;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition roomier = lock.newCondition();

  // Guarded by lock.
  private final ArrayDeque<Pending> queue = new ArrayDeque<>();
  private long queued;
  private boolean closing;
  private boolean writing;

  // Whoever is writing has what follows.
  private long unaskedBytes;
  private long askedNanos;

  private volatile boolean refusing;

  /** What the last group took, from asking for room to its sync. */
  private volatile long lastNanos = Long.MAX_VALUE;

  /**
   * @param onTold gets the number behind the last record whose callback has run
   */
  ReceiveLog(
      SegmentLog segments,
      Room room,
      long queueBytes,
      LongConsumer onTold,
      Clock clock,
      MeterRegistry meters) {
    this.segments = segments;
    this.room = room;
    this.queueBytes = queueBytes;
    this.onTold = onTold;
    this.clock = clock;
    this.askedNanos = clock.nanos() - ASK_NANOS;
    failures = meters.counter("vigie.event.log.failures");
    records = meters.counter("vigie.event.log.records");
    syncs = meters.timer("vigie.event.log.sync");
    Gauge.builder("vigie.event.log.refusing", this, me -> me.refusing ? 1 : 0)
        .description("1 while the disk refuses events, so that none are acknowledged")
        .register(meters);
    Gauge.builder("vigie.event.queue.bytes", this, me -> me.queuedBytes()).register(meters);
  }

  /** Begins to write, on a thread of the executor's until {@link #close}. */
  void start(Executor writer) {
    writer.execute(this::run);
  }

  /** See {@link vigie.collector.event.EventStore#append}. Not to be called from a callback. */
  void append(List<ByteBuffer> records, Runnable whenDurable) {
    append(records, whenDurable, true);
  }

  /** The same, with {@link #flush} to follow. */
  void appendUnflushed(List<ByteBuffer> records, Runnable whenDurable) {
    append(records, whenDurable, false);
  }

  private void append(List<ByteBuffer> records, Runnable whenDurable, boolean wakes) {
    long bytes = 0;
    for (ByteBuffer record : records) {
      bytes += record.remaining();
    }
    lock.lock();
    try {
      while (queued > 0 && queued + bytes > queueBytes && !closing) {
        if (!writing) {
          changed.signal(); // what fills it may be this thread's own, not flushed yet
        }
        roomier.await();
      }
      if (closing) {
        throw new IllegalStateException("the event store is closed");
      }
      queue.add(new Pending(records, bytes, whenDurable));
      queued += bytes;
      if (wakes && !writing) {
        changed.signal(); // whoever writes looks again by itself
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for room in the event queue", e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Writes one group, syncs and calls back on this thread, unless another is writing, which then
   * sees to it. Tries once: where the disk refuses, the writer goes on with it.
   */
  void flush() {
    List<Pending> batch = new ArrayList<>();
    lock.lock();
    try {
      if (writing || closing) {
        return;
      }
      takeGroup(batch);
      writing = !batch.isEmpty();
    } finally {
      lock.unlock();
    }
    if (batch.isEmpty()) {
      return;
    }
    boolean written = false;
    try {
      long first = tryToWrite(batch);
      written = first >= 0;
      if (written) {
        tell(batch, first);
      }
    } finally {
      hand(written ? List.of() : batch);
    }
  }

  /** Lets the writer go on, with what this thread could not write. */
  private void hand(List<Pending> unwritten) {
    lock.lock();
    try {
      writing = false;
      for (int i = unwritten.size() - 1; i >= 0; i--) {
        queue.addFirst(unwritten.get(i));
        queued += unwritten.get(i).bytes;
      }
      if (!queue.isEmpty() || closing) {
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether the last group was quickly on the disk and that refuses nothing. */
  boolean isPrompt() {
    return lastNanos < PROMPT_NANOS && !refusing;
  }

  private long queuedBytes() {
    lock.lock();
    try {
      return queued;
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      for (List<Pending> batch = next(false); !batch.isEmpty(); batch = next(true)) {
        long first = write(batch);
        if (first < 0) {
          return; // closing, and the disk still refuses: the senders keep what is not acknowledged
        }
        tell(batch, first);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      shut();
      ended.countDown();
    }
  }

  /**
   * What has queued up, waiting for the first; empty at the end.
   *
   * @param wrote whether this thread was the one that is writing
   */
  private List<Pending> next(boolean wrote) throws InterruptedException {
    List<Pending> batch = new ArrayList<>();
    lock.lock();
    try {
      writing &= !wrote;
      while (writing || (queue.isEmpty() && !closing)) {
        changed.await();
      }
      takeGroup(batch);
      writing = true;
    } finally {
      lock.unlock();
    }
    return batch;
  }

  /** Moves a group out of the queue; with {@link #lock} held. */
  private void takeGroup(List<Pending> batch) {
    long bytes = 0;
    int records = 0;
    for (Pending next = queue.peek();
        next != null && records < BATCH_RECORDS;
        next = queue.peek()) {
      bytes += next.bytes;
      records += next.records.size();
      if (bytes > BATCH_BYTES && !batch.isEmpty()) {
        break;
      }
      batch.add(queue.remove());
      queued -= next.bytes;
    }
    roomier.signalAll();
  }

  /** The number of the first record, now durable; -1 if the log closes before the disk takes it. */
  private long write(List<Pending> batch) throws InterruptedException {
    long first = tryToWrite(batch);
    for (Duration pause = FIRST_PAUSE; first < 0 && pause(pause); pause = longer(pause)) {
      first = tryToWrite(batch);
    }
    return first;
  }

  /** The number of the first record, now durable; -1 if the disk refuses. */
  private long tryToWrite(List<Pending> batch) {
    List<ByteBuffer> buffers = new ArrayList<>();
    long bytes = 0;
    for (Pending pending : batch) {
      buffers.addAll(pending.records);
      bytes += pending.bytes;
    }
    long begun = clock.nanos();
    try {
      requireRoom(bytes);
      long first = segments.append(buffers);
      long before = clock.nanos();
      segments.sync();
      long now = clock.nanos();
      syncs.record(now - before, TimeUnit.NANOSECONDS);
      lastNanos = now - begun;
      taken();
      return first;
    } catch (IOException e) {
      refused(e);
      return -1;
    }
  }

  private void requireRoom(long bytes) throws IOException {
    long now = clock.nanos();
    unaskedBytes += bytes;
    if (refusing || unaskedBytes >= ASK_BYTES || now - askedNanos >= ASK_NANOS) {
      room.require(bytes);
      unaskedBytes = 0;
      askedNanos = now;
    }
  }

  private void tell(List<Pending> batch, long first) {
    int count = 0;
    for (Pending pending : batch) {
      count += pending.records.size();
      try {
        pending.whenDurable.run();
      } catch (RuntimeException | Error e) {
        // An Error too: those behind it are durable all the same, and the next ones must be.
        log.error("an event's callback failed", e);
      }
    }
    records.increment(count);
    onTold.accept(first + count);
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  private void refused(IOException e) {
    failures.increment();
    if (!refusing) {
      refusing = true;
      log.error(
          "events are neither taken nor acknowledged until the disk takes them cause=\"{}\"",
          e.getMessage());
    }
  }

  private void taken() {
    if (refusing) {
      refusing = false;
      log.info("events are taken again");
    }
  }

  /** Waits; false if the store closes meanwhile. */
  private boolean pause(Duration pause) throws InterruptedException {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (left > 0 && !closing) {
        left = changed.awaitNanos(left);
      }
      return !closing;
    } finally {
      lock.unlock();
    }
  }

  private void shut() {
    lock.lock();
    try {
      closing = true;
      changed.signalAll();
      roomier.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more, writes and acknowledges what is queued, ends the thread. */
  @Override
  public void close() {
    shut();
    try {
      if (!ended.await(CLOSE_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        log.error("the event writer did not end within seconds={}", CLOSE_LIMIT.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
