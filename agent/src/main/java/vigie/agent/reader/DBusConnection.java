package vigie.agent.reader;

import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;

/**
 * A connection to a D-Bus daemon or straight to a program that speaks D-Bus, over a unix socket.
 * Calls are gathered and sent together; the answers come as they come. After an {@link IOException}
 * it can only be closed. One thread at a time.
 *
 * <p>D-Bus Specification, "Authentication Protocol" and "Message Bus Messages".
 */
final class DBusConnection implements AutoCloseable {
  private static final int FIRST_BYTES = 16 << 10;
  private static final int MAX_LINE = 512;
  private static final String BUS = "org.freedesktop.DBus";

  private final String peer;
  private final Clock clock;
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final DBusWriter out = new DBusWriter();
  private final DBusReader reader = new DBusReader();
  private final BitSet answered = new BitSet();
  private ByteBuffer in = ByteBuffer.allocate(FIRST_BYTES);
  private int firstSerial = 1;
  private int calls;

  private DBusConnection(String peer, Clock clock, SocketChannel channel, Selector selector)
      throws IOException {
    this.peer = peer;
    this.clock = clock;
    this.channel = channel;
    this.selector = selector;
    channel.configureBlocking(false);
    key = channel.register(selector, SelectionKey.OP_READ);
  }

  /** Takes the answers of {@link #exchange}. */
  interface Answers {
    /**
     * Called once for each call, in any order.
     *
     * @param call which one, from 0 in the order of calling
     * @param error the name of the error that is the answer, or null
     * @param body at the answer's first value, or at the error's text; only until this returns
     */
    void answer(int call, @Nullable String error, DBusReader body) throws IOException;
  }

  /**
   * Connects and says who we are: the kernel tells the peer our user.
   *
   * @param daemon whether a daemon is there, which gives us a name first; else the program itself
   */
  static DBusConnection open(Path socket, boolean daemon, Clock clock, Duration limit)
      throws IOException {
    String peer = "D-Bus at " + socket;
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    DBusConnection connection;
    try {
      connection = new DBusConnection(peer, clock, channel, Selector.open());
    } catch (IOException e) {
      // Where file descriptors run out, the one that was still there must not be lost too.
      channel.close();
      throw e;
    }
    try {
      connection.connect(socket);
      connection.authenticate(clock.nanos() + limit.toNanos());
      if (daemon) {
        connection.call(BUS, "/org/freedesktop/DBus", BUS, "Hello");
        connection.exchange(limit, (call, error, body) -> connection.greeted(error));
      }
      return connection;
    } catch (IOException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private void connect(Path socket) throws IOException {
    try {
      // A blocking connect would wait without limit where the peer takes no more connections.
      if (!channel.connect(UnixDomainSocketAddress.of(socket))) {
        throw new IOException("it takes no more connections now");
      }
    } catch (IOException e) {
      throw new IOException("cannot connect to " + peer + ": " + e.getMessage(), e);
    }
  }

  private void greeted(@Nullable String error) throws IOException {
    if (error != null) {
      throw new IOException(peer + " answered Hello with " + error);
    }
  }

  private void authenticate(long deadline) throws IOException {
    // Without an identity in the line the peer takes the one that the kernel tells it, which is
    // also right in a container whose user ids are mapped.
    send("\0AUTH EXTERNAL\r\n", deadline);
    String line = line(deadline);
    if (line.equals("DATA")) {
      send("DATA\r\n", deadline);
      line = line(deadline);
    }
    if (!line.startsWith("OK")) {
      throw new IOException(peer + " refuses this process's user");
    }
    send("BEGIN\r\n", deadline);
  }

  private void send(String ascii, long deadline) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(ascii.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      if (write(bytes) == 0) {
        await(SelectionKey.OP_WRITE, deadline);
      }
    }
  }

  private String line(long deadline) throws IOException {
    while (true) {
      for (int i = 0; i + 1 < in.position(); i++) {
        if (in.get(i) == '\r' && in.get(i + 1) == '\n') {
          String line = new String(in.array(), 0, i, StandardCharsets.US_ASCII);
          in.flip().position(i + 2);
          in.compact();
          return line;
        }
      }
      if (in.position() > MAX_LINE) {
        throw new IOException(peer + " sent a line of more than " + MAX_LINE + " bytes");
      }
      if (receive() == 0) {
        await(SelectionKey.OP_READ, deadline);
      }
    }
  }

  /** Gathers a call for the next {@link #exchange}. */
  void call(
      String destination, String path, String interfaceName, String member, String... arguments) {
    out.call(firstSerial + calls, destination, path, interfaceName, member, arguments);
    calls++;
  }

  /**
   * Sends what was gathered and waits for all answers.
   *
   * @throws IOException when they are not all there within {@code limit}, or the peer is gone
   */
  void exchange(Duration limit, Answers answers) throws IOException {
    long deadline = clock.nanos() + limit.toNanos();
    answered.clear();
    ByteBuffer bytes = out.written();
    while (answered.cardinality() < calls) {
      // Reads while it writes: a peer whose answers nobody takes stops taking calls.
      int moved = bytes.hasRemaining() ? write(bytes) : 0;
      moved += receive();
      if (moved == 0) {
        int also = bytes.hasRemaining() ? SelectionKey.OP_WRITE : 0;
        await(SelectionKey.OP_READ | also, deadline);
      }
      deliver(answers);
    }
    out.clear();
    firstSerial += calls;
    if (firstSerial < 0) {
      firstSerial = 1;
    }
    calls = 0;
  }

  /** Whether the peer has not closed the connection; what it sent unasked is dropped. */
  boolean isAlive() {
    try {
      while (receive() > 0) {
        deliver((call, error, body) -> {});
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private int write(ByteBuffer bytes) throws IOException {
    try {
      return channel.write(bytes);
    } catch (IOException e) {
      throw lost(e);
    }
  }

  private IOException lost(IOException cause) {
    return new IOException(peer + ": " + cause.getMessage(), cause);
  }

  private int receive() throws IOException {
    int read;
    try {
      read = channel.read(in);
    } catch (IOException e) {
      throw lost(e);
    }
    if (read < 0) {
      throw new EOFException(peer + " closed the connection");
    }
    return read;
  }

  private void deliver(Answers answers) throws IOException {
    byte[] data = in.array();
    int from = 0;
    int needed = DBusReader.HEADER_BYTES;
    while (in.position() - from >= DBusReader.HEADER_BYTES) {
      needed = DBusReader.length(data, from);
      if (in.position() - from < needed) {
        break;
      }
      reader.open(data, from, needed);
      boolean answer =
          reader.type() == DBusReader.METHOD_RETURN || reader.type() == DBusReader.ERROR;
      long call = reader.replySerial() - firstSerial;
      if (answer && call >= 0 && call < calls && !answered.get((int) call)) {
        answered.set((int) call);
        String error = reader.error();
        boolean failed = reader.type() == DBusReader.ERROR;
        answers.answer((int) call, failed && error == null ? "an error" : error, reader);
      }
      from += needed;
      needed = DBusReader.HEADER_BYTES;
    }
    in.flip().position(from);
    if (needed > in.capacity()) {
      in = ByteBuffer.allocate(Math.max(needed, in.capacity() * 2)).put(in);
    } else {
      in.compact();
    }
  }

  private void await(int operations, long deadline) throws IOException {
    long left = deadline - clock.nanos();
    if (left <= 0) {
      throw new IOException(peer + " gave no answer in time");
    }
    key.interestOps(operations);
    selector.select(left / 1_000_000 + 1);
    selector.selectedKeys().clear();
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("interrupted while waiting for " + peer);
    }
  }

  @Override
  public void close() {
    try {
      selector.close();
      channel.close();
    } catch (IOException ignored) {
      // Nothing that was to be kept can be lost.
    }
  }
}
