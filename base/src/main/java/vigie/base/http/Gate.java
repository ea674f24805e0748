package vigie.base.http;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpMeters.Reason;
import vigie.base.net.Peer;

/**
 * Lets one request at a time in, and has it decided before its body is read who sends it: a
 * stranger's body is never kept, and one who waits for {@code 100 Continue} sends none. Between the
 * codec and what gathers bodies; on the channel's event loop alone.
 */
final class Gate extends ChannelInboundHandlerAdapter {
  /**
   * How long what a refused peer still sends is thrown away, so that it gets to read the answer.
   */
  private static final long LINGER_SECONDS = 2;

  /** Who decides; calls back {@link #pass} or {@link #refuse}, now or later. */
  interface Keeper {
    /** Whether there is something to decide. */
    boolean asks();

    void decide(ChannelHandlerContext ctx, HttpRequest head);
  }

  private final Keeper keeper;
  private final HttpMeters meters;
  // What came with the head until it is decided: what one read brought, since no more is read.
  private final Deque<Object> held = new ArrayDeque<>();
  private @Nullable ChannelHandlerContext context;
  private @Nullable Peer admitted;
  private boolean underway;
  private boolean holding;
  private boolean refused;

  Gate(Keeper keeper, HttpMeters meters) {
    this.keeper = keeper;
    this.meters = meters;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (refused) {
      ReferenceCountUtil.release(message);
    } else if (holding) {
      held.add(message);
    } else if (!(message instanceof HttpRequest head)) {
      ctx.fireChannelRead(message);
    } else if (underway) {
      // Pipelined requests are rare and not worth a queue: the client sends them again on a new
      // connection.
      refused = true;
      meters.refused(Reason.PIPELINED);
      ReferenceCountUtil.release(message);
      ctx.close();
    } else {
      begin(ctx, head);
    }
  }

  private void begin(ChannelHandlerContext ctx, HttpRequest head) {
    underway = true;
    admitted = null;
    if (head.decoderResult().isSuccess() && hasBody(head) && keeper.asks()) {
      holding = true;
      held.add(head);
      ctx.channel().config().setAutoRead(false);
      keeper.decide(ctx, head);
    } else {
      ctx.fireChannelRead(head);
    }
  }

  private static boolean hasBody(HttpRequest head) {
    String length = head.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0");
    return !length.equals("0") || head.headers().contains(HttpHeaderNames.TRANSFER_ENCODING);
  }

  /** The request may come in. */
  void pass(Peer who) {
    holding = false;
    admitted = who;
    ChannelHandlerContext ctx = context;
    if (ctx == null || ctx.isRemoved()) {
      return; // the peer is gone, and what was held with it
    }
    ctx.channel().config().setAutoRead(true);
    ctx.fireChannelRead(held.remove());
    while (!held.isEmpty()) {
      channelRead(ctx, held.remove());
    }
  }

  /**
   * The request will be answered without its body.
   *
   * @return whether all of it was here anyway, so that the connection may go on
   */
  boolean refuse() {
    boolean whole =
        held.peekLast() instanceof LastHttpContent
            && held.stream().filter(LastHttpContent.class::isInstance).count() == 1;
    holding = false;
    refused = !whole;
    dropHeld();
    return whole;
  }

  /** Closes, once the answer has gone out; what is unread then would have the kernel cut it off. */
  void hangUp(ChannelHandlerContext ctx) {
    if (refused) {
      ctx.channel().config().setAutoRead(true);
      ctx.executor().schedule(() -> ctx.close(), LINGER_SECONDS, TimeUnit.SECONDS);
    } else {
      ctx.close();
    }
  }

  /** Who sends the request that is underway; null where it was not decided here. */
  @Nullable Peer admitted() {
    return admitted;
  }

  /** The answer has gone out, and the next request may come. */
  void answered() {
    underway = false;
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    dropHeld();
  }

  private void dropHeld() {
    held.forEach(ReferenceCountUtil::release);
    held.clear();
  }
}
