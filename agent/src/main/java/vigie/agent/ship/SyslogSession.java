package vigie.agent.ship;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import vigie.agent.spool.SpoolRecord;

/**
 * Sends records to a receiver of syslog over TCP, each with its length before it (RFC 6587, section
 * 3.4.1; RFC 5425 with TLS). Nobody answers there: a record counts as delivered when the kernel has
 * taken it and the connection has lived on for {@link #SETTLED}, or when the other end has closed
 * in its turn after we said that no more comes. Runs on the event loop but for the reading.
 */
final class SyslogSession extends ChannelInboundHandlerAdapter implements Session {
  static final Duration SETTLED = Duration.ofSeconds(5);
  private static final int MOST_RECORDS = 16_384;
  private static final long MOST_BYTES = 8 << 20;
  private static final int BATCH_RECORDS = 1024;
  private static final int BATCH_BYTES = 256 << 10;

  /** Records that were written together. */
  private static final class Batch {
    final long lastSeq;
    final int records;
    final int bytes;
    long writtenNanos;
    boolean written;

    Batch(long lastSeq, int records, int bytes) {
      this.lastSeq = lastSeq;
      this.records = records;
      this.bytes = bytes;
    }
  }

  private final Ship ship;
  private final Channel channel;
  private final Queue<Batch> unsettled = new ArrayDeque<>();
  private int records;
  private long bytes;
  private long sentSeq;
  private boolean reading;
  private boolean settling;
  private boolean established;
  private boolean finishing;
  private boolean left;
  private boolean ended;

  SyslogSession(Ship ship, Channel channel) {
    this.ship = ship;
    this.channel = channel;
    this.sentSeq = ship.spool().acknowledged();
  }

  @Override
  public void begin() {
    if (!channel.isActive()) {
      end("closed", "the connection was closed");
      return;
    }
    ship.meters().connects.increment();
    // A receiver that takes connections and drops them at once is not there yet.
    ship.after(SETTLED, this::establish);
    pump();
  }

  private void establish() {
    if (!established && !ended) {
      established = true;
      ship.established("syslog");
    }
  }

  @Override
  public void pump() {
    if (ended || left || reading) {
      return;
    }
    boolean more = ship.spool().last() > sentSeq;
    if (more && records < MOST_RECORDS && bytes < MOST_BYTES && channel.isWritable()) {
      reading = ship.read(this, sentSeq, BATCH_RECORDS, BATCH_BYTES, this::send);
    } else if (finishing && !more && unsettled.stream().allMatch(batch -> batch.written)) {
      hangUp();
    }
  }

  private void send(List<SpoolRecord> read) {
    reading = false;
    if (ended || left || read.isEmpty()) {
      return;
    }
    ByteBuf out = channel.alloc().buffer();
    for (SpoolRecord record : read) {
      frame(out, record.data());
    }
    sentSeq = read.get(read.size() - 1).seq();
    Batch batch = new Batch(sentSeq, read.size(), out.readableBytes());
    unsettled.add(batch);
    records += batch.records;
    bytes += batch.bytes;
    ship.meters().sent.increment(batch.records);
    ship.meters().bytes.increment(batch.bytes);
    channel
        .writeAndFlush(out)
        .addListener(
            written -> {
              if (written.isSuccess()) {
                batch.written = true;
                batch.writtenNanos = ship.clock().nanos();
                settleLater();
                pump();
              }
            });
    pump();
  }

  private void frame(ByteBuf out, byte[] record) {
    ByteBufUtil.writeAscii(out, Integer.toString(record.length));
    out.writeByte(' ').writeBytes(record);
  }

  private void settleLater() {
    if (!settling) {
      settling = true;
      ship.after(SETTLED, this::settle);
    }
  }

  private void settle() {
    settling = false;
    if (ended) {
      return;
    }
    long until = ship.clock().nanos() - SETTLED.toNanos();
    while (!unsettled.isEmpty()
        && unsettled.element().written
        && unsettled.element().writtenNanos - until <= 0) {
      acknowledge(unsettled.remove());
    }
    if (!unsettled.isEmpty()) {
      settleLater();
    }
    pump();
  }

  private void acknowledge(Batch batch) {
    records -= batch.records;
    bytes -= batch.bytes;
    ship.meters().acknowledged.increment(batch.records);
    ship.spool().acknowledge(batch.lastSeq);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    pump();
  }

  @Override
  public void tell(byte[] record) {
    if (!ended && !left && channel.isWritable()) {
      ByteBuf out = channel.alloc().buffer(record.length + 8);
      frame(out, record);
      channel.writeAndFlush(out, channel.voidPromise());
    }
  }

  @Override
  public void finish() {
    finishing = true;
    pump();
  }

  @Override
  public void leave() {
    if (!left && !ended) {
      hangUp();
    }
  }

  /** Says that no more comes; what the other end then closes, it has read to the end. */
  private void hangUp() {
    left = true;
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls != null) {
      tls.closeOutbound();
    } else {
      ((SocketChannel) channel).shutdownOutput();
    }
    ship.after(SETTLED, () -> end("", ""));
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ReferenceCountUtil.release(message); // nothing is expected
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (left && !ended) {
      while (!unsettled.isEmpty() && unsettled.element().written) {
        acknowledge(unsettled.remove());
      }
    }
    closed("the connection was closed");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    String tls = ShipTls.explain(cause);
    if (tls != null) {
      end("tls", tls);
    } else {
      closed(String.valueOf(cause.getMessage()));
    }
  }

  private void closed(String cause) {
    end("closed", established ? cause : ShipTls.explainEarly(channel, cause));
  }

  @Override
  public void end(String reason, String cause) {
    if (!ended) {
      ended = true;
      channel.close();
      ship.ended(left ? "" : reason, cause, established);
    }
  }
}
