package vigie.agent.ship;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolRecord;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.relp.RelpOffers;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Ships the spool's events to the first collector that answers, in order of preference, and
 * acknowledges to the spool what it has stored; keeps at it for ever, with growing pauses. Nothing
 * is taken out of the spool before the collector's answer, so what a lost link leaves open is sent
 * again, and the collector tells doubles by their seq. Safe for all threads; all state is owned by
 * one event loop.
 */
public final class Ship implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Ship.class);
  private static final int FAREWELL_SECONDS = 2;

  private final ShipConfig config;
  private final RelpOffers offers;
  private final Spool spool;
  private final EventLoops loops;
  private final EventLoop loop;
  private final Executor executor;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Runnable onConnected;
  private final ShipMeters meters;
  private final Lookup lookup;
  private final AtomicBoolean waking = new AtomicBoolean();
  private final CountDownLatch done = new CountDownLatch(1);
  private volatile boolean connected;
  private volatile int inUse;

  // Owned by the event loop.
  private @Nullable Session session;
  private final Preference preference;
  private boolean looking;
  private int failedAddresses;
  private long awaySinceNanos; // means something while away
  private boolean away;
  private String told = "";
  private boolean stopping;

  /**
   * @param software what it says about itself in open: {@code NAME,VERSION,URL}
   * @param executor reads the spool and looks up the collector's name: may block
   * @param onConnected run on {@code executor} each time that events have begun to reach the
   *     collector, the first time included
   */
  public Ship(
      ShipConfig config,
      String software,
      Spool spool,
      EventLoops loops,
      Executor executor,
      Clock clock,
      Scheduler scheduler,
      Runnable onConnected,
      MeterRegistry registry) {
    this(
        config,
        software,
        spool,
        loops,
        executor,
        clock,
        scheduler,
        onConnected,
        registry,
        Lookup.SYSTEM);
  }

  Ship(
      ShipConfig config,
      String software,
      Spool spool,
      EventLoops loops,
      Executor executor,
      Clock clock,
      Scheduler scheduler,
      Runnable onConnected,
      MeterRegistry registry,
      Lookup lookup) {
    this.lookup = lookup;
    this.config = config;
    this.offers = RelpOffers.ours(software);
    this.spool = spool;
    this.loops = loops;
    this.loop = loops.group().next();
    this.executor = executor;
    this.clock = clock;
    this.scheduler = scheduler;
    this.onConnected = onConnected;
    this.meters =
        new ShipMeters(
            registry,
            () -> connected ? 1 : 0,
            () -> Math.max(0, spool.last() - spool.acknowledged()),
            () -> inUse);
    this.preference = new Preference(config.targets().size(), config.patience(), config.again());
  }

  /** Begins to connect. Once. */
  public void start() {
    spool.onAppend(this::wake);
    execute(this::connect);
  }

  /** Whether events reach the collector now. */
  public boolean isConnected() {
    return connected;
  }

  /**
   * Sends a record that is in no spool, if a session is there and has room; otherwise it is
   * forgotten.
   */
  public void tell(byte[] record) {
    if (connected) {
      execute(
          () -> {
            if (session != null) {
              session.tell(record);
            }
          });
    }
  }

  /**
   * Sends what is left and ends the session, for at most two seconds; what then is not acknowledged
   * stays in the spool.
   */
  @Override
  public void close() {
    spool.onAppend(() -> {});
    execute(
        () -> {
          stopping = true;
          if (session == null) {
            done.countDown();
          } else {
            session.finish();
          }
        });
    try {
      if (!done.await(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
        log.info("left with events unsent pending={}", pending());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    execute(
        () -> {
          if (session != null) {
            session.end("", "");
          }
        });
  }

  /** The spool has more. */
  private void wake() {
    if (waking.compareAndSet(false, true)) {
      execute(
          () -> {
            waking.set(false);
            if (session != null) {
              session.pump();
            }
          });
    }
  }

  private void connect() {
    if (!stopping) {
      new Dialing(this, target(), failedAddresses, this::connected, this::failed).start();
    }
  }

  private void connected(Channel channel) {
    if (stopping) {
      channel.close();
      return;
    }
    Session begun =
        target().relp() ? new ShipSession(this, channel) : new SyslogSession(this, channel);
    session = begun;
    channel.pipeline().addLast(begun);
    begun.begin();
  }

  private Target target() {
    return config.targets().get(preference.current());
  }

  private String peer() {
    return Addresses.format(target().address());
  }

  /** Events have begun to reach the collector. */
  void established(String software) {
    connected = true;
    away = false;
    told = "";
    preference.answered();
    log.info("connected peer={} software={} pending={}", peer(), software, pending());
    lookForBetter();
    try {
      executor.execute(onConnected);
    } catch (RejectedExecutionException closing) {
      stopping = true;
    }
  }

  /**
   * A session is over.
   *
   * @param reason {@code ""} if it was meant to end
   */
  void ended(String reason, String cause, boolean wasEstablished) {
    session = null;
    connected = false;
    if (stopping) {
      done.countDown();
    } else if (reason.isEmpty()) {
      log.info("session renewed peer={}", peer());
      connect();
    } else if (wasEstablished && !reason.equals("refused")) {
      meters.failure(reason);
      log.warn("link lost peer={} pending={} cause=\"{}\"", peer(), pending(), cause);
      told = reason;
      reconnectLater();
    } else {
      failed(reason, cause);
    }
  }

  /** Tells a reason once, not each time. */
  private void failed(String reason, String cause) {
    // In turn where the name has several: the next one after a failure, the same one while it is
    // good.
    failedAddresses = (failedAddresses + 1) & Integer.MAX_VALUE;
    meters.failure(reason);
    if (told.isEmpty() || (!told.equals(reason) && !reason.equals("connect"))) {
      log.warn(
          "collector takes no events peer={} pending={} cause=\"{}\"", peer(), pending(), cause);
      told = reason;
    }
    reconnectLater();
  }

  private void reconnectLater() {
    if (stopping) {
      done.countDown();
      return;
    }
    if (!away) {
      away = true;
      awaySinceNanos = clock.nanos();
    }
    Target before = target();
    if (preference.failed(clock.nanos())) {
      inUse = preference.current();
      log.warn("no answer, the next collector is tried from={} to={}", before, target());
    }
    long most = pauseNanos(clock.nanos() - awaySinceNanos);
    // Less by up to half, so that a fleet does not come as one.
    after(
        Duration.ofNanos(most - ThreadLocalRandom.current().nextLong(most / 2 + 1)), this::connect);
  }

  /** From a collector that is not the preferred one, asks now and then whether a better answers. */
  private void lookForBetter() {
    if (!looking && preference.current() > 0) {
      looking = true;
      after(preference.pause(), () -> look(0));
    }
  }

  private void look(int better) {
    if (stopping || better >= preference.current()) {
      looking = false;
      lookForBetter();
      return;
    }
    new Look(this, config.targets().get(better), answers -> looked(better, answers)).start();
  }

  private void looked(int better, boolean answers) {
    Target before = target();
    if (preference.looked(better, answers, clock.nanos())) {
      looking = false;
      inUse = better;
      log.info("a preferred collector is there again from={} to={}", before, target());
      if (session != null) {
        session.leave();
      }
    } else if (answers) {
      look(preference.current()); // the better ones did not
    } else {
      look(better + 1);
    }
  }

  /**
   * The pause until the next connect, at most: half of how long the collector has been away. One
   * that is restarted has its events back soon, one that stays away is asked ever less often.
   */
  long pauseNanos(long awayNanos) {
    return Math.min(
        config.reconnectMost().toNanos(),
        Math.max(config.reconnectFirst().toNanos(), awayNanos / 2));
  }

  /** Runs a task on the event loop later. */
  void after(Duration delay, Runnable task) {
    scheduler.after(delay, () -> execute(task));
  }

  /** Runs a task on the event loop; not at all once that has ended. */
  void execute(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException ended) {
      done.countDown();
    }
  }

  private long pending() {
    return Math.max(0, spool.last() - spool.acknowledged());
  }

  EventLoops loops() {
    return loops;
  }

  EventLoop loop() {
    return loop;
  }

  Lookup lookup() {
    return lookup;
  }

  ShipConfig config() {
    return config;
  }

  RelpOffers offers() {
    return offers;
  }

  Spool spool() {
    return spool;
  }

  /**
   * Reads on from the spool, which may wait for the disk; a session that cannot ends.
   *
   * @param then has on the event loop what was read, perhaps nothing
   * @return false if nothing is read any more, since the agent stops
   */
  boolean read(
      Session session, long behind, int records, int bytes, Consumer<List<SpoolRecord>> then) {
    try {
      executor.execute(
          () -> {
            try {
              List<SpoolRecord> read = spool.read(behind, records, bytes);
              execute(() -> then.accept(read));
            } catch (RuntimeException failure) {
              execute(() -> session.end("spool", String.valueOf(failure.getMessage())));
            }
          });
      return true;
    } catch (RejectedExecutionException stopping) {
      return false;
    }
  }

  Executor executor() {
    return executor;
  }

  Clock clock() {
    return clock;
  }

  ShipMeters meters() {
    return meters;
  }
}
