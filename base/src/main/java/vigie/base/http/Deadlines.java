package vigie.base.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection that takes too long, whatever trickles in meanwhile: a limit on the time
 * without a byte alone would let a peer hold it for ever with a byte now and then. First of the
 * pipeline; on the channel's event loop alone.
 */
final class Deadlines extends ChannelInboundHandlerAdapter {
  private final HttpServer.Limits limits;
  private boolean resting = true;
  private @Nullable Future<?> deadline;
  private @Nullable ChannelHandlerContext context;

  Deadlines(HttpServer.Limits limits) {
    this.limits = limits;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    closeAfter(limits.request());
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (resting) {
      resting = false;
      closeAfter(limits.request());
    }
    ctx.fireChannelRead(message);
  }

  /** A request has come in wholly. */
  void requested() {
    closeAfter(limits.answer());
  }

  /** Its answer has gone out. */
  void answered() {
    resting = true;
    closeAfter(limits.rest());
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    cancel();
  }

  private void closeAfter(Duration limit) {
    cancel();
    ChannelHandlerContext ctx = context;
    if (ctx != null && !ctx.isRemoved()) {
      deadline =
          ctx.executor().schedule(() -> ctx.close(), limit.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void cancel() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }
}
