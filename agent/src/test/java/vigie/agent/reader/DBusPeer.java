package vigie.agent.reader;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Plays back what a bus daemon and systemd 252 sent in a session that was recorded, over a real
 * socket: each call is answered by what answered the call of that number then.
 */
final class DBusPeer implements AutoCloseable {
  /** What the session's calls asked: Hello, three units, all names, and three more. */
  static final Path SESSION = Path.of("src/test/resources/dbus/systemd-252.bin");

  private final ServerSocketChannel server;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private final Behaviour behaviour;

  private DBusPeer(Path socket, Behaviour behaviour) throws IOException {
    this.behaviour = behaviour;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    thread.execute(this::serve);
  }

  /** What happens on one connection after the other; returning closes it. */
  interface Behaviour {
    void on(InputStream in, OutputStream out) throws IOException;
  }

  static DBusPeer at(Path socket, Behaviour behaviour) throws IOException {
    return new DBusPeer(socket, behaviour);
  }

  /** Answers as the session did, for so many calls on each connection. */
  static DBusPeer recorded(Path socket, int calls) throws IOException {
    List<byte[]> messages = messages();
    return new DBusPeer(
        socket,
        (in, out) -> {
          authenticate(in, out);
          for (int serial = 1; serial <= calls; serial++) {
            readMessage(in);
            for (byte[] message : messages) {
              if (replySerial(message) == serial) {
                // In pieces, as a socket may give them.
                out.write(message, 0, 5);
                out.write(message, 5, message.length - 5);
              }
            }
          }
        });
  }

  static void authenticate(InputStream in, OutputStream out) throws IOException {
    expect(in, "\0AUTH EXTERNAL\r\n");
    out.write("DATA\r\n".getBytes(US_ASCII));
    expect(in, "DATA\r\n");
    out.write("OK 0123456789abcdef0123456789abcdef\r\n".getBytes(US_ASCII));
    expect(in, "BEGIN\r\n");
  }

  static void expect(InputStream in, String text) throws IOException {
    String found = new String(in.readNBytes(text.length()), US_ASCII);
    if (!found.equals(text)) {
      throw new IllegalStateException("expected " + text + ", got " + found);
    }
  }

  static byte[] readMessage(InputStream in) throws IOException {
    byte[] header = in.readNBytes(DBusReader.HEADER_BYTES);
    if (header.length < DBusReader.HEADER_BYTES) {
      throw new ClosedChannelException();
    }
    int length = DBusReader.length(header, 0);
    byte[] message = Arrays.copyOf(header, length);
    byte[] rest = in.readNBytes(length - header.length);
    System.arraycopy(rest, 0, message, header.length, rest.length);
    return message;
  }

  /** The messages of the session in their order. */
  static List<byte[]> messages() throws IOException {
    byte[] session = Files.readAllBytes(SESSION);
    List<byte[]> messages = new ArrayList<>();
    for (int at = 0; at < session.length; ) {
      int length = DBusReader.length(session, at);
      messages.add(Arrays.copyOfRange(session, at, at + length));
      at += length;
    }
    return messages;
  }

  static long replySerial(byte[] message) {
    try {
      DBusReader reader = new DBusReader();
      reader.open(message, 0, message.length);
      return reader.replySerial();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void serve() {
    while (server.isOpen()) {
      try (SocketChannel channel = server.accept()) {
        behaviour.on(Channels.newInputStream(channel), Channels.newOutputStream(channel));
      } catch (IOException gone) {
        // The client went, or the test ends.
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    thread.shutdownNow();
  }

  static ByteBuffer littleEndian(byte[] message) {
    return ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
  }
}
