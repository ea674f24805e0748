package vigie.base.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vigie.base.net.EventLoops;

class HttpServerTest {
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final HttpServer server =
      new HttpServer(
          loops,
          new InetSocketAddress("127.0.0.1", 0),
          new HttpServer.Limits(1000, 4),
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
                  "/fault",
                  r -> {
                    throw new HttpFault(422, "no such thing");
                  })
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
                    Runnable::run,
                    r -> HttpAnswer.text(200, "")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith("cannot listen on 127.0.0.1:" + server.port() + ": ");
  }
}
