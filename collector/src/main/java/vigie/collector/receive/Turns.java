package vigie.collector.receive;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;

/**
 * What was received and is not durable yet, shared fairly: each source (a certificate's name, else
 * an address) has a queue of its own, takes its turn of some bytes on the executor behind the
 * others' turns (where it is alone, on its own thread), and may fill a part of the whole only. Work
 * of one source is done in order, by one thread at a time. Safe for all threads.
 */
public final class Turns {
  /** Sources that are known apart; while none of them can be forgotten, the others share one. */
  static final int MOST_SOURCES = 10_000;

  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final Executor executor;
  private final Clock clock;
  private final long queueBytes;
  private final long sourceBytes;
  private final long turnBytes;
  private final long nanosPerRecord;
  private final AtomicLong queued = new AtomicLong();
  private final Queue<Runnable> stalled = new ConcurrentLinkedQueue<>();
  private final Map<String, Source> sources = new LinkedHashMap<>(16, 0.75f, true); // its own lock
  private final ReceiveMeters meters;
  private final Source others;

  Turns(Executor executor, ReceiveLimits limits, Clock clock, ReceiveMeters meters) {
    this.executor = executor;
    this.clock = clock;
    this.meters = meters;
    this.queueBytes = limits.of(Limit.QUEUE_BYTES);
    this.sourceBytes = limits.of(Limit.SOURCE_BYTES);
    this.turnBytes = limits.of(Limit.TURN_BYTES);
    int rate = limits.of(Limit.RECORDS_PER_SECOND);
    this.nanosPerRecord = rate == 0 ? 0 : SECOND / rate;
    this.others = new Source("other");
  }

  /** A part of a source's stream: one record or several. */
  public interface Work {
    /** Bytes that it holds, for the turn. */
    int size();

    /** Does it, on the executor or the thread of {@link Source#addOrTake}; may block. */
    void take();

    /** Told instead where the executor takes nothing more. */
    void refused();
  }

  /** The source of this name, the same for all its connections and datagrams. */
  public Source source(String name) {
    synchronized (sources) {
      Source known = sources.get(name);
      if (known != null) {
        return known;
      }
      if (sources.size() >= MOST_SOURCES) {
        Iterator<Source> eldest = sources.values().iterator();
        if (eldest.next().queuedBytes.get() > 0) {
          return others; // or forged addresses would fill the memory while the sink stands still
        }
        eldest.remove();
      }
      Source source = new Source(name);
      sources.put(name, source);
      return source;
    }
  }

  private static void run(Queue<Runnable> stalled) {
    for (Runnable next = stalled.poll(); next != null; next = stalled.poll()) {
      next.run();
    }
  }

  /** Bytes received and not yet durable. */
  public long queuedBytes() {
    return queued.get();
  }

  /** One sender of records. */
  public final class Source {
    private final String name;
    private final ArrayDeque<Work> waiting = new ArrayDeque<>(); // guarded by itself
    private boolean draining; // guarded by waiting
    private final AtomicLong queuedBytes = new AtomicLong();
    private final Queue<Runnable> ownStalled = new ConcurrentLinkedQueue<>();

    /** When the records taken so far have used up the rate. */
    private final AtomicLong spentNanos = new AtomicLong(clock.nanos());

    final ReceiveMeters.OfSource counts;

    private Source(String name) {
      this.name = name;
      this.counts = meters.source(name);
    }

    public String name() {
      return name;
    }

    /** What is counted of it. */
    public ReceiveMeters.OfSource counts() {
      return counts;
    }

    /** Queues work; its bytes count until {@link #done}. */
    public void add(Work work, int records, int bytes) {
      if (queue(work, records, bytes)) {
        startDraining();
      }
    }

    /**
     * The same on a thread that may block: where nothing else waits, from any source, it does the
     * work itself, which spares a lone sender two changes of thread.
     */
    public void addOrTake(Work work, int records, int bytes) {
      if (!queue(work, records, bytes)) {
        return;
      }
      if (!isAlone(bytes)) {
        startDraining();
        return;
      }
      Work next = next(); // this one, since a turn begins with an empty queue
      if (next != null) {
        next.take();
      }
      if (hasMore()) {
        startDraining();
      }
    }

    /** Whether the source's turn is to begin. */
    private boolean queue(Work work, int records, int bytes) {
      counts.records.increment(records);
      counts.bytes.increment(bytes);
      queuedBytes.addAndGet(bytes);
      queued.addAndGet(bytes);
      if (nanosPerRecord > 0) {
        long now = clock.nanos();
        spentNanos.updateAndGet(
            spent -> (spent - now > 0 ? spent : now) + records * nanosPerRecord);
      }
      synchronized (waiting) {
        waiting.add(work);
        boolean start = !draining;
        draining = true;
        return start;
      }
    }

    /** Whether nothing else was received that is not durable yet, from any source. */
    public boolean isAlone(long bytes) {
      return queued.get() <= bytes;
    }

    /** Frees the bytes of work that is durable, or given up. */
    public void done(long bytes) {
      // Not before half of it is free: else each record that is done wakes all who wait.
      if (queuedBytes.addAndGet(-bytes) <= sourceBytes / 2) {
        run(ownStalled);
      }
      if (queued.addAndGet(-bytes) <= queueBytes / 2) {
        run(stalled);
      }
    }

    /** Whether more may be read; otherwise the limit that forbids it is counted. */
    public boolean hasRoom() {
      Limit limit =
          queued.get() >= queueBytes
              ? Limit.QUEUE_BYTES
              : queuedBytes.get() >= sourceBytes
                  ? Limit.SOURCE_BYTES
                  : isTooFast() ? Limit.RECORDS_PER_SECOND : null;
      if (limit == null) {
        return true;
      }
      meters.hit(limit);
      return false;
    }

    /** Once a second's worth of records is ahead of its time. */
    private boolean isTooFast() {
      return nanosPerRecord > 0 && spentNanos.get() - clock.nanos() > SECOND;
    }

    /**
     * Runs it once when work is done and half of what was full is free, so that a reader that
     * stopped looks again.
     *
     * @return false where nothing is queued any more and it will not run: the rate is the reason
     *     then, and time changes that
     */
    public boolean whenRoomier(Runnable look) {
      if (queued.get() >= queueBytes) {
        return stalled.add(look);
      }
      return queuedBytes.get() > 0 && ownStalled.add(look);
    }

    private void startDraining() {
      try {
        executor.execute(this::drain);
      } catch (RejectedExecutionException shuttingDown) {
        for (Work next = next(); next != null; next = next()) {
          next.refused();
        }
      }
    }

    /** One turn; what is left waits behind the other sources' turns. */
    private void drain() {
      long turn = 0;
      while (turn < turnBytes) {
        Work next = next();
        if (next == null) {
          return;
        }
        turn += next.size() + 64L;
        next.take();
      }
      if (hasMore()) {
        meters.hit(Limit.TURN_BYTES);
        startDraining();
      }
    }

    /** Whether the turn must go on; else it has ended. */
    private boolean hasMore() {
      synchronized (waiting) {
        draining = !waiting.isEmpty();
        return draining;
      }
    }

    private @Nullable Work next() {
      synchronized (waiting) {
        Work next = waiting.poll();
        draining = next != null;
        return next;
      }
    }
  }
}
