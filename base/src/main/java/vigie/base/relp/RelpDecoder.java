package vigie.base.relp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/**
 * Bytes to {@link RelpFrame}s, as they arrive. A {@link RelpFault} is thrown once, behind the
 * frames that came before it, and everything after it is dropped.
 */
public final class RelpDecoder extends ByteToMessageDecoder {
  private final RelpFramer framer;
  private boolean failed;

  public RelpDecoder(RelpLimits limits) {
    framer = new RelpFramer(limits);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (failed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    try {
      while (framer.next(in)) {
        out.add(new RelpFrame(framer.txnr(), framer.command(), framer.data(in), framer.length()));
      }
    } catch (RelpFault fault) {
      failed = true;
      in.skipBytes(in.readableBytes());
      throw fault;
    }
  }
}
