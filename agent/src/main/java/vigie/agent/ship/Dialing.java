package vigie.agent.ship;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.base.relp.RelpDecoder;
import vigie.base.relp.RelpLimits;

/** One try to connect: name, TCP, TLS. Says on the event loop how it ended, once. */
final class Dialing {
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
  private static final Duration KEEP_ALIVE_EVERY = Duration.ofSeconds(10);
  private static final int KEEP_ALIVE_PROBES = 3;

  private final Ship ship;
  private final Target target;
  private final int turn;
  private final Consumer<Channel> connected;
  private final BiConsumer<String, String> failed;

  /**
   * @param turn of the name's addresses the one of this number is taken
   * @param failed takes a reason for the meter and the cause in words
   */
  Dialing(
      Ship ship,
      Target target,
      int turn,
      Consumer<Channel> connected,
      BiConsumer<String, String> failed) {
    this.ship = ship;
    this.target = target;
    this.turn = turn;
    this.connected = connected;
    this.failed = failed;
  }

  void start() {
    try {
      ship.executor().execute(this::prepare);
    } catch (RejectedExecutionException closing) {
      ship.execute(() -> failed.accept("lookup", "the agent stops"));
    }
  }

  /** What may block: the name is looked up, files are read. */
  private void prepare() {
    String host = target.address().getHostString();
    InetAddress[] addresses;
    try {
      addresses = ship.lookup().all(host);
    } catch (UnknownHostException e) {
      addresses = new InetAddress[0];
    }
    if (addresses.length == 0) {
      fail("lookup", "the name " + host + " cannot be looked up");
      return;
    }
    InetSocketAddress address =
        new InetSocketAddress(addresses[turn % addresses.length], target.address().getPort());
    try {
      SslHandler tls = target.tls() ? tls(host) : null;
      ship.execute(() -> connect(address, tls));
    } catch (IOException e) {
      fail("tls", String.valueOf(e.getMessage()));
    }
  }

  private SslHandler tls(String host) throws IOException {
    ShipConfig config = ship.config();
    SslHandler tls =
        config.tls().handler(ByteBufAllocator.DEFAULT, host, target.address().getPort());
    tls.setHandshakeTimeout(config.open().toMillis(), TimeUnit.MILLISECONDS);
    return tls;
  }

  private void connect(InetSocketAddress address, @Nullable SslHandler tls) {
    new Bootstrap()
        .group(ship.loop())
        .channel(ship.loops().clientChannel())
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) ship.config().open().toMillis())
        .option(ChannelOption.TCP_NODELAY, true)
        .handler(
            new ChannelInitializer<SocketChannel>() {
              @Override
              protected void initChannel(SocketChannel channel) {
                // RELP has no ping: without this a collector that lost its power would be noticed
                // at the next event only.
                ship.loops().keepAlive(channel, KEEP_ALIVE, KEEP_ALIVE_EVERY, KEEP_ALIVE_PROBES);
                if (tls != null) {
                  channel.pipeline().addLast(tls, new Shaking());
                }
                if (target.relp()) {
                  channel.pipeline().addLast(new RelpDecoder(RelpLimits.DEFAULTS));
                }
              }
            })
        .connect(address)
        .addListener((ChannelFuture connecting) -> connected(connecting, tls));
  }

  private void connected(ChannelFuture connecting, @Nullable SslHandler tls) {
    if (!connecting.isSuccess()) {
      Throwable cause = connecting.cause();
      failed.accept("connect", cause == null ? "unknown" : String.valueOf(cause.getMessage()));
    } else if (tls == null) {
      connected.accept(connecting.channel());
    } else {
      tls.handshakeFuture()
          .addListener(
              shaken -> {
                if (shaken.isSuccess()) {
                  connecting.channel().pipeline().remove(Shaking.class);
                  connected.accept(connecting.channel());
                } else {
                  connecting.channel().close();
                  String told = ShipTls.explain(shaken.cause());
                  failed.accept("tls", told == null ? String.valueOf(shaken.cause()) : told);
                }
              });
    }
  }

  private void fail(String reason, String cause) {
    ship.execute(() -> failed.accept(reason, cause));
  }

  /** Takes what Netty throws after a failed handshake, of which the future has told. */
  private static final class Shaking extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close();
    }
  }
}
