package vigie.collector.receive;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.EventLoops;
import vigie.base.net.TlsFailure;
import vigie.base.time.Scheduler;

/**
 * Sends records on to another receiver of syslog, as they came: octet counted by TCP or TLS, or
 * each in a datagram. What waits is bounded; more is dropped and counted. Syslog acknowledges
 * nothing: by TCP and TLS a record counts as taken once the connection has lived on for {@link
 * #HELD} behind it. What was written later, as much of it as may wait at most, is sent again on the
 * next connection when one breaks; so a record may come twice, and is lost only where more was
 * under way. Safe for all threads.
 */
final class Forwarder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Forwarder.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final int CONNECT_MILLIS = 10_000;
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
  private static final Duration KEEP_ALIVE_EVERY = Duration.ofSeconds(10);
  private static final int KEEP_ALIVE_PROBES = 3;
  // A receiver that takes connections and drops them at once, such as one that refuses a client's
  // certificate in TLS 1.3, gets nothing to drop.
  private static final Duration SETTLED = Duration.ofSeconds(1);
  static final Duration HELD = Duration.ofSeconds(5);
  private static final int MOST_DATAGRAM = 65_000;
  private static final long AT_ONCE = 256 << 10;

  private static final String CLOSED = "the connection was closed";
  private static final String TLS_KEYS = "tls_config";

  private volatile SyslogRoutes.Target target;
  private final EventLoops loops;
  private final Scheduler scheduler;
  private final long mostBytes;
  private final Runnable onFull;
  private final Counter sent;
  private final Counter dropped;
  private final Counter failures;
  private final Gauge queued;
  private final MeterRegistry registry;

  // Guarded by this.
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private final ArrayDeque<Batch> held = new ArrayDeque<>();
  private long heldBytes;
  private long lastBatch;
  private long lastWritten;
  private boolean releasing;
  private @Nullable Channel channel;
  // Connected, and not yet trusted to take records.
  private @Nullable Channel settling;
  private boolean connecting;
  private boolean flushing;
  private boolean broken;
  private Duration pause = FIRST_PAUSE;
  private boolean closed;

  /** Records that were written together. */
  private record Batch(long number, List<byte[]> records, long bytes) {}

  /** What goes into one write; the batch is 0 for a datagram. */
  private record Taken(ByteBuf out, long batch) {}

  Forwarder(
      SyslogRoutes.Target target,
      EventLoops loops,
      Scheduler scheduler,
      long mostBytes,
      MeterRegistry registry,
      Runnable onFull) {
    this.target = target;
    this.loops = loops;
    this.scheduler = scheduler;
    this.mostBytes = mostBytes;
    this.onFull = onFull;
    sent = counter(registry, "vigie.syslog.forward.sent", "Records sent on to the target");
    dropped =
        counter(
            registry,
            "vigie.syslog.forward.dropped",
            "Records for the target that found no room or were too long for a datagram");
    failures =
        counter(registry, "vigie.syslog.forward.failures", "Connections to the target that failed");
    queued =
        Gauge.builder("vigie.syslog.forward.queue.bytes", this, Forwarder::waitingBytes)
            .description("Bytes of records that wait for the target")
            .tag("target", target.toString())
            .register(registry);
    this.registry = registry;
  }

  private Counter counter(MeterRegistry registry, String name, String description) {
    return Counter.builder(name)
        .description(description)
        .tag("target", target.toString())
        .register(registry);
  }

  private synchronized long waitingBytes() {
    return waitingBytes;
  }

  /**
   * Takes other certificates for the same target: connects anew, and what waits goes on waiting.
   */
  synchronized void use(SyslogRoutes.Target same) {
    target = same;
    Channel open = channel;
    if (open != null) {
      lost(open, "its certificates were changed");
      open.close();
    }
  }

  /** Queues the record, or drops it where there is no room. */
  synchronized void send(byte[] record) {
    boolean full = waitingBytes + record.length > mostBytes;
    if (closed || full || (target.udp() && record.length > MOST_DATAGRAM)) {
      dropped.increment();
      if (full) {
        onFull.run();
      }
      return;
    }
    waiting.add(record);
    waitingBytes += record.length;
    flush();
  }

  /** Has the channel's event loop send what waits; connects where there is no channel. */
  private synchronized void flush() {
    Channel to = channel;
    if (to == null) {
      if (!connecting) {
        connecting = true;
        scheduler.after(Duration.ZERO, this::connect); // a name may have to be looked up
      }
    } else if (!flushing) {
      flushing = true;
      to.eventLoop().execute(() -> write(to));
    }
  }

  private void write(Channel to) {
    synchronized (this) {
      flushing = false;
    }
    while (to.isActive() && to.isWritable()) {
      Taken taken = take(to);
      if (taken == null) {
        break;
      }
      if (target.udp()) {
        to.write(taken.out, to.voidPromise());
      } else {
        to.write(taken.out)
            .addListener(
                done -> {
                  if (done.isSuccess()) {
                    written(to, taken.batch);
                  }
                });
      }
    }
    to.flush();
  }

  /** A datagram, or as many frames as go into one write; null where nothing waits. */
  private synchronized @Nullable Taken take(Channel to) {
    if (waiting.isEmpty() || closed || to != channel) {
      return null;
    }
    if (target.udp()) {
      byte[] record = waiting.remove();
      waitingBytes -= record.length;
      sent.increment();
      return new Taken(Unpooled.wrappedBuffer(record), 0);
    }
    ByteBuf out = to.alloc().buffer();
    List<byte[]> records = new ArrayList<>();
    while (!waiting.isEmpty() && out.readableBytes() < AT_ONCE) {
      byte[] record = waiting.remove();
      waitingBytes -= record.length;
      out.writeCharSequence(record.length + " ", StandardCharsets.US_ASCII);
      out.writeBytes(record);
      records.add(record);
      sent.increment();
    }
    hold(new Batch(++lastBatch, records, out.readableBytes()));
    return new Taken(out, lastBatch);
  }

  /** Keeps it for another connection, and lets go of the oldest where that becomes too much. */
  private void hold(Batch batch) {
    held.add(batch);
    heldBytes += batch.bytes;
    while (heldBytes > mostBytes && held.size() > 1) {
      heldBytes -= held.remove().bytes;
    }
  }

  private synchronized void written(Channel to, long batch) {
    if (to == channel) {
      lastWritten = batch;
      releaseLater(to);
    }
  }

  private void releaseLater(Channel to) {
    if (!releasing) {
      releasing = true;
      long upTo = lastWritten;
      scheduler.after(HELD, () -> release(to, upTo));
    }
  }

  private synchronized void release(Channel to, long upTo) {
    if (to != channel) {
      return; // it broke, and all that was held waits again
    }
    releasing = false;
    while (!held.isEmpty() && held.element().number <= upTo) {
      heldBytes -= held.remove().bytes;
    }
    if (lastWritten > upTo) {
      releaseLater(to);
    }
  }

  /** In front of what came later. */
  private void waitAgain() {
    while (!held.isEmpty()) {
      List<byte[]> records = held.removeLast().records;
      for (int i = records.size() - 1; i >= 0; i--) {
        waiting.addFirst(records.get(i));
        waitingBytes += records.get(i).length;
      }
    }
    heldBytes = 0;
    releasing = false;
  }

  /** Not on an event loop: a name is looked up, certificates are read. */
  private void connect() {
    InetSocketAddress address =
        new InetSocketAddress(target.address().getHostString(), target.address().getPort());
    SyslogRoutes.Target used = target;
    SslHandler tls;
    try {
      tls = used.handler();
    } catch (IOException e) {
      lost(null, String.valueOf(e.getMessage()));
      return;
    }
    Bootstrap bootstrap = new Bootstrap().group(loops.group());
    if (target.udp()) {
      bootstrap.channel(loops.datagramChannel()).handler(new Watch());
    } else {
      bootstrap
          .channel(loops.clientChannel())
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
          .handler(new Prepare(tls));
    }
    ChannelFuture connected = bootstrap.connect(address);
    connected.addListener(
        done -> {
          if (!done.isSuccess()) {
            lost(null, String.valueOf(done.cause().getMessage()));
          } else if (target.udp()) {
            opened(connected.channel());
          } else if (tls == null) {
            settle(connected.channel(), used);
          } else {
            tls.handshakeFuture().addListener(shaken -> secured(shaken, connected.channel(), used));
          }
        });
  }

  private void secured(Future<? super Channel> shaken, Channel to, SyslogRoutes.Target used) {
    if (shaken.isSuccess()) {
      settle(to, used);
    } else {
      to.close();
      String told = TlsFailure.explain(shaken.cause(), TLS_KEYS);
      lost(null, told == null ? String.valueOf(shaken.cause()) : told);
    }
  }

  private synchronized void settle(Channel to, SyslogRoutes.Target used) {
    settling = to;
    if (used != target) {
      to.close();
      lost(to, "its certificates were changed");
    } else if (closed || !to.isActive()) {
      to.close();
      lost(to, ended(to, CLOSED));
    } else {
      scheduler.after(SETTLED, () -> opened(to));
    }
  }

  private synchronized void opened(Channel to) {
    if (closed || !to.isActive()) {
      to.close(); // which was told
      return;
    }
    settling = null;
    connecting = false;
    channel = to;
    if (target.udp()) {
      proven(to);
    } else {
      scheduler.after(HELD, () -> proven(to));
    }
    flush();
  }

  /** It has lasted: one that breaks at each record is tried less and less often. */
  private synchronized void proven(Channel to) {
    if (to != channel) {
      return;
    }
    pause = FIRST_PAUSE;
    if (broken) {
      log.info("syslog is forwarded again target={}", target);
    }
    broken = false;
  }

  /** How a connection ended, in words that help where it was no more than a handshake. */
  private synchronized String ended(Channel from, String cause) {
    return from == settling && target.tls() != null
        ? TlsFailure.explainEarly(cause, TLS_KEYS)
        : cause;
  }

  private synchronized void lost(@Nullable Channel from, String cause) {
    if (closed || (from != null && from != channel && from != settling)) {
      return;
    }
    channel = null;
    settling = null;
    waitAgain();
    failures.increment();
    if (!broken) {
      log.warn("syslog cannot be forwarded, it waits target={} cause=\"{}\"", target, cause);
    }
    broken = true;
    connecting = true; // until the pause is over
    scheduler.after(pause, this::connect);
    Duration twice = pause.multipliedBy(2);
    pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
  }

  @Override
  public synchronized void close() {
    closed = true;
    registry.remove(queued);
    for (Channel each : new @Nullable Channel[] {channel, settling}) {
      if (each != null) {
        each.close();
      }
    }
    channel = null;
    waiting.clear();
    waitingBytes = 0;
    held.clear();
  }

  /** Sees the end of a connection; what the target says is of no interest. */
  private final class Watch extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ReferenceCountUtil.release(message);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
      if (ctx.channel().isWritable()) {
        write(ctx.channel());
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      lost(ctx.channel(), ended(ctx.channel(), CLOSED));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!target.udp()) { // a refused datagram is told with the next one, which may go through
        String tls = TlsFailure.explain(cause, TLS_KEYS);
        lost(
            ctx.channel(),
            tls == null ? ended(ctx.channel(), String.valueOf(cause.getMessage())) : tls);
        ctx.close();
      }
    }
  }

  /** Makes a connection that notices a dead peer, with TLS where that is spoken. */
  private final class Prepare extends ChannelInitializer<SocketChannel> {
    private final @Nullable SslHandler tls;

    Prepare(@Nullable SslHandler tls) {
      this.tls = tls;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
      loops.keepAlive(channel, KEEP_ALIVE, KEEP_ALIVE_EVERY, KEEP_ALIVE_PROBES);
      if (tls != null) {
        channel.pipeline().addLast(tls);
      }
      channel.pipeline().addLast(new Watch());
    }
  }
}
