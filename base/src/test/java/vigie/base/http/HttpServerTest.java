package vigie.base.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.zip.GZIPInputStream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;

class HttpServerTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final CompletableFuture<HttpAnswer> later = new CompletableFuture<>();
  private final HttpServer server =
      new HttpServer(
          loops,
          new InetSocketAddress("127.0.0.1", 0),
          new HttpServer.Limits(1000, 4),
          WebAccess.open(Clock.system(), meters),
          Runnable::run,
          new Routes()
              .get("/hello", r -> HttpAnswer.text(200, "hello " + r.parameter("who")))
              .get("/big", r -> HttpAnswer.text(200, "x".repeat(100_000)))
              .get("/label/{name}/values", r -> HttpAnswer.text(200, r.variable("name")))
              .get(
                  "/broken",
                  r -> {
                    throw new IllegalStateException("secret inside");
                  })
              .get(
                  "/missing-class",
                  r -> {
                    throw new NoClassDefFoundError("Absent");
                  })
              .get(
                  "/fault",
                  r -> {
                    throw new HttpFault(422, "no such thing");
                  })
              .getLater("/later", r -> later)
              .post("/form", r -> HttpAnswer.text(200, String.join("+", r.parameters("q")))));
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    server.close();
    loops.close();
  }

  private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    var request = java.net.http.HttpRequest.newBuilder(uri(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.port() + path);
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  @Test
  void givenRoutes_whenAsked_thenEachAnswers() throws Exception {
    assertThat(text(get("/hello?who=a%20b"))).isEqualTo("hello a b");
    assertThat(text(get("/label/job/values"))).isEqualTo("job");
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    assertThat(get("/form").statusCode()).isEqualTo(405);
    assertThat(get("/form").headers().firstValue("allow")).contains("POST");
  }

  @Test
  void givenHandlerThatAnswersLater_whenOthersAsk_thenTheyDoNotWaitForIt() throws Exception {
    var request = java.net.http.HttpRequest.newBuilder(uri("/later")).build();
    var waiting = client.sendAsync(request, BodyHandlers.ofString());
    assertThat(text(get("/hello?who=x"))).isEqualTo("hello x");
    later.complete(HttpAnswer.text(200, "at last"));
    assertThat(waiting.get().body()).isEqualTo("at last");
  }

  @Test
  void givenHandlerThatFailsLater_whenAsked_thenItsStatus() throws Exception {
    later.completeExceptionally(new HttpFault(422, "no such thing"));
    assertThat(get("/later").statusCode()).isEqualTo(422);
  }

  @Test
  void givenFaults_whenAsked_thenStatusAndNoInsides() throws Exception {
    assertThat(get("/broken").statusCode()).isEqualTo(500);
    assertThat(text(get("/broken"))).doesNotContain("secret");
    assertThat(get("/fault").statusCode()).isEqualTo(422);
    assertThat(text(get("/fault"))).isEqualTo("no such thing\n");
  }

  @Test
  void givenGzipAccepted_whenBig_thenCompressed() throws Exception {
    HttpResponse<byte[]> zipped = get("/big", "accept-encoding", "gzip");
    assertThat(zipped.headers().firstValue("content-encoding")).contains("gzip");
    assertThat(new GZIPInputStream(new ByteArrayInputStream(zipped.body())).readAllBytes())
        .hasSize(100_000);
    assertThat(get("/big").body()).hasSize(100_000);
  }

  @Test
  void givenForm_whenPosted_thenFieldsAreParameters() throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(uri("/form?q=c"))
            .header("content-type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("q=a&q=b"))
            .build();
    assertThat(client.send(request, BodyHandlers.ofString()).body()).isEqualTo("a+b+c");
  }

  @Test
  void givenBodyOverTheLimit_whenPosted_then413() throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(uri("/form"))
            .POST(BodyPublishers.ofString("q".repeat(2000)))
            .build();
    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(413);
  }

  @Test
  void givenLongHeader_whenAsked_then431() throws Exception {
    assertThat(get("/hello", "x-long", "y".repeat(20_000)).statusCode()).isEqualTo(431);
  }

  @Test
  void givenGarbage_whenSent_thenAnsweredOrClosedAndOthersLive() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket
          .getOutputStream()
          .write("\0\1\2 garbage\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
          .startsWith("HTTP/1.1 400");
    }
    assertThat(text(get("/hello?who=x"))).isEqualTo("hello x");
  }

  @Test
  void givenPortTaken_whenListening_thenAddressIsNamed() {
    assertThatThrownBy(
            () ->
                new HttpServer(
                    loops,
                    new InetSocketAddress("127.0.0.1", server.port()),
                    new HttpServer.Limits(1, 1),
                    WebAccess.open(Clock.system(), meters),
                    Runnable::run,
                    r -> HttpAnswer.text(200, "")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("cannot listen on 127.0.0.1:" + server.port() + ": ");
  }

  private HttpServer impatient(HttpHandler handler) {
    return new HttpServer(
        loops,
        new InetSocketAddress("127.0.0.1", 0),
        new HttpServer.Limits(
            1000, 4, Duration.ofMinutes(1), Duration.ofMillis(300), Duration.ofMinutes(1)),
        WebAccess.open(Clock.system(), meters),
        Runnable::run,
        handler);
  }

  @Test
  void givenPeerThatSendsAByteNowAndThen_whenTheRequestsTimeIsOver_thenClosed() throws Exception {
    try (HttpServer impatient = impatient(r -> HttpAnswer.text(200, "x"));
        Socket socket = new Socket("127.0.0.1", impatient.port())) {
      await()
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .until(
              () -> {
                socket.getOutputStream().write('G');
                socket.setSoTimeout(1);
                return isClosed(socket);
              });
    }
  }

  private static boolean isClosed(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException open) {
      return false;
    } catch (SocketException reset) {
      return true;
    }
  }

  @Test
  void givenRequestsOnOneConnection_whenItRestsBetweenThem_thenStaysOpen() throws Exception {
    try (HttpServer impatient = impatient(r -> HttpAnswer.text(200, "x"));
        Socket socket = new Socket("127.0.0.1", impatient.port())) {
      byte[] request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(request);
      assertThat(socket.getInputStream().read()).isEqualTo('H');
      socket.getInputStream().skipNBytes(socket.getInputStream().available());
      socket.setSoTimeout(600); // longer than a request may take
      assertThat(isClosed(socket)).isFalse();
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(request);
      assertThat(socket.getInputStream().read()).isEqualTo('H');
    }
  }

  @Test
  void givenPeerThatAsksAndNeverReads_whenItsWindowIsFull_thenNoMoreAnswersAreMade()
      throws Exception {
    AtomicInteger answers = new AtomicInteger();
    byte[] megabyte = new byte[1 << 20];
    try (HttpServer other =
            impatient(
                r -> {
                  answers.incrementAndGet();
                  return new HttpAnswer(200, HttpAnswer.TEXT, megabyte, Map.of());
                });
        SocketChannel socket =
            SocketChannel.open(new InetSocketAddress("127.0.0.1", other.port()))) {
      byte[] request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      int asked = 0;
      while (asked < 200 && asked == answers.get()) {
        socket.write(ByteBuffer.wrap(request));
        int next = ++asked;
        awaitQuietly(() -> answers.get() == next);
      }
      assertThat(asked).isLessThan(200);
    }
  }

  @Test
  void givenPeerThatIsGone_whenItsAnswerIsThereAtLast_thenNothingIsSaid() throws Exception {
    Logger netty = Logger.getLogger("io.netty");
    List<String> said = new CopyOnWriteArrayList<>();
    Handler listener =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            said.add(entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    netty.addHandler(listener);
    try (HttpServer hasty =
            new HttpServer(
                loops,
                new InetSocketAddress("127.0.0.1", 0),
                new HttpServer.Limits(
                    1000, 4, Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMillis(100)),
                WebAccess.open(Clock.system(), meters),
                Runnable::run,
                new Routes().getLater("/", r -> later));
        Socket socket = new Socket("127.0.0.1", hasty.port())) {
      byte[] request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
      socket.getOutputStream().write(request);
      assertThat(isClosed(socket)).isTrue();
      later.complete(HttpAnswer.text(200, "too late"));
      loops.group().submit(() -> {}).get();
      assertThat(said).isEmpty();
    } finally {
      netty.removeHandler(listener);
    }
  }

  @Test
  void givenHandlerThatThrowsAnError_whenAsked_then500() throws Exception {
    assertThat(get("/missing-class").statusCode()).isEqualTo(500);
  }

  /** Waits half a second at most. */
  private static void awaitQuietly(Callable<Boolean> condition) {
    try {
      await().atMost(Duration.ofMillis(500)).until(condition);
    } catch (ConditionTimeoutException e) {
      // what it was for says so
    }
  }

  @Test
  void givenAnAnsweredRequest_whenItsConnectionRests_thenTheRequestIsNotKept() throws Exception {
    AtomicReference<WeakReference<HttpRequest>> asked = new AtomicReference<>();
    byte[] request = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc".getBytes(UTF_8);
    try (HttpServer resting =
            impatient(
                new Routes()
                    .post(
                        "/",
                        r -> {
                          asked.set(new WeakReference<>(r));
                          return HttpAnswer.text(200, "x");
                        }));
        Socket peer = new Socket("127.0.0.1", resting.port())) {
      peer.getOutputStream().write(request);
      assertThat(peer.getInputStream().read()).isEqualTo('H');
      await()
          .until(
              () -> {
                System.gc();
                return asked.get().refersTo(null);
              });
    }
  }
}
