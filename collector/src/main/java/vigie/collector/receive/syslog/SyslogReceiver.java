package vigie.collector.receive.syslog;

import io.micrometer.core.instrument.Counter;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.socket.SocketChannel;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.net.ReloadingTls;
import vigie.base.time.Scheduler;
import vigie.collector.receive.Limit;
import vigie.collector.receive.Listener;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Records;
import vigie.collector.receive.Turns;

/**
 * Listens for syslog by UDP, TCP and TLS and gives each record to the sink as an event. Syslog has
 * no acknowledgement: a sender knows nothing of what was on its way when either end was killed.
 * Safe for all threads.
 */
public final class SyslogReceiver implements AutoCloseable {
  private static final Duration CHECK_EVERY = Duration.ofSeconds(1);
  private static final Duration FAREWELL = Duration.ofSeconds(10);
  private static final int LARGEST_DATAGRAM = 65_535;
  private static final int DATAGRAMS_AT_ONCE = 64;

  private final Receiving receiving;
  private final EventLoops loops;
  private final Records records;
  private final SyslogMeters meters;
  private final Map<String, Counter> messages = new ConcurrentHashMap<>();
  private final Map<Channel, SyslogSession> sessions = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private final List<Channel> datagrams = new CopyOnWriteArrayList<>();
  private final Scheduler.Task check;
  private volatile boolean closing;

  /**
   * A receiver that listens nowhere yet.
   *
   * @param scheduler runs the time limits
   */
  public SyslogReceiver(Receiving receiving, EventLoops loops, Scheduler scheduler) {
    this.receiving = receiving;
    this.loops = loops;
    this.records = new Records(receiving.limits(), receiving.meters());
    this.meters = new SyslogMeters(receiving.registry(), sessions::size);
    this.check = scheduler.every(CHECK_EVERY, CHECK_EVERY, this::checkTime);
  }

  /**
   * Listens for connections.
   *
   * @param tls null for plain ones
   * @param handshakes runs the expensive parts of TLS
   * @return the port, also where 0 was asked for
   * @throws java.io.UncheckedIOException if the address cannot be bound; its message names it
   */
  public int listen(InetSocketAddress address, @Nullable ReloadingTls tls, Executor handshakes) {
    String transport = tls == null ? "tcp" : "tls";
    Listener listener =
        new Listener(
            receiving,
            new Listener.Sessions() {
              @Override
              public void open(SocketChannel channel, Peer peer) {
                SyslogReceiver.this.open(channel, transport, peer);
              }

              @Override
              public void refused(String reason) {
                meters.refused(reason);
              }
            },
            loops,
            tls == null ? "syslog" : "syslog over TLS",
            address,
            tls,
            handshakes);
    listeners.add(listener);
    return listener.port();
  }

  /**
   * Listens for datagrams.
   *
   * @return the port, also where 0 was asked for
   * @throws java.io.UncheckedIOException if the address cannot be bound; its message names it
   */
  public int listenUdp(InetSocketAddress address) {
    ChannelFuture bind =
        new Bootstrap()
            .group(loops.group())
            .channel(loops.datagramChannel())
            .option(ChannelOption.SO_RCVBUF, receiving.limits().of(Limit.UDP_BUFFER_BYTES))
            .option(
                ChannelOption.RECVBUF_ALLOCATOR,
                new FixedRecvByteBufAllocator(LARGEST_DATAGRAM)
                    .maxMessagesPerRead(DATAGRAMS_AT_ONCE))
            .handler(new SyslogDatagrams(this))
            .bind(
                address.isUnresolved()
                    ? new InetSocketAddress(address.getHostString(), address.getPort())
                    : address)
            .awaitUninterruptibly();
    if (!bind.isSuccess()) {
      throw Listener.cannotListen("syslog datagrams", address, bind.cause());
    }
    datagrams.add(bind.channel());
    int port = ((InetSocketAddress) bind.channel().localAddress()).getPort();
    UdpDrops drops = new UdpDrops(Path.of("/proc"), port);
    meters.kernelDrops(drops);
    receiving.meters().kernelDrops(drops::count);
    return port;
  }

  private void open(SocketChannel channel, String transport, Peer peer) {
    if (closing) {
      channel.close();
      return;
    }
    SyslogSession session = new SyslogSession(this, channel, transport, peer);
    sessions.put(channel, session);
    channel.closeFuture().addListener(closed -> sessions.remove(channel));
    channel.pipeline().addLast(session);
  }

  private void checkTime() {
    sessions.forEach((channel, session) -> channel.eventLoop().execute(session::checkTime));
  }

  Batch batch(String transport, Turns.Source source, Peer peer) {
    Counter counter = messages.computeIfAbsent(transport, receiving::messages);
    return new Batch(receiving, records, meters, counter, source, peer);
  }

  Receiving receiving() {
    return receiving;
  }

  SyslogMeters meters() {
    return meters;
  }

  /** Stops accepting and reading, and waits at most ten seconds until what came is durable. */
  @Override
  public void close() {
    closing = true;
    listeners.forEach(Listener::close);
    datagrams.forEach(channel -> channel.close().awaitUninterruptibly());
    sessions.forEach((channel, session) -> channel.eventLoop().execute(session::end));
    sessions.keySet().forEach(channel -> channel.closeFuture().awaitUninterruptibly(1000));
    receiving.awaitEmpty(FAREWELL);
    check.cancel();
  }
}
