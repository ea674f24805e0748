package vigie.collector.receive;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.net.ReloadingTls;
import vigie.base.net.ServerTls;

/**
 * Listens on one TCP port, with TLS or without: keeps the limits of connections, shakes hands, and
 * hands over whoever got so far.
 */
public final class Listener implements AutoCloseable {
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(60);
  private static final Duration KEEP_ALIVE_EVERY = Duration.ofSeconds(10);
  private static final int KEEP_ALIVE_PROBES = 3;

  /** Takes connections, each on its event loop. */
  public interface Sessions {
    /**
     * Adds its handlers to the pipeline, or closes the channel.
     *
     * @param peer who it is, as far as it was proved
     */
    void open(SocketChannel channel, Peer peer);

    /** A connection was closed without being served. */
    void refused(String reason);
  }

  private final Receiving receiving;
  private final Sessions sessions;
  private final @Nullable ReloadingTls tls;
  private final Executor handshakes;
  private final Channel listening;

  /**
   * Listens.
   *
   * @param what for the message where it cannot: {@code RELP}
   * @param tls null for a plain connection
   * @param handshakes runs the expensive parts of TLS
   * @throws UncheckedIOException if the address cannot be bound; its message names the address
   */
  public Listener(
      Receiving receiving,
      Sessions sessions,
      EventLoops loops,
      String what,
      InetSocketAddress address,
      @Nullable ReloadingTls tls,
      Executor handshakes) {
    this.receiving = receiving;
    this.sessions = sessions;
    this.tls = tls;
    this.handshakes = handshakes;
    InetSocketAddress resolved =
        address.isUnresolved()
            ? new InetSocketAddress(address.getHostString(), address.getPort())
            : address;
    ChannelFuture bind =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannel())
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.SO_BACKLOG, 1024)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    // Nothing here pings: an open session is the sign that a quiet node lives, and
                    // what a lost link left behind must not hold a spool's identity for long.
                    loops.keepAlive(channel, KEEP_ALIVE, KEEP_ALIVE_EVERY, KEEP_ALIVE_PROBES);
                    accept(channel);
                  }
                })
            .bind(resolved)
            .awaitUninterruptibly();
    if (!bind.isSuccess()) {
      throw cannotListen(what, address, bind.cause());
    }
    listening = bind.channel();
  }

  /** What to throw where an address cannot be bound. */
  public static UncheckedIOException cannotListen(
      String what, InetSocketAddress address, @Nullable Throwable cause) {
    return new UncheckedIOException(
        "cannot listen for "
            + what
            + " on "
            + Addresses.format(address)
            + ": "
            + (cause == null ? "unknown" : cause.getMessage()),
        cause instanceof IOException io ? io : new IOException(cause));
  }

  private void accept(SocketChannel channel) {
    InetSocketAddress remote = channel.remoteAddress();
    if (remote == null) {
      channel.close(); // gone already
      return;
    }
    InetAddress address = remote.getAddress();
    Limit broken = receiving.admit(address);
    if (broken != null) {
      sessions.refused(broken == Limit.CONNECTIONS ? "connections" : "address");
      receiving
          .faults()
          .tell(Addresses.format(address), "too many connections, limits." + broken.key());
      channel.close();
      return;
    }
    Handshake handshake = new Handshake(channel, address);
    channel.closeFuture().addListener(closed -> receiving.left(address, handshake.proved));
    if (tls == null) {
      sessions.open(channel, Peer.of(channel, null));
      return;
    }
    ServerTls.Context context = tls.context();
    handshake.context = context;
    SslHandler handler = context.handler(channel.alloc(), handshakes);
    handler.setHandshakeTimeout(
        receiving.limits().time(Limit.HANDSHAKE_TIMEOUT).toMillis(), TimeUnit.MILLISECONDS);
    channel.pipeline().addLast(handler).addLast(handshake);
  }

  /** Waits for the end of the handshake. */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    private final SocketChannel channel;
    private final InetAddress address;
    private ServerTls.@Nullable Context context;
    private boolean proved;

    Handshake(SocketChannel channel, InetAddress address) {
      this.channel = channel;
      this.address = address;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (!(event instanceof SslHandshakeCompletionEvent done)) {
        ctx.fireUserEventTriggered(event);
        return;
      }
      if (!done.isSuccess()) {
        failed(done.cause());
        return;
      }
      Peer peer = Peer.of(channel, context);
      if (!peer.certificate().isEmpty()) {
        proved = true;
        receiving.proved(address);
      }
      ctx.pipeline().remove(this);
      sessions.open(channel, peer);
    }

    private void failed(Throwable cause) {
      if (!(cause instanceof ClosedChannelException)) { // a port scan is no news
        if (cause instanceof SslHandshakeTimeoutException) {
          receiving.meters().hit(Limit.HANDSHAKE_TIMEOUT);
        }
        sessions.refused("handshake");
        receiving.faults().tell(Addresses.format(address), "TLS: " + words(cause));
      }
      channel.close();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close(); // the handshake's own end tells why
    }
  }

  /** Why a handshake failed, and what to do. */
  static String words(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof NotSslRecordException) {
      return "the peer does not speak TLS; a plain sender belongs on another port";
    }
    if (cause instanceof SslHandshakeTimeoutException) {
      return "no end of the handshake in time";
    }
    if (message.contains("Empty client certificate chain")
        || message.contains("Empty server certificate chain")
        || message.contains("null cert chain")) {
      return "the peer showed no certificate; give it one of client_ca_file's"
          + " (rsyslog: tls.mycert and tls.myprivkey)";
    }
    if (message.contains("no cipher suites in common")) {
      return "no cipher suite in common; without a certificate rsyslog's gnutls offers anonymous"
          + " ones only, which are refused: give it tls.mycert and tls.myprivkey, or tls.tlslib"
          + " openssl";
    }
    if (message.contains("PKIX path") || message.contains("signature check failed")) {
      return "the peer's certificate is not of client_ca_file: " + message;
    }
    if (message.contains("certificate_unknown")
        || message.contains("bad_certificate")
        || message.contains("unknown_ca")) {
      return "the peer does not trust our certificate (its CA file, the name in ours): " + message;
    }
    return message;
  }

  /** The port it listens on, also where 0 was asked for. */
  public int port() {
    return ((InetSocketAddress) listening.localAddress()).getPort();
  }

  /** Accepts nothing more; what is open stays. */
  @Override
  public void close() {
    listening.close().awaitUninterruptibly(2, TimeUnit.SECONDS); // its loop may wait for a disk
  }
}
