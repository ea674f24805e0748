package vigie.base.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Executor;
import vigie.base.http.HttpMeters.Reason;
import vigie.base.net.ServerTls;

/**
 * Stands where TLS begins and gives way to its handler with the first byte, unless that is of plain
 * HTTP: such a peer is told in words what is wrong, as servers in Go do.
 */
final class TlsOnly extends ByteToMessageDecoder {
  private static final String ANSWER =
      "HTTP/1.0 400 Bad Request\r\n\r\nThis port speaks HTTPS, and the request was plain HTTP.\n";
  private final ServerTls.Context tls;
  private final Executor tasks;
  private final HttpMeters meters;
  private boolean refused;

  TlsOnly(ServerTls.Context tls, Executor tasks, HttpMeters meters) {
    this.tls = tls;
    this.tasks = tasks;
    this.meters = meters;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    byte first = in.getByte(in.readerIndex());
    if (refused || (first >= 'A' && first <= 'Z')) {
      in.skipBytes(in.readableBytes());
      refuse(ctx);
    } else {
      ctx.pipeline().replace(this, "tls", tls.handler(ctx.alloc(), tasks));
    }
  }

  private void refuse(ChannelHandlerContext ctx) {
    if (!refused) {
      refused = true;
      meters.refused(Reason.HANDSHAKE);
      ctx.writeAndFlush(Unpooled.copiedBuffer(ANSWER, StandardCharsets.US_ASCII))
          .addListener(ChannelFutureListener.CLOSE);
    }
  }
}
