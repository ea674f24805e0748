package vigie.base.net;

import static jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL;

import io.netty.channel.Channel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * The threads that serve the sockets of a program. Nothing may block on them; a program that breaks
 * this gives what may wait loops of its own.
 */
public final class EventLoops implements AutoCloseable {
  private final MultiThreadIoEventLoopGroup group;
  private final Class<? extends ServerSocketChannel> serverChannel;
  private final Class<? extends SocketChannel> clientChannel;
  private final Class<? extends DatagramChannel> datagramChannel;

  private EventLoops(
      MultiThreadIoEventLoopGroup group,
      Class<? extends ServerSocketChannel> serverChannel,
      Class<? extends SocketChannel> clientChannel,
      Class<? extends DatagramChannel> datagramChannel) {
    this.group = group;
    this.serverChannel = serverChannel;
    this.clientChannel = clientChannel;
    this.datagramChannel = datagramChannel;
  }

  /**
   * Loops on java.nio, which every JVM has; for the agent (Netty has no native code for 32-bit
   * ARM).
   */
  public static EventLoops nio(int threads, String name) {
    return new EventLoops(
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory()),
        NioServerSocketChannel.class,
        NioSocketChannel.class,
        NioDatagramChannel.class);
  }

  /** Loops on epoll where its native library loads, else on java.nio; for the collector. */
  public static EventLoops fastest(int threads, String name) {
    if (!Epoll.isAvailable()) {
      return nio(threads, name);
    }
    return new EventLoops(
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory()),
        EpollServerSocketChannel.class,
        EpollSocketChannel.class,
        EpollDatagramChannel.class);
  }

  public MultiThreadIoEventLoopGroup group() {
    return group;
  }

  /** What {@code ServerBootstrap.channel} wants. */
  public Class<? extends ServerSocketChannel> serverChannel() {
    return serverChannel;
  }

  /** What {@code Bootstrap.channel} wants. */
  public Class<? extends SocketChannel> clientChannel() {
    return clientChannel;
  }

  /** What {@code Bootstrap.channel} wants for UDP. */
  public Class<? extends DatagramChannel> datagramChannel() {
    return datagramChannel;
  }

  /**
   * Has the kernel ask a quiet peer whether it is still there, and close the connection after
   * {@code probes} questions without an answer. Where the transport can, the same time bounds how
   * long sent bytes may stay without an answer. Before or after connecting.
   */
  public void keepAlive(SocketChannel channel, Duration idle, Duration every, int probes) {
    boolean nio = channel instanceof NioSocketChannel;
    int idleSeconds = (int) idle.toSeconds();
    int everySeconds = (int) every.toSeconds();
    ChannelConfig config = channel.config();
    config.setOption(ChannelOption.SO_KEEPALIVE, true);
    config.setOption(
        nio ? NioChannelOption.of(TCP_KEEPIDLE) : EpollChannelOption.TCP_KEEPIDLE, idleSeconds);
    config.setOption(
        nio ? NioChannelOption.of(TCP_KEEPINTERVAL) : EpollChannelOption.TCP_KEEPINTVL,
        everySeconds);
    config.setOption(
        nio ? NioChannelOption.of(TCP_KEEPCOUNT) : EpollChannelOption.TCP_KEEPCNT, probes);
    if (!nio) {
      config.setOption(
          EpollChannelOption.TCP_USER_TIMEOUT, 1000 * (idleSeconds + probes * everySeconds));
    }
  }

  /**
   * How long ago the peer's kernel acknowledged anything last, be it a question of the keep-alive;
   * zero where the transport cannot tell, or the connection is closed. Linux: {@code
   * tcpi_last_ack_recv}.
   */
  public static Duration sinceAnswer(Channel channel) {
    try {
      return channel instanceof EpollSocketChannel socket
          ? Duration.ofMillis(socket.tcpInfo().lastAckRecv())
          : Duration.ZERO;
    } catch (ChannelException closed) {
      return Duration.ZERO;
    }
  }

  /** Ends the threads; waits at most two seconds. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
