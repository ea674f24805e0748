package vigie.collector.e2e;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/** A TCP service to watch, on one port: there while it is open. */
final class LineServer {
  private final int port;
  private ServerSocket listening;
  private Thread serving;

  /** Keeps the port while nobody listens there, or another program's connection might take it. */
  private Socket held;

  LineServer(int port) {
    this.port = port;
  }

  synchronized void up() throws IOException {
    if (listening != null) {
      return;
    }
    if (held != null) {
      held.close();
    }
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 64);
    listening = socket;
    Thread thread = new Thread(() -> serve(socket), "line-server");
    thread.setDaemon(true);
    thread.start();
    serving = thread;
  }

  synchronized void down() throws IOException {
    if (listening != null) {
      listening.close();
      listening = null;
      // A socket that somebody waits on is only closed for good once that thread has let go of it.
      try {
        serving.join(30_000);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      held = new Socket();
      held.setReuseAddress(true);
      held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
  }

  private static void serve(ServerSocket socket) {
    while (!socket.isClosed()) {
      try (Socket client = socket.accept()) {
        client
            .getOutputStream()
            .write("ready\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      } catch (IOException e) {
        // Closed by down, or a client that went away.
      }
    }
  }
}
