package vigie.agent.ship;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import vigie.base.relp.RelpEncoder;
import vigie.base.relp.RelpFrame;
import vigie.base.relp.RelpResponse;

/** Asks whether a collector is there, by a session without events beside the one in use. */
final class Look extends ChannelInboundHandlerAdapter {
  private final Ship ship;
  private final Target target;
  private final Consumer<Boolean> answers;
  private boolean said;

  /**
   * @param answers told once, on the event loop
   */
  Look(Ship ship, Target target, Consumer<Boolean> answers) {
    this.ship = ship;
    this.target = target;
    this.answers = answers;
  }

  void start() {
    new Dialing(ship, target, 0, this::connected, (reason, cause) -> say(false)).start();
  }

  private void connected(Channel channel) {
    if (!target.relp()) {
      channel.close();
      say(true); // it takes connections; more cannot be asked
      return;
    }
    channel.pipeline().addLast(this);
    ByteBuf out = channel.alloc().buffer();
    new RelpEncoder()
        .frame(out, 1, RelpFrame.OPEN, ship.offers().print().getBytes(StandardCharsets.UTF_8));
    channel.writeAndFlush(out, channel.voidPromise());
    ship.after(
        ship.config().open(),
        () -> {
          channel.close();
          say(false);
        });
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (message instanceof RelpFrame frame && frame.command().equals(RelpFrame.RSP)) {
      boolean ok = frame.txnr() == 1 && RelpResponse.parse(frame.data()).isOk();
      ByteBuf out = ctx.alloc().buffer(32);
      new RelpEncoder().frame(out, 2, RelpFrame.CLOSE, new byte[0]);
      ctx.writeAndFlush(out).addListener(written -> ctx.close());
      say(ok);
    } else {
      ReferenceCountUtil.release(message);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    say(false);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
    say(false);
  }

  private void say(boolean there) {
    if (!said) {
      said = true;
      answers.accept(there);
    }
  }
}
