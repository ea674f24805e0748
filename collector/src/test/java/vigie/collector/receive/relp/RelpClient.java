package vigie.collector.receive.relp;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A client that says exactly what a test tells it to, right or wrong. */
final class RelpClient implements AutoCloseable {
  static final String OPEN =
      """
      1 open 86 relp_version=0
      relp_software=librelp,1.11.0,http://librelp.adiscon.com
      commands=syslog
      """;
  static final String OPENED =
      "1 rsp 64 200 OK\nrelp_version=0\nrelp_software=vigie,test,x\ncommands=syslog\n";

  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  RelpClient(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout((int) Duration.ofSeconds(60).toMillis());
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  /** Connects and opens the session. */
  static RelpClient opened(int port) throws IOException {
    RelpClient client = new RelpClient(port);
    client.send(OPEN);
    client.expect(OPENED);
    return client;
  }

  RelpClient send(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
    return this;
  }

  RelpClient syslog(int txnr, String record) throws IOException {
    return send(
        txnr + " syslog " + record.getBytes(StandardCharsets.UTF_8).length + " " + record + "\n");
  }

  /** Reads as many bytes as the text has and compares. */
  RelpClient expect(String text) throws IOException {
    byte[] want = text.getBytes(StandardCharsets.UTF_8);
    byte[] got = in.readNBytes(want.length);
    if (!text.equals(new String(got, StandardCharsets.UTF_8))) {
      throw new AssertionError(
          "expected \"" + text + "\", got \"" + new String(got, StandardCharsets.UTF_8) + "\"");
    }
    return this;
  }

  /** All that comes until the other end closes, in order or by a reset. */
  String rest() {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    try {
      in.transferTo(rest);
    } catch (IOException reset) {
      rest.writeBytes("!".getBytes(StandardCharsets.US_ASCII));
    }
    return rest.toString(StandardCharsets.UTF_8);
  }

  /** Closes with a reset, as a killed host does not even do. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  Socket socket() {
    return socket;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
