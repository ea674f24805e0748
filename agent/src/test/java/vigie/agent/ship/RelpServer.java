package vigie.agent.ship;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import vigie.base.net.Ports;

/** A server that says exactly what a test tells it to, right or wrong. One connection at a time. */
final class RelpServer implements AutoCloseable {
  static final String OPENED = "200 OK\nrelp_version=0\nrelp_software=fake\ncommands=syslog";

  private final ServerSocket listening;
  private Socket socket;
  private InputStream in;

  /** At a port that nobody else takes while it is away, so that it can come back there. */
  RelpServer() throws IOException {
    this(Ports.free());
  }

  RelpServer(int port) throws IOException {
    this(new ServerSocket(), port);
  }

  /** Of a socket not bound yet, which may be one of TLS. */
  RelpServer(ServerSocket unbound, int port) throws IOException {
    listening = unbound;
    listening.setReuseAddress(true);
    listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  int port() {
    return listening.getLocalPort();
  }

  InetSocketAddress address() {
    return InetSocketAddress.createUnresolved("127.0.0.1", port());
  }

  /** Waits for the next connection and its open, and gives the open's DATA. */
  String accept() throws IOException {
    if (socket != null) {
      socket.close();
    }
    listening.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
    socket = listening.accept();
    return open();
  }

  /** Takes the next connection and reads nothing. */
  void acceptRaw() throws IOException {
    listening.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
    socket = listening.accept();
  }

  private String open() throws IOException {
    socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
    in = socket.getInputStream();
    Frame open = read();
    if (open.txnr != 1 || !open.command.equals("open")) {
      throw new AssertionError("not an open: " + open);
    }
    return open.data;
  }

  /** The same, where the client waits: does the step again and again until it comes. */
  void acceptAndOpenAfter(Runnable step) throws IOException {
    if (socket != null) {
      socket.close();
    }
    listening.setSoTimeout(20);
    for (int i = 0; ; i++) {
      step.run();
      try {
        socket = listening.accept();
        break;
      } catch (SocketTimeoutException notYet) {
        if (i == 500) {
          throw notYet;
        }
      }
    }
    open();
    rsp(1, OPENED);
  }

  /** Accepts and answers open well. */
  void acceptAndOpen() throws IOException {
    accept();
    rsp(1, OPENED);
  }

  record Frame(int txnr, String command, String data) {}

  /** The next frame; null where the client has closed. */
  Frame read() throws IOException {
    String txnr = word();
    if (txnr.isEmpty()) {
      return null;
    }
    String command = word();
    StringBuilder length = new StringBuilder();
    int b = in.read();
    for (; b >= '0' && b <= '9'; b = in.read()) {
      length.append((char) b);
    }
    String data = "";
    if (b == ' ') {
      data = new String(in.readNBytes(Integer.parseInt(length.toString())), StandardCharsets.UTF_8);
      b = in.read();
    }
    if (b != '\n') {
      throw new AssertionError("no LF behind " + txnr + " " + command);
    }
    return new Frame(Integer.parseInt(txnr), command, data);
  }

  private String word() throws IOException {
    StringBuilder word = new StringBuilder();
    for (int b = in.read(); b > ' '; b = in.read()) {
      word.append((char) b);
    }
    return word.toString();
  }

  /** Reads a record and gives the text behind its structured data. */
  String readText(int txnr) throws IOException {
    Frame frame = read();
    if (frame == null || frame.txnr != txnr || !frame.command.equals("syslog")) {
      throw new AssertionError("expected record " + txnr + ", got " + frame);
    }
    return frame.data.substring(frame.data.lastIndexOf("] ") + 2);
  }

  void rsp(int txnr, String data) throws IOException {
    send(txnr + " rsp " + data.length() + " " + data + "\n");
  }

  void ok(int txnr) throws IOException {
    rsp(txnr, "200 OK");
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
  }

  void hangUp() throws IOException {
    socket.close();
  }

  @Override
  public void close() throws IOException {
    if (socket != null) {
      socket.close();
    }
    listening.close();
  }
}
