package vigie.base.net;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;

/** The threads that serve all sockets of a program. Nothing may block on them. */
public final class EventLoops implements AutoCloseable {
  private final EventLoopGroup group;
  private final Class<? extends ServerSocketChannel> serverChannel;
  private final Class<? extends SocketChannel> clientChannel;

  private EventLoops(
      EventLoopGroup group,
      Class<? extends ServerSocketChannel> serverChannel,
      Class<? extends SocketChannel> clientChannel) {
    this.group = group;
    this.serverChannel = serverChannel;
    this.clientChannel = clientChannel;
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
        NioSocketChannel.class);
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
        EpollSocketChannel.class);
  }

  public EventLoopGroup group() {
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

  /** Ends the threads; waits at most two seconds. */
  @Override
  public void close() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
