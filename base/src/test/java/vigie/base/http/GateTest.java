package vigie.base.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;

/** A server that asks for a password, at a real socket. */
@Timeout(60)
class GateTest {
  private static final int MOST_BYTES = 3 << 20;
  private static final String RIGHT = login("alice:secret");
  private static final String WRONG = login("alice:guess");

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventLoops loops = EventLoops.nio(1, "test-gate");
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final List<String> handled = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private Socket socket;

  @BeforeEach
  void start(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("web.yml");
    String hash = BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, "secret".toCharArray());
    Files.writeString(file, "basic_auth_users:\n  alice: " + hash + "\n");
    server =
        new HttpServer(
            loops,
            new InetSocketAddress("127.0.0.1", 0),
            new HttpServer.Limits(MOST_BYTES, 4),
            WebAccess.of(file, Clock.system(), executor, meters),
            executor,
            request -> {
              handled.add(request.who().user() + " " + request.body().length);
              return HttpAnswer.text(200, "taken\n");
            });
    socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout(30_000);
  }

  @AfterEach
  void stop() throws IOException {
    socket.close();
    server.close();
    loops.close();
    executor.shutdown();
  }

  private static String login(String login) {
    return "authorization: Basic "
        + Base64.getEncoder().encodeToString(login.getBytes(US_ASCII))
        + "\r\n";
  }

  private static String post(int length, String... headers) {
    return "POST /x HTTP/1.1\r\nhost: h\r\ncontent-length: "
        + length
        + "\r\n"
        + String.join("", headers)
        + "\r\n";
  }

  private void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(US_ASCII));
  }

  /** The head of the next answer, and its body skipped. */
  private String answer() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        return head.toString();
      }
      head.append((char) next);
    }
    int at = head.indexOf("content-length: ");
    if (at >= 0) {
      String length = head.substring(at + 16, head.indexOf("\r", at));
      socket.getInputStream().skipNBytes(Integer.parseInt(length));
    }
    return head.toString();
  }

  private boolean isClosed() throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException reset) {
      return true;
    }
  }

  private double refused(String reason) {
    return meters.get("vigie.http.refused").tag("reason", reason).counter().count();
  }

  @Test
  void givenStranger_whenHeadIsThere_thenRefusedBeforeAnyBody() throws Exception {
    send(post(MOST_BYTES));
    assertThat(answer()).startsWith("HTTP/1.1 401 ").contains("connection: close");
    assertThat(isClosed()).isTrue();
    assertThat(handled).isEmpty();
    assertThat(refused("credentials")).isEqualTo(1);
  }

  @Test
  void givenStrangerWhoSendsOnAndOn_whenRefused_thenItReadsTheAnswerAndIsCutOff() throws Exception {
    send("POST /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n" + WRONG + "\r\n");
    byte[] chunk = ("10000\r\n" + "x".repeat(0x10000) + "\r\n").getBytes(US_ASCII);
    for (int i = 0; i < 20; i++) {
      socket.getOutputStream().write(chunk);
    }
    assertThat(answer()).startsWith("HTTP/1.1 401 ");
    boolean cut = false;
    while (!cut) {
      try {
        socket.getOutputStream().write(chunk);
      } catch (SocketException closed) {
        cut = true;
      }
    }
    assertThat(handled).isEmpty();
    assertThat(refused("body_too_large")).isZero();
  }

  @Test
  void givenStrangerWhoAsksFirst_whenRefused_thenNeverToldToContinue() throws Exception {
    send(post(1000, WRONG, "expect: 100-continue\r\n"));
    assertThat(answer()).startsWith("HTTP/1.1 401 ");
    assertThat(isClosed()).isTrue();
  }

  @Test
  void givenRightPassword_whenAskedFirst_thenToldToContinueAndTaken() throws Exception {
    for (int i = 0; i < 2; i++) {
      send(post(5, RIGHT, "expect: 100-continue\r\n"));
      assertThat(answer()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      send("hello");
      assertThat(answer()).startsWith("HTTP/1.1 200 ");
    }
    assertThat(handled).containsExactly("alice 5", "alice 5");
  }

  @Test
  void givenRightPassword_whenBodyComesInPieces_thenTakenAndTheNextOneIsAskedAgain()
      throws Exception {
    send(post(10, RIGHT) + "01234");
    send("56789");
    assertThat(answer()).startsWith("HTTP/1.1 200 ");
    send("GET /x HTTP/1.1\r\nhost: h\r\n\r\n");
    assertThat(answer()).startsWith("HTTP/1.1 401 ");
    send(post(MOST_BYTES + 1, RIGHT) + "x".repeat(MOST_BYTES + 1));
    assertThat(answer()).startsWith("HTTP/1.1 413 ");
    send("GET /x HTTP/1.1\r\nhost: h\r\n\r\n");
    assertThat(answer()).startsWith("HTTP/1.1 401 ");
    assertThat(handled).containsExactly("alice 10");
  }

  @Test
  void givenWrongPasswordAndWholeBody_whenRefused_thenTheConnectionGoesOn() throws Exception {
    send(post(5, WRONG) + "hello");
    assertThat(answer()).startsWith("HTTP/1.1 401 ").doesNotContain("connection: close");
    send(post(5, RIGHT) + "hello");
    assertThat(answer()).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void givenSecondRequestBeforeTheFirstIsAnswered_thenClosed() throws Exception {
    send(post(5, RIGHT) + "hello" + post(1000));
    answer();
    assertThat(isClosed()).isTrue();
    assertThat(refused("pipelined")).isEqualTo(1);
  }

  @Test
  void givenJavasOwnClient_whenItSendsMuchWithoutAPassword_thenItGetsTheAnswer() throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/x"))
            .POST(java.net.http.HttpRequest.BodyPublishers.ofByteArray(new byte[MOST_BYTES]))
            .build();
    var answer = HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(401);
  }
}
