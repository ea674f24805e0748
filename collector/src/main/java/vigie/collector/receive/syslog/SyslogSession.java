package vigie.collector.receive.syslog;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Peer;
import vigie.base.syslog.SyslogFault;
import vigie.base.syslog.SyslogFramer;
import vigie.base.syslog.SyslogFrames;
import vigie.base.time.Clock;
import vigie.collector.receive.Limit;
import vigie.collector.receive.ReceiveLimits;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Turns;

/**
 * One connection that brings syslog. Nothing is answered, so the only way to slow a sender down is
 * not to read. On the channel's event loop.
 */
final class SyslogSession extends ByteToMessageDecoder {
  private static final Logger log = LoggerFactory.getLogger(SyslogSession.class);

  /** What is handed on at once: parsing begins while more is read. */
  private static final int BATCH_BYTES = 32 << 10;

  private final SyslogReceiver receiver;
  private final Receiving receiving;
  private final Channel channel;
  private final String transport;
  private final Peer peer;
  private final Clock clock;
  private final Turns.Source source;
  private final SyslogFramer framer;
  private @Nullable Batch batch;
  private long lastReadNanos;
  private long lastRecordNanos;
  private boolean anyRead;
  private boolean broken;
  private boolean stalled;
  private int partial;

  SyslogSession(SyslogReceiver receiver, Channel channel, String transport, Peer peer) {
    this.receiver = receiver;
    this.receiving = receiver.receiving();
    this.channel = channel;
    this.transport = transport;
    this.peer = peer;
    this.clock = receiving.clock();
    this.source = receiving.turns().source(peer.name());
    ReceiveLimits limits = receiving.limits();
    this.framer = new SyslogFramer(limits.of(Limit.RECORD_BYTES), limits.of(Limit.DECLARED_BYTES));
    this.lastReadNanos = clock.nanos();
    this.lastRecordNanos = lastReadNanos;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    records(in, false);
  }

  @Override
  protected void decodeLast(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    records(in, true);
    handOver();
  }

  private void records(ByteBuf in, boolean ended) {
    if (broken) {
      in.skipBytes(in.readableBytes());
      return;
    }
    try {
      while (framer.next(in, ended, frames())) {
        if (framer.wasCut()) {
          receiver.meters().cut.increment();
          receiving.meters().hit(Limit.RECORD_BYTES);
        }
        if (frames().length() >= BATCH_BYTES) {
          handOver();
        }
      }
    } catch (SyslogFault fault) {
      broken = true;
      in.skipBytes(in.readableBytes());
      if (fault.reason().equals("length")) {
        receiving.meters().hit(Limit.DECLARED_BYTES);
      }
      fault(fault.reason(), String.valueOf(fault.getMessage()));
    }
  }

  private SyslogFrames frames() {
    if (batch == null) {
      batch = receiver.batch(transport, source, peer);
    }
    return batch.frames();
  }

  private void handOver() {
    Batch full = batch;
    if (full != null) {
      batch = null;
      lastRecordNanos = full.frames().count() == 0 ? lastRecordNanos : lastReadNanos;
      full.handOver();
      if (channel.isActive()) {
        updateReading(); // at once: one turn of the event loop reads up to a megabyte of a socket
      }
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    lastReadNanos = clock.nanos();
    anyRead = true;
    handOver();
    // Not super's: that asks for one more read where nothing is to be read.
    discardSomeReadBytes();
    ctx.fireChannelReadComplete();
    if (!holdPartial(actualReadableBytes())) {
      fault("memory", "too many records that are not whole yet, limits.queue_bytes");
      return;
    }
    updateReading();
  }

  private boolean holdPartial(int now) {
    int more = now - partial;
    partial = now;
    return receiving.holdPartial(more);
  }

  private void updateReading() {
    boolean room = source.hasRoom();
    if (channel.config().isAutoRead() != room) {
      channel.config().setAutoRead(room);
      lastReadNanos = room ? clock.nanos() : lastReadNanos;
    }
    if (!room && !stalled) {
      stalled = source.whenRoomier(() -> channel.eventLoop().execute(this::lookAgain));
    }
  }

  private void lookAgain() {
    stalled = false;
    updateReading();
  }

  /** Applies the time limits; called about once a second, on the event loop. */
  void checkTime() {
    if (!channel.isActive()) {
      return;
    }
    ReceiveLimits limits = receiving.limits();
    Duration quiet = Duration.ofNanos(clock.nanos() - lastReadNanos);
    if (!channel.config().isAutoRead()) {
      lookAgain(); // nothing to hold against a peer that is not read
    } else if (!anyRead && quiet.compareTo(limits.time(Limit.FIRST_RECORD_TIMEOUT)) > 0) {
      receiving.meters().hit(Limit.FIRST_RECORD_TIMEOUT);
      channel.close(); // a scanner, or a sender with nothing to say, which connects again
    } else if ((actualReadableBytes() > 0 || framer.isWithin())
        && quiet.compareTo(limits.time(Limit.PARTIAL_TIMEOUT)) > 0) {
      receiving.meters().hit(Limit.PARTIAL_TIMEOUT);
      fault("partial_timeout", "a record came no further for " + quiet.toSeconds() + " s");
    } else if (clock.nanos() - lastRecordNanos > limits.time(Limit.QUIET_TIMEOUT).toNanos()) {
      receiving.meters().hit(Limit.QUIET_TIMEOUT);
      channel.close();
    }
  }

  private void fault(String reason, String message) {
    receiver.meters().fault(reason);
    source.counts().faults.increment();
    receiving.faults().tell(peer.name(), message);
    channel.close();
  }

  /** Reads nothing more; what came is handed on as the channel closes. */
  void end() {
    channel.config().setAutoRead(false);
    channel.close();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    super.channelInactive(ctx);
    holdPartial(0);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      log.error("session failed peer={}", peer.name(), cause);
    }
    ctx.close();
  }
}
