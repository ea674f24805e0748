package vigie.collector.receive.relp;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.net.ReloadingTls;
import vigie.base.relp.RelpLimits;
import vigie.base.relp.RelpOffers;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.event.EventSink;
import vigie.collector.receive.Listener;
import vigie.collector.receive.ReceiveLimits;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Records;

/**
 * Listens for RELP and gives each record to the sink. A record is answered with 200 once the sink
 * says that it is durable, in the order of each session, and with nothing else ever. Safe for all
 * threads.
 */
public final class RelpReceiver implements AutoCloseable {
  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);

  private final Receiving receiving;
  private final RelpLimits limits;
  private final EventLoops loops;
  private final RelpMeters meters;
  private final RelpOffers offers;
  private final Records records;
  private final Identities identities = new Identities();
  private final Map<Channel, RelpSession> sessions = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final Scheduler.Task check;
  private volatile boolean closing;

  /**
   * A receiver that listens nowhere yet.
   *
   * @param loops its own: where the sink is prompt, they wait for it
   * @param software what it says about itself in open: {@code NAME,VERSION,URL}
   * @param scheduler runs the time limits
   */
  public RelpReceiver(Receiving receiving, EventLoops loops, String software, Scheduler scheduler) {
    this.receiving = receiving;
    this.limits = receiving.limits().relp();
    this.loops = loops;
    this.records = new Records(receiving.limits(), receiving.meters());
    this.meters =
        new RelpMeters(
            receiving.registry(),
            receiving.messages("relp"),
            sessions::size,
            receiving.turns()::queuedBytes);
    this.offers = RelpOffers.ours(software);
    this.check = scheduler.every(CHECK_EVERY, CHECK_EVERY, this::checkTime);
  }

  /**
   * A receiver of its own that listens on one plain port.
   *
   * @param executor runs the sessions' turns, which may block
   * @throws java.io.UncheckedIOException if the address cannot be bound
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
    this(
        new Receiving(
            ReceiveLimits.DEFAULTS.with(limits), sink, executor, loops, clock, scheduler, registry),
        loops,
        software,
        scheduler);
    listen(address, null, executor);
  }

  /**
   * Listens on one more address.
   *
   * @param tls null for plain connections
   * @param handshakes runs the expensive parts of TLS
   * @return the port, also where 0 was asked for
   * @throws java.io.UncheckedIOException if the address cannot be bound; its message names it
   */
  public int listen(InetSocketAddress address, @Nullable ReloadingTls tls, Executor handshakes) {
    Listener listener =
        new Listener(
            receiving,
            new Listener.Sessions() {
              @Override
              public void open(SocketChannel channel, Peer peer) {
                RelpReceiver.this.open(channel, peer);
              }

              @Override
              public void refused(String reason) {
                meters.refused(reason);
              }
            },
            loops,
            tls == null ? "RELP" : "RELP over TLS",
            address,
            tls,
            handshakes);
    listeners.add(listener);
    return listener.port();
  }

  private void open(SocketChannel channel, Peer peer) {
    if (closing) {
      channel.close();
      return;
    }
    RelpSession session = new RelpSession(this, channel, peer);
    sessions.put(channel, session);
    channel.closeFuture().addListener(closed -> sessions.remove(channel));
    channel.pipeline().addLast(session);
  }

  private void checkTime() {
    sessions.forEach((channel, session) -> channel.eventLoop().execute(session::checkTime));
  }

  /**
   * The nodes whose agents have a session now, with how long ago each one's kernel answered on it
   * last. A session that a lost link left behind is among them until TCP's keep-alive ends it.
   */
  public Map<String, Duration> sessions() {
    Map<String, Duration> nodes = new HashMap<>();
    for (RelpSession session : sessions.values()) {
      String node = session.node();
      if (!node.isEmpty()) {
        nodes.merge(node, session.quiet(), (a, b) -> a.compareTo(b) < 0 ? a : b);
      }
    }
    return nodes;
  }

  /** The port of the first address, also where 0 was asked for. */
  public int port() {
    return listeners.get(0).port();
  }

  /**
   * Stops accepting and reading, waits until what came is stored and answered (at most the limit
   * {@code farewell}), says serverclose and gives the peers two seconds to close.
   */
  @Override
  public void close() {
    closing = true;
    listeners.forEach(Listener::close);
    sessions.forEach(
        (channel, session) -> channel.eventLoop().execute(() -> session.end("shutdown")));
    ChannelGroup left = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    left.addAll(sessions.keySet());
    left.newCloseFuture().awaitUninterruptibly(limits.farewell().plusSeconds(2).toMillis());
    check.cancel();
    left.close().awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  Receiving receiving() {
    return receiving;
  }

  RelpLimits limits() {
    return limits;
  }

  RelpMeters meters() {
    return meters;
  }

  RelpOffers offers() {
    return offers;
  }

  Records records() {
    return records;
  }

  Identities identities() {
    return identities;
  }
}
