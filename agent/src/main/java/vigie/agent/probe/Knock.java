package vigie.agent.probe;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoOps;
import io.netty.channel.nio.NioSelectableChannelIoHandle;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection that is made and closed without a word: a socket on an event loop without a
 * Netty channel, whose pipeline and options cost more than the connection. On its loop alone.
 */
final class Knock extends NioSelectableChannelIoHandle<SocketChannel> {
  private final IoEventLoop loop;
  private @Nullable IoRegistration registration;
  private @Nullable Consumer<@Nullable Throwable> waiting;

  /** Opens a socket of no address yet. */
  Knock(IoEventLoop loop) throws IOException {
    super(SocketChannel.open());
    this.loop = loop;
  }

  /**
   * Connects; at most once.
   *
   * @param source the own address, or null for the kernel's choice
   * @param done told once what went wrong, or null; perhaps before this returns
   */
  void connect(
      InetSocketAddress to, @Nullable InetAddress source, Consumer<@Nullable Throwable> done) {
    waiting = done;
    try {
      SocketChannel socket = selectableChannel();
      socket.configureBlocking(false);
      if (source != null) {
        socket.bind(new InetSocketAddress(source, 0));
      }
      // The kernel says "in progress" of every target, but one on this host has answered by then.
      if (socket.connect(to) || socket.finishConnect()) {
        ended(null);
      } else {
        loop.register(this).addListener(this::registered);
      }
    } catch (IOException | RuntimeException e) {
      ended(e);
    }
  }

  private void registered(Future<? super IoRegistration> registering) {
    if (registering.isSuccess()) {
      IoRegistration made = (IoRegistration) registering.getNow();
      registration = made;
      made.submit(NioIoOps.CONNECT);
    } else {
      ended(registering.cause());
    }
  }

  @Override
  protected void handle(SocketChannel socket, SelectionKey key) {
    try {
      if (socket.finishConnect()) {
        ended(null);
      }
    } catch (IOException e) {
      ended(e);
    }
  }

  private void ended(@Nullable Throwable failure) {
    Consumer<@Nullable Throwable> done = waiting;
    waiting = null;
    if (done != null) {
      done.accept(failure);
    }
  }

  /** Gives up, and tells so where it still waits. */
  void cancel() {
    close();
    ended(new CancellationException());
  }

  /** The own address of the connection; null when it is closed. */
  @Nullable SocketAddress local() {
    try {
      return selectableChannel().getLocalAddress();
    } catch (IOException closed) {
      return null;
    }
  }

  @Override
  public SocketChannel selectableChannel() {
    return (SocketChannel) super.selectableChannel();
  }

  @Override
  public void close() {
    IoRegistration made = registration;
    registration = null;
    if (made != null) {
      made.cancel();
    }
    try {
      selectableChannel().close();
    } catch (IOException e) {
      // Nothing was sent, so nothing is lost; the kernel has let go of it all the same.
    }
  }
}
