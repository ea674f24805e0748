package vigie.agent.ship;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.SocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.spool.Spool;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.relp.RelpDecoder;
import vigie.base.relp.RelpLimits;
import vigie.base.relp.RelpOffers;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * Ships the spool's events to the collector and acknowledges to the spool what it has stored; keeps
 * at it for ever, with growing pauses. Nothing is taken out of the spool before the collector's
 * answer, so what a lost link leaves open is sent again, and the collector tells doubles by their
 * seq. Safe for all threads; all state is owned by one event loop.
 */
public final class Ship implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Ship.class);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
  private static final Duration KEEP_ALIVE_EVERY = Duration.ofSeconds(10);
  private static final int KEEP_ALIVE_PROBES = 3;
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
  private final String peer;
  private final Lookup lookup;
  private final AtomicBoolean waking = new AtomicBoolean();
  private final CountDownLatch done = new CountDownLatch(1);
  private volatile boolean connected;

  // Owned by the event loop.
  private @Nullable ShipSession session;
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
            () -> Math.max(0, spool.last() - spool.acknowledged()));
    this.peer = Addresses.format(config.collector());
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
        log.info("left with events unsent peer={} pending={}", peer, pending());
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

  /** Looks the name up where that may block, then connects. */
  private void connect() {
    if (stopping) {
      return;
    }
    try {
      executor.execute(
          () -> {
            InetAddress[] addresses = lookUp(config.collector().getHostString());
            execute(() -> connect(addresses));
          });
    } catch (RejectedExecutionException closing) {
      stopping = true;
    }
  }

  private InetAddress[] lookUp(String host) {
    try {
      return lookup.all(host);
    } catch (UnknownHostException e) {
      return new InetAddress[0];
    }
  }

  private void connect(InetAddress[] addresses) {
    if (stopping) {
      return;
    }
    if (addresses.length == 0) {
      failed("lookup", "the name " + config.collector().getHostString() + " cannot be looked up");
      return;
    }
    // In turn where the name has several: the next one after a failure, the same one while it is
    // good.
    InetSocketAddress target =
        new InetSocketAddress(
            addresses[failedAddresses % addresses.length], config.collector().getPort());
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(loops.clientChannel())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) config.open().toMillis())
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    // RELP has no ping: without this a collector that lost its power would be
                    // noticed
                    // at the next event only.
                    loops.keepAlive(channel, KEEP_ALIVE, KEEP_ALIVE_EVERY, KEEP_ALIVE_PROBES);
                    channel.pipeline().addLast(new RelpDecoder(RelpLimits.DEFAULTS));
                  }
                });
    bootstrap.connect(target).addListener((ChannelFuture connecting) -> connected(connecting));
  }

  private void connected(ChannelFuture connecting) {
    if (!connecting.isSuccess()) {
      Throwable cause = connecting.cause();
      failed("connect", cause == null ? "unknown" : String.valueOf(cause.getMessage()));
    } else if (stopping) {
      connecting.channel().close();
    } else {
      session = new ShipSession(this, connecting.channel());
      connecting.channel().pipeline().addLast(session);
      session.begin();
    }
  }

  /** Events have begun to reach the collector. */
  void established(String software) {
    connected = true;
    away = false;
    told = "";
    log.info("connected peer={} software={} pending={}", peer, software, pending());
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
      log.info("session renewed peer={}", peer);
      connect();
    } else if (wasEstablished && !reason.equals("refused")) {
      meters.failure(reason);
      log.warn("link lost peer={} pending={} cause=\"{}\"", peer, pending(), cause);
      told = reason;
      reconnectLater();
    } else {
      failed(reason, cause);
    }
  }

  /** Tells a reason once, not each time. */
  private void failed(String reason, String cause) {
    failedAddresses = (failedAddresses + 1) & Integer.MAX_VALUE;
    meters.failure(reason);
    if (told.isEmpty() || (!told.equals(reason) && !reason.equals("connect"))) {
      log.warn("collector takes no events peer={} pending={} cause=\"{}\"", peer, pending(), cause);
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
    long most = pauseNanos(clock.nanos() - awaySinceNanos);
    // Less by up to half, so that a fleet does not come as one.
    after(
        Duration.ofNanos(most - ThreadLocalRandom.current().nextLong(most / 2 + 1)), this::connect);
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

  ShipConfig config() {
    return config;
  }

  RelpOffers offers() {
    return offers;
  }

  Spool spool() {
    return spool;
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
