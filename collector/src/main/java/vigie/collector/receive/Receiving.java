package vigie.collector.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.EventSink;
import vigie.collector.event.SyslogRecords;

/**
 * What the receivers share: limits and who keeps them, the way to the sink, what is counted. Safe
 * for all threads.
 */
public final class Receiving implements AutoCloseable {
  private static final String MESSAGES = "vigie.syslog.messages";

  /** A batch is handed on before it has more than half of that, and its array doubles. */
  private static final int KEPT_BYTES = 128 << 10;

  /** Their columns are then smaller than the array. */
  private static final int KEPT_RECORDS = 2_048;

  /** As many batches as one source has under way in a storm. */
  private static final int IDLE_BATCHES = 128;

  private final ReceiveLimits limits;
  private final EventSink sink;
  private final Clock clock;
  private final MeterRegistry registry;
  private final ReceiveMeters meters;
  private final Turns turns;
  private final PeerFaults faults;
  private final SyslogRouter router;
  private volatile Senders senders = Senders.NO_RELAYS;

  private final Map<InetAddress, Integer> perAddress = new HashMap<>(); // guarded by itself
  private int connections; // guarded by perAddress
  private final AtomicLong partialBytes = new AtomicLong();
  private final Queue<SyslogRecords> idle = new ArrayBlockingQueue<>(IDLE_BATCHES);

  /**
   * @param sink may block: it is called on {@code executor}, or where it is prompt
   * @param executor runs the sources' turns; has at most one of each source at a time, so it needs
   *     no bound of its own
   */
  public Receiving(
      ReceiveLimits limits,
      EventSink sink,
      Executor executor,
      EventLoops loops,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry registry) {
    this.limits = limits;
    this.sink = sink;
    this.clock = clock;
    this.registry = registry;
    this.meters = new ReceiveMeters(registry, limits, () -> turns().queuedBytes());
    Gauge.builder("vigie.receive.partial.bytes", partialBytes, AtomicLong::get)
        .description("Bytes of records that are not whole yet")
        .strongReference(true)
        .register(registry);
    this.turns = new Turns(executor, limits, clock, meters);
    this.faults = new PeerFaults(clock);
    this.router =
        new SyslogRouter(loops, scheduler, limits, registry, () -> meters.hit(Limit.FORWARD_BYTES));
  }

  /** Who may speak for other nodes, from now on. */
  public void senders(Senders now) {
    senders = now;
  }

  public Senders senders() {
    return senders;
  }

  public ReceiveLimits limits() {
    return limits;
  }

  public EventSink sink() {
    return sink;
  }

  public Clock clock() {
    return clock;
  }

  /**
   * The time of receipt of what is taken now: as exact as it is stored, so that the sink need not
   * stamp the event anew.
   */
  public Instant received() {
    return clock.now().truncatedTo(ChronoUnit.MICROS);
  }

  public MeterRegistry registry() {
    return registry;
  }

  public ReceiveMeters meters() {
    return meters;
  }

  public Turns turns() {
    return turns;
  }

  public PeerFaults faults() {
    return faults;
  }

  /** To be filled by a receiver, and given back to {@link #emptied}. */
  public SyslogRecords emptyRecords() {
    SyslogRecords used = idle.poll();
    return used == null ? new SyslogRecords() : used;
  }

  /**
   * For the next batch, unless a giant or very many made it large; nobody may use them any more.
   */
  public void emptied(SyslogRecords records) {
    if (records.frames().capacity() <= KEPT_BYTES && records.frames().count() <= KEPT_RECORDS) {
      records.clear();
      idle.offer(records);
    }
  }

  /** What happens to foreign records. */
  public SyslogRouter router() {
    return router;
  }

  /**
   * Counts records taken: durable, or dropped because a route says so.
   *
   * @param transport {@code udp}, {@code tcp}, {@code tls} or {@code relp}
   */
  public Counter messages(String transport) {
    return Counter.builder(MESSAGES)
        .description("Syslog records taken: durable in the event store, or dropped by a route")
        .tag("transport", transport)
        .register(registry);
  }

  /** Counts the connection in; otherwise the limit that it broke, counted. */
  @Nullable Limit admit(InetAddress address) {
    Limit broken = null;
    synchronized (perAddress) {
      int count = perAddress.getOrDefault(address, 0);
      if (connections >= limits.of(Limit.CONNECTIONS)) {
        broken = Limit.CONNECTIONS;
      } else if (!address.isLoopbackAddress()
          && count >= limits.of(Limit.CONNECTIONS_PER_ADDRESS)) {
        broken = Limit.CONNECTIONS_PER_ADDRESS;
      } else {
        connections++;
        perAddress.put(address, count + 1);
      }
    }
    if (broken != null) {
      meters.hit(broken);
    }
    return broken;
  }

  /**
   * Counts bytes of records that are not whole yet. Many connections with a part of a record each
   * may hold as much as the queue does.
   *
   * @param more than before; negative for less
   * @return whether there is room for them
   */
  public boolean holdPartial(long more) {
    boolean room = partialBytes.addAndGet(more) <= limits.of(Limit.QUEUE_BYTES);
    if (!room) {
      meters.hit(Limit.QUEUE_BYTES);
    }
    return room || more <= 0;
  }

  /** The connection proved who it is: it no longer counts against its address. */
  void proved(InetAddress address) {
    synchronized (perAddress) {
      perAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  /**
   * Counts the connection out.
   *
   * @param proved whether {@link #proved} was told of it
   */
  void left(InetAddress address, boolean proved) {
    synchronized (perAddress) {
      connections--;
      if (!proved) {
        perAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
      }
    }
  }

  /** Ends what forwards; after the receivers. */
  @Override
  public void close() {
    router.close();
  }

  /** Waits on the caller's thread until all that was received is durable. */
  public void awaitEmpty(Duration most) {
    long end = clock.nanos() + most.toNanos();
    synchronized (perAddress) {
      while (turns.queuedBytes() > 0 && end - clock.nanos() > 0) {
        try {
          perAddress.wait(20);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
