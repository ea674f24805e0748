package vigie.agent.expose;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import vigie.agent.probe.Certificates;
import vigie.base.net.Ports;

/** Servers on this machine's loopback device for probes to be judged by. */
final class BlackboxTargets implements AutoCloseable {
  private static final String ZONE =
      """
      $ORIGIN example.org.
      $TTL 300
      @ SOA ns hostmaster 2026112101 7200 3600 1209600 3600
      @ NS ns
      ns A 127.0.0.1
      www A 192.0.2.1
      www A 192.0.2.2
      www AAAA 2001:db8::1
      alias CNAME www
      txt TXT "v=1"
      @ MX 10 mail
      mail A 192.0.2.25
      """;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<ServerSocket> sockets = new ArrayList<>();
  private final Map<String, String> names = new TreeMap<>((a, b) -> b.compareTo(a));
  private final Peer nsd;

  /** Talks on one connection. */
  private interface Talk {
    void with(Socket socket, InputStream in, OutputStream out) throws IOException;
  }

  BlackboxTargets(Path folder) throws IOException {
    Certificates certificates = new Certificates(folder);
    SSLContext good = certificates.server("dns:localhost,dns:vigie.test,ip:127.0.0.1", "-1d", 30);
    SSLContext expired = certificates.server("dns:localhost,ip:127.0.0.1", "-30d", 10);
    SSLContext wrongName = certificates.server("dns:elsewhere.test", "-1d", 30);
    SSLContext selfSigned = certificates.selfSigned("dns:localhost,ip:127.0.0.1");
    names.put("$ca", certificates.ca().toString());
    names.put("$missing", folder.resolve("missing.pem").toString());
    names.put("$token", Files.writeString(folder.resolve("token"), "s3cret\n").toString());
    names.put("$text", Files.writeString(folder.resolve("text"), "from a file").toString());
    serve("$open", (socket, in, out) -> in.readAllBytes());
    serve("$hangup", (socket, in, out) -> {});
    serve("$banner", BlackboxTargets::banner);
    serve("$irc", BlackboxTargets::irc);
    serve("$smtp", (socket, in, out) -> smtp(good, socket, in, out));
    serve("$badsmtp", (socket, in, out) -> smtp(selfSigned, socket, in, out));
    serveTls("$tls", good, BlackboxTargets::banner);
    serveTls("$expiredtls", expired, BlackboxTargets::banner);
    serveTls("$wrongtls", wrongName, BlackboxTargets::banner);
    serveTls("$selftls", selfSigned, BlackboxTargets::banner);
    serve("$web", (socket, in, out) -> http(in, out));
    serveTls("$sec", good, (socket, in, out) -> http(in, out));
    serveTls("$expiredweb", expired, (socket, in, out) -> http(in, out));
    serveTls("$wrongweb", wrongName, (socket, in, out) -> http(in, out));
    serveTls("$selfweb", selfSigned, (socket, in, out) -> http(in, out));
    names.put("$closed", String.valueOf(Ports.refusing()));
    int dns = Ports.free();
    names.put("$dns", String.valueOf(dns));
    names.put("$silentdns", String.valueOf(new DatagramSocket(0, loopback()).getLocalPort()));
    nsd = nsd(folder, dns);
  }

  /** The text with a port for each {@code $name} of a server, or a path. */
  String fill(String text) {
    String filled = text;
    for (Map.Entry<String, String> each : names.entrySet()) {
      filled = filled.replace(each.getKey(), each.getValue());
    }
    return filled;
  }

  /** On every address of this machine, so that both protocols reach it. */
  private void serve(String name, Talk talk) throws IOException {
    ServerSocket listening = new ServerSocket(0, 50);
    sockets.add(listening);
    names.put(name, String.valueOf(listening.getLocalPort()));
    threads.execute(
        () -> {
          while (!listening.isClosed()) {
            try {
              Socket socket = listening.accept();
              threads.execute(() -> talk(socket, talk));
            } catch (IOException closed) {
              return;
            }
          }
        });
  }

  private void serveTls(String name, SSLContext context, Talk talk) throws IOException {
    serve(
        name,
        (socket, in, out) -> {
          Socket secured = secured(context, socket);
          talk.with(secured, secured.getInputStream(), secured.getOutputStream());
          secured.close();
        });
  }

  private static Socket secured(SSLContext context, Socket socket) throws IOException {
    SSLSocket secured =
        (SSLSocket) context.getSocketFactory().createSocket(socket, "here", 0, true);
    secured.setUseClientMode(false);
    secured.startHandshake();
    return secured;
  }

  private static void talk(Socket socket, Talk talk) {
    try (socket) {
      talk.with(socket, socket.getInputStream(), socket.getOutputStream());
    } catch (IOException theProbeWentAway) {
      // Which is what probes do.
    }
  }

  private static void banner(Socket socket, InputStream in, OutputStream out) throws IOException {
    out.write("SSH-2.0-Test_9.2p1 Debian-2\r\nnext line\r\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
    in.readAllBytes();
  }

  private static void irc(Socket socket, InputStream in, OutputStream out) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
    lines.readLine(); // NICK
    out.write(":irc NOTICE hello\r\nPING 4711\r\n".getBytes(StandardCharsets.US_ASCII));
    String pong = String.valueOf(lines.readLine());
    out.write(
        (pong.equals("PONG 4711") ? ":irc 001 welcome\n" : "ERROR " + pong + "\n").getBytes());
    in.readAllBytes();
  }

  private static void smtp(SSLContext context, Socket socket, InputStream in, OutputStream out)
      throws IOException {
    out.write("220 mail.test ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));
    line(in); // EHLO
    out.write("250-mail.test\r\n250 STARTTLS\r\n".getBytes(StandardCharsets.US_ASCII));
    line(in); // STARTTLS
    out.write("220 go ahead\r\n".getBytes(StandardCharsets.US_ASCII));
    Socket secured = secured(context, socket);
    line(secured.getInputStream()); // EHLO again
    secured.getOutputStream().write("250 mail.test\r\n".getBytes(StandardCharsets.US_ASCII));
    secured.getInputStream().readAllBytes();
  }

  /** Up to the end of a line, and no byte more: TLS may come next. */
  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private void http(InputStream in, OutputStream out) throws IOException {
    String[] request = line(in).split(" ", -1);
    if (request.length != 3) {
      return; // A handshake, perhaps.
    }
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
    }
    String body = new String(body(headers, in), StandardCharsets.UTF_8);
    out.write(answer(request[0], request[1], headers, body));
    out.flush();
    if (request[1].equals("/stalls")) {
      in.readAllBytes();
    }
  }

  private static byte[] body(Map<String, String> headers, InputStream in) throws IOException {
    if (!headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
      return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    }
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (int size = Integer.parseInt(line(in), 16); size > 0; ) {
      whole.writeBytes(in.readNBytes(size));
      line(in);
      size = Integer.parseInt(line(in), 16);
    }
    return whole.toByteArray();
  }

  /** What the request says, less how it was carried and by whom. */
  private static String echo(String method, Map<String, String> headers, String body) {
    Map<String, String> told = new TreeMap<>(headers);
    told.keySet().removeAll(List.of("user-agent", "connection", "content-length"));
    told.remove("transfer-encoding");
    told.remove("referer"); // Go sends it after a redirect; nobody probes for it.
    told.computeIfPresent("host", (key, host) -> host.contains(":") ? "here" : host);
    return method + " " + told + " " + body;
  }

  private byte[] answer(String method, String path, Map<String, String> headers, String body)
      throws IOException {
    return switch (path) {
      case "/", "/ok?a=b" -> answer("200 OK", "", "hello, world");
      case "/404" -> answer("404 Not Found", "", "nothing here");
      case "/503" -> answer("503 Service Unavailable", "", "not now");
      case "/204" -> "HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      case "/304" -> "HTTP/1.1 304 Not Modified\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      case "/empty" -> answer("200 OK", "", "");
      case "/redirect" -> answer("302 Found", "Location: /\r\n", "over there");
      case "/redirect3" -> answer("301 Moved Permanently", "Location: /redirect\r\n", "");
      case "/redirect307" -> answer("307 Temporary Redirect", "Location: /echo\r\n", "");
      case "/redirect303" -> answer("303 See Other", "Location: /echo\r\n", "");
      case "/loop" -> answer("302 Found", "Location: /loop\r\n", "again");
      case "/nowhere" -> answer("302 Found", "", "no location");
      case "/tosecure" ->
          answer("302 Found", "Location: " + fill("https://127.0.0.1:$sec/\r\n"), "");
      case "/toclosed" ->
          answer("302 Found", "Location: " + fill("http://127.0.0.1:$closed/\r\n"), "");
      case "/toecho" ->
          answer("302 Found", "Location: " + fill("http://127.0.0.1:$web/echo\r\n"), "");
      case "/login" ->
          headers.getOrDefault("cookie", "").contains("in=1")
              ? answer("200 OK", "", "welcome")
              : answer("302 Found", "Set-Cookie: in=1; Path=/\r\nLocation: /login\r\n", "");
      case "/logout" ->
          headers.getOrDefault("cookie", "").contains("in=1")
              ? answer("302 Found", "Set-Cookie: in=; Max-Age=0\r\nLocation: /echo\r\n", "")
              : answer("302 Found", "Set-Cookie: in=1\r\nLocation: /logout\r\n", "");
      case "/cookie" -> answer("302 Found", "Set-Cookie: a=b\r\nLocation: /echo\r\n", "");
      case "/cookieaway" ->
          answer(
              "302 Found", fill("Set-Cookie: a=b\r\nLocation: http://localhost:$web/echo\r\n"), "");
      case "/headers" ->
          answer("200 OK", "X-Many: one\r\nX-Many: two\r\nServer: test/1.2\r\n", "x");
      case "/modified" -> answer("200 OK", "Last-Modified: Sat, 01 Feb 2025 10:11:12 GMT\r\n", "x");
      case "/modified850" ->
          answer("200 OK", "Last-Modified: Saturday, 01-Feb-25 10:11:12 GMT\r\n", "x");
      case "/modifiedc" -> answer("200 OK", "Last-Modified: Sat Feb  1 10:11:12 2025\r\n", "x");
      case "/modifiedbad" -> answer("200 OK", "Last-Modified: yesterday\r\n", "x");
      case "/gzip" -> raw("200 OK", "Content-Encoding: gzip\r\n", gzip("hello, gzip"));
      case "/notgzip" -> answer("200 OK", "Content-Encoding: gzip\r\n", "plain after all");
      case "/big" -> answer("200 OK", "", "0123456789".repeat(10_000));
      case "/chunked" ->
          ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      case "/old" -> "HTTP/1.0 200 OK\r\n\r\nhello of old".getBytes(StandardCharsets.US_ASCII);
      case "/short", "/stalls" ->
          "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
              .getBytes(StandardCharsets.US_ASCII);
      case "/nonsense" -> "SSH-2.0-Test\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      case "/nothing" -> new byte[0];
      case "/early" ->
          ("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                  + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
              .getBytes(StandardCharsets.US_ASCII);
      case "/auth" -> auth(headers.getOrDefault("authorization", ""));
      case "/echo" -> answer("200 OK", "", echo(method, headers, body));
      default -> answer("404 Not Found", "", path);
    };
  }

  private static byte[] auth(String given) throws IOException {
    String basic = Base64.getEncoder().encodeToString("me:pw".getBytes(StandardCharsets.US_ASCII));
    return given.equals("Basic " + basic)
        ? answer("200 OK", "", "come in")
        : given.equals("Bearer s3cret")
            ? answer("200 OK", "", "come in, bearer")
            : answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "who?");
  }

  private static byte[] answer(String status, String headers, String body) throws IOException {
    return raw(status, headers, body.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] raw(String status, String headers, byte[] body) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ("HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + body.length + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(body);
    return out.toByteArray();
  }

  private static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  private static Peer nsd(Path folder, int port) throws IOException {
    Files.writeString(folder.resolve("example.org.zone"), ZONE);
    Path config =
        Files.writeString(
            folder.resolve("nsd.conf"),
            """
            server:
              ip-address: 127.0.0.1@PORT
              port: PORT
              username: ""
              chroot: ""
              database: ""
              zonesdir: "DIR"
              zonelistfile: "DIR/zone.list"
              xfrdfile: "DIR/xfrd.state"
              xfrdir: "DIR"
              pidfile: ""
              server-count: 1
            remote-control:
              control-enable: no
            zone:
              name: example.org
              zonefile: example.org.zone
            """
                .replace("PORT", String.valueOf(port))
                .replace("DIR", folder.toString()));
    return Peer.start(folder, "nsd", List.of("-d", "-c", config.toString()));
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  @Override
  public void close() throws IOException {
    nsd.close();
    for (ServerSocket each : sockets) {
      each.close();
    }
    threads.shutdownNow();
  }
}
