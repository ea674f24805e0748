package vigie.collector.receive.relp;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.relp.RelpDecoder;
import vigie.base.relp.RelpLimits;
import vigie.base.relp.RelpOffers;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.EventSink;

/**
 * Listens for RELP and gives each record to the sink as an event. A record is answered with 200
 * once the sink says that it is durable, in the order of each session, and with nothing else ever.
 * Safe for all threads.
 */
public final class RelpReceiver implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RelpReceiver.class);
  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);
  private static final Duration KEEP_ALIVE_EVERY = Duration.ofSeconds(5);
  private static final int KEEP_ALIVE_PROBES = 3;
  private static final long LOG_EVERY_NANOS = 10_000_000_000L;

  private final RelpLimits limits;
  private final EventSink sink;
  private final Executor executor;
  private final Clock clock;
  private final RelpMeters meters;
  private final RelpOffers offers;
  private final Identities identities = new Identities();
  private final AtomicLong unackedBytes = new AtomicLong();
  private final Map<Channel, RelpSession> sessions = new ConcurrentHashMap<>();
  private final Map<InetAddress, Integer> perAddress = new HashMap<>();
  private final Scheduler.Task check;
  private final Channel listening;
  private volatile boolean closing;

  // Guarded by this.
  private long lastLoggedNanos;
  private boolean logged;
  private long unlogged;

  /**
   * Listens.
   *
   * @param software what it says about itself in open: {@code NAME,VERSION,URL}
   * @param sink may block: it is called on {@code executor} only
   * @param executor runs the sessions' turns; has at most one of each session at a time, so it
   *     needs no bound of its own
   * @param scheduler runs the time limits
   * @throws UncheckedIOException if the address cannot be bound; its message names the address
   */
  public RelpReceiver(
      EventLoops loops,
      InetSocketAddress address,
      String software,
      RelpLimits limits,
      EventSink sink,
      Executor executor,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry registry) {
    this.limits = limits;
    this.sink = sink;
    this.executor = executor;
    this.clock = clock;
    this.meters = new RelpMeters(registry, sessions::size, unackedBytes::get);
    this.offers = RelpOffers.ours(software);
    this.listening = listen(loops, address);
    this.check = scheduler.every(CHECK_EVERY, CHECK_EVERY, this::checkTime);
  }

  private Channel listen(EventLoops loops, InetSocketAddress address) {
    InetSocketAddress resolved =
        address.isUnresolved()
            ? new InetSocketAddress(address.getHostString(), address.getPort())
            : address;
    ChannelFuture bind =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannel())
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    // RELP has no ping: an open session is the sign that a quiet node lives, and
                    // what a lost link left behind must not hold a spool's identity for long.
                    loops.keepAlive(channel, KEEP_ALIVE, KEEP_ALIVE_EVERY, KEEP_ALIVE_PROBES);
                    accept(channel);
                  }
                })
            .bind(resolved)
            .awaitUninterruptibly();
    if (!bind.isSuccess()) {
      Throwable cause = bind.cause();
      throw new UncheckedIOException(
          "cannot listen for RELP on "
              + Addresses.format(address)
              + ": "
              + (cause == null ? "unknown" : cause.getMessage()),
          cause instanceof IOException io ? io : new IOException(cause));
    }
    return bind.channel();
  }

  private void accept(SocketChannel channel) {
    InetSocketAddress remote = channel.remoteAddress();
    if (remote == null) {
      channel.close(); // gone already
      return;
    }
    String refusal = closing ? "closing" : admit(remote.getAddress());
    if (!refusal.isEmpty()) {
      meters.refused(refusal);
      logFault(Addresses.format(remote), "too many connections, limit=" + refusal);
      channel.close();
      return;
    }
    RelpDecoder decoder = new RelpDecoder(limits);
    RelpSession session = new RelpSession(this, channel, decoder, remote);
    sessions.put(channel, session);
    channel
        .closeFuture()
        .addListener(
            closed -> {
              sessions.remove(channel);
              leave(remote.getAddress());
            });
    channel.pipeline().addLast(decoder).addLast(session);
  }

  /** Counts the connection in; otherwise the limit that it broke. */
  String admit(InetAddress address) {
    if (sessions.size() >= limits.connections()) {
      return "connections";
    }
    if (address.isLoopbackAddress()) {
      return "";
    }
    synchronized (perAddress) {
      int count = perAddress.getOrDefault(address, 0);
      if (count >= limits.connectionsPerAddress()) {
        return "address";
      }
      perAddress.put(address, count + 1);
      return "";
    }
  }

  void leave(InetAddress address) {
    synchronized (perAddress) {
      perAddress.computeIfPresent(address, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  private void checkTime() {
    sessions.forEach((channel, session) -> channel.eventLoop().execute(session::checkTime));
  }

  /** The nodes whose agents have a session now; one that lost its power leaves within a minute. */
  public Set<String> nodes() {
    return identities.nodes();
  }

  /** The port it listens on, also where 0 was asked for. */
  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /**
   * Stops accepting and reading, waits until what came is stored and answered (at most the limit
   * {@code farewell}), says serverclose and gives the peers two seconds to close.
   */
  @Override
  public void close() {
    closing = true;
    listening.close().awaitUninterruptibly();
    sessions.forEach(
        (channel, session) -> channel.eventLoop().execute(() -> session.end("shutdown")));
    ChannelGroup left = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    left.addAll(sessions.keySet());
    left.newCloseFuture().awaitUninterruptibly(limits.farewell().plusSeconds(2).toMillis());
    check.cancel();
    left.close().awaitUninterruptibly();
  }

  /** Logs a peer's fault, but at most one in 10 s: anybody can make them. */
  void logFault(String peer, String message) {
    long before;
    synchronized (this) {
      long now = clock.nanos();
      if (logged && now - lastLoggedNanos < LOG_EVERY_NANOS) {
        unlogged++;
        return;
      }
      logged = true;
      lastLoggedNanos = now;
      before = unlogged;
      unlogged = 0;
    }
    log.warn("peer at fault peer={} cause=\"{}\" unlogged={}", peer, message, before);
  }

  void addUnacked(long bytes) {
    unackedBytes.addAndGet(bytes);
  }

  boolean hasRoom() {
    return unackedBytes.get() < limits.totalUnackedBytes();
  }

  RelpLimits limits() {
    return limits;
  }

  EventSink sink() {
    return sink;
  }

  Executor executor() {
    return executor;
  }

  Clock clock() {
    return clock;
  }

  RelpMeters meters() {
    return meters;
  }

  RelpOffers offers() {
    return offers;
  }

  Identities identities() {
    return identities;
  }
}
