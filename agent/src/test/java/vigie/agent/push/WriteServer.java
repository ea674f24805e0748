package vigie.agent.push;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import vigie.base.remotewrite.WriteReader;

/** Takes remote write, and answers as its script says; with 204 once that is at its end. */
final class WriteServer implements AutoCloseable {
  static final String OK = "HTTP/1.1 204 No Content\r\n\r\n";
  static final String HANG = "";

  private final ServerSocket listening;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Deque<String> script = new ConcurrentLinkedDeque<>();
  private final List<Socket> sockets = new ArrayList<>();

  /** What was taken: requests that were answered with 2xx. */
  final List<WriteReader.Request<List<String>>> taken = new ArrayList<>();

  /** All requests with their heads, in lower case. */
  final List<String> heads = new ArrayList<>();

  WriteServer(int port) throws IOException {
    listening = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  static String answer(int status, String headers, String body) {
    return "HTTP/1.1 "
        + status
        + " X\r\ncontent-length: "
        + body.length()
        + "\r\n"
        + headers
        + "\r\n"
        + body;
  }

  void script(String... answers) {
    script.addAll(List.of(answers));
  }

  synchronized int requests() {
    return heads.size();
  }

  synchronized List<WriteReader.Series<List<String>>> series() {
    List<WriteReader.Series<List<String>>> all = new ArrayList<>();
    taken.forEach(request -> all.addAll(request.series()));
    return all;
  }

  /** The values of a metric in the order in which they came. */
  List<Double> values(String name) {
    return series().stream()
        .filter(one -> one.labels().get(1).equals(name))
        .map(one -> one.values()[0])
        .toList();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listening.accept();
        synchronized (this) {
          sockets.add(socket);
        }
        threads.execute(() -> serve(socket));
      }
    } catch (IOException closed) {
      // the end
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      for (String head = head(in); !head.isEmpty(); head = head(in)) {
        int at = head.indexOf("content-length: ") + 16;
        byte[] body = in.readNBytes(Integer.parseInt(head.substring(at, head.indexOf('\r', at))));
        String answer = script.isEmpty() ? OK : script.poll();
        synchronized (this) {
          heads.add(head);
          if (answer.startsWith("HTTP/1.1 2")) {
            taken.add(new WriteReader(WriteReader.Limits.DEFAULTS).read(body, false));
          }
        }
        if (answer.equals(HANG)) {
          in.read();
          return;
        }
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        if (answer.contains("content-length: 1000")) {
          return; // and stop in the middle
        }
      }
    } catch (IOException gone) {
      // the peer's own affair
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        return "";
      }
      head.write(b);
    }
    return head.toString(StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
  }

  @Override
  public synchronized void close() throws IOException {
    listening.close();
    for (Socket socket : sockets) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
