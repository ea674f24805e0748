package vigie.collector.receive.syslog;

import io.micrometer.core.instrument.Counter;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Addresses;
import vigie.base.net.Peer;
import vigie.collector.receive.Limit;
import vigie.collector.receive.Turns;

/**
 * Takes datagrams, each a record. They cannot wait: what finds no room in the queue, or comes
 * faster than its source may, is dropped and counted. On the channel's event loop.
 */
final class SyslogDatagrams extends SimpleChannelInboundHandler<DatagramPacket> {
  private static final Logger log = LoggerFactory.getLogger(SyslogDatagrams.class);
  private static final int BATCH_BYTES = 32 << 10;

  private final SyslogReceiver receiver;
  private final int recordBytes;
  private final Counter dropped;

  private record Open(Turns.Source source, Peer peer, Batch batch) {}

  /** What one read brought, by sender. */
  private final Map<InetAddress, Open> open = new LinkedHashMap<>();

  SyslogDatagrams(SyslogReceiver receiver) {
    this.receiver = receiver;
    this.recordBytes = receiver.receiving().limits().of(Limit.RECORD_BYTES);
    this.dropped = receiver.meters().dropped();
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
    InetAddress address = packet.sender().getAddress();
    Open to = open.get(address);
    if (to == null) {
      Peer peer = new Peer(Addresses.format(address), "", "");
      Turns.Source source = receiver.receiving().turns().source(peer.name());
      to = new Open(source, peer, receiver.batch("udp", source, peer));
      open.put(address, to);
    }
    if (!to.source.hasRoom()) {
      dropped.increment();
      to.source.counts().dropped.increment();
      return;
    }
    ByteBuf content = packet.content();
    boolean cut = content.readableBytes() > recordBytes;
    if (content.isReadable()) {
      to.batch.frames().add(content, Math.min(recordBytes, content.readableBytes()), cut);
    } else {
      receiver.meters().empty.increment();
    }
    if (cut) {
      receiver.meters().cut.increment();
      receiver.receiving().meters().hit(Limit.RECORD_BYTES);
    }
    if (to.batch.frames().length() >= BATCH_BYTES) {
      open.remove(address);
      to.batch.handOver();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    open.values().forEach(to -> to.batch.handOver());
    open.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    log.error("a datagram could not be taken", cause);
  }
}
