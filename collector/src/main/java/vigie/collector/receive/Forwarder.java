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
import io.netty.channel.ChannelOption;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.EventLoops;
import vigie.base.time.Scheduler;

/**
 * Sends records on to another receiver of syslog, as they came: octet counted by TCP, or each in a
 * datagram. What waits is bounded; more is dropped and counted. Syslog acknowledges nothing, so
 * what was on its way when a link broke is lost. Safe for all threads.
 */
final class Forwarder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Forwarder.class);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
  private static final int CONNECT_MILLIS = 10_000;
  private static final int MOST_DATAGRAM = 65_000;
  private static final long AT_ONCE = 256 << 10;

  private final SyslogRoutes.Target target;
  private final EventLoops loops;
  private final Scheduler scheduler;
  private final long mostBytes;
  private final Counter sent;
  private final Counter dropped;
  private final Counter failures;

  // Guarded by this.
  private final ArrayDeque<byte[]> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private @Nullable Channel channel;
  private boolean connecting;
  private boolean flushing;
  private boolean broken;
  private Duration pause = FIRST_PAUSE;
  private boolean closed;

  Forwarder(
      SyslogRoutes.Target target,
      EventLoops loops,
      Scheduler scheduler,
      long mostBytes,
      MeterRegistry registry) {
    this.target = target;
    this.loops = loops;
    this.scheduler = scheduler;
    this.mostBytes = mostBytes;
    sent = counter(registry, "vigie.syslog.forward.sent", "Records sent on to the target");
    dropped =
        counter(
            registry,
            "vigie.syslog.forward.dropped",
            "Records for the target that found no room or were too long for a datagram");
    failures =
        counter(registry, "vigie.syslog.forward.failures", "Connections to the target that failed");
    Gauge.builder("vigie.syslog.forward.queue.bytes", this, Forwarder::waitingBytes)
        .description("Bytes of records that wait for the target")
        .tag("target", target.toString())
        .register(registry);
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

  /** Queues the record, or drops it where there is no room. */
  synchronized void send(byte[] record) {
    if (closed
        || waitingBytes + record.length > mostBytes
        || (target.udp() && record.length > MOST_DATAGRAM)) {
      dropped.increment();
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
      ByteBuf out = take(to);
      if (out == null) {
        break;
      }
      to.write(out, to.voidPromise());
    }
    to.flush();
  }

  /** A datagram, or as many frames as go into one write; null where nothing waits. */
  private synchronized @Nullable ByteBuf take(Channel to) {
    if (waiting.isEmpty() || closed) {
      return null;
    }
    if (target.udp()) {
      byte[] record = waiting.remove();
      waitingBytes -= record.length;
      sent.increment();
      return Unpooled.wrappedBuffer(record);
    }
    ByteBuf out = to.alloc().buffer();
    while (!waiting.isEmpty() && out.readableBytes() < AT_ONCE) {
      byte[] record = waiting.remove();
      waitingBytes -= record.length;
      out.writeCharSequence(record.length + " ", StandardCharsets.US_ASCII);
      out.writeBytes(record);
      sent.increment();
    }
    return out;
  }

  private void connect() {
    InetSocketAddress address =
        new InetSocketAddress(target.address().getHostString(), target.address().getPort());
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops.group())
            .channel(target.udp() ? loops.datagramChannel() : loops.clientChannel())
            .handler(new Watch());
    if (!target.udp()) {
      bootstrap
          .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
          .option(ChannelOption.SO_KEEPALIVE, true);
    }
    ChannelFuture connected = bootstrap.connect(address);
    connected.addListener(
        done -> {
          if (done.isSuccess()) {
            opened(connected.channel());
          } else {
            lost(null, String.valueOf(done.cause().getMessage()));
          }
        });
  }

  private synchronized void opened(Channel to) {
    connecting = false;
    if (closed) {
      to.close();
      return;
    }
    channel = to;
    pause = FIRST_PAUSE;
    if (broken) {
      log.info("syslog is forwarded again target={}", target);
    }
    broken = false;
    flush();
  }

  private synchronized void lost(@Nullable Channel from, String cause) {
    if (closed || (from != null && from != channel)) {
      return;
    }
    channel = null;
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
    if (channel != null) {
      channel.close();
    }
    waiting.clear();
    waitingBytes = 0;
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
      lost(ctx.channel(), "closed by the other end");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      if (!target.udp()) { // a refused datagram is told with the next one, which may go through
        ctx.close();
      }
    }
  }
}
