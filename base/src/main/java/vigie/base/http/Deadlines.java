package vigie.base.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpMeters.Reason;

/**
 * Closes a connection that takes too long, whatever trickles in meanwhile: a limit on the time
 * without a byte alone would let a peer hold it for ever with a byte now and then. First of the
 * pipeline; on the channel's event loop alone.
 */
final class Deadlines extends ChannelInboundHandlerAdapter {
  private final HttpServer.Limits limits;
  private final HttpMeters meters;
  private boolean resting = true;
  private @Nullable Future<?> deadline;
  private @Nullable ChannelHandlerContext context;

  Deadlines(HttpServer.Limits limits, HttpMeters meters) {
    this.limits = limits;
    this.meters = meters;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    closeAfter(limits.request(), Reason.REQUEST_TIME);
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (resting) {
      resting = false;
      closeAfter(limits.request(), Reason.REQUEST_TIME);
    }
    ctx.fireChannelRead(message);
  }

  /** A request has come in wholly. */
  void requested() {
    closeAfter(limits.answer(), Reason.ANSWER_TIME);
  }

  /** Its answer goes on for as long as both sides want. */
  void streaming() {
    cancel();
  }

  /** Its answer has gone out. */
  void answered() {
    resting = true;
    closeAfter(limits.rest(), null);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    cancel();
  }

  /** A null reason is for what is no fault of anybody. */
  private void closeAfter(Duration limit, @Nullable Reason reason) {
    cancel();
    ChannelHandlerContext ctx = context;
    if (ctx != null && !ctx.isRemoved()) {
      deadline =
          ctx.executor()
              .schedule(() -> close(ctx, reason), limit.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void close(ChannelHandlerContext ctx, @Nullable Reason reason) {
    // One that never sent a byte is no request: browsers open such in advance.
    if (reason != null && !(resting && reason == Reason.REQUEST_TIME)) {
      meters.refused(reason);
    }
    ctx.close();
  }

  private void cancel() {
    if (deadline != null) {
      deadline.cancel(false);
    }
  }
}
