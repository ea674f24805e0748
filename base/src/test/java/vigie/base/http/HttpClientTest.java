package vigie.base.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import vigie.base.net.ClientTls;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;

/** Against a server that is a bare socket. */
class HttpClientTest {
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final ServerSocket server;

  HttpClientTest() throws IOException {
    server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
    server.setSoTimeout(60_000);
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    threads.shutdownNow();
    loops.close();
  }

  private HttpClient client(Executor blocking, Lookup lookup, Duration timeout) {
    return client("there", blocking, lookup, timeout);
  }

  private HttpClient client(String host, Executor blocking, Lookup lookup, Duration timeout) {
    URI url = URI.create("http://" + host + ":" + server.getLocalPort() + "/");
    return new HttpClient(loops, blocking, lookup, url, ClientTls.DEFAULTS, timeout);
  }

  private static void answer(Socket connection) throws IOException {
    connection.setSoTimeout(60_000);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
    while (!in.readLine().isEmpty()) {
      // to the end of the head
    }
    connection.getOutputStream().write("HTTP/1.1 204 OK\r\n\r\n".getBytes(US_ASCII));
  }

  private static InetAddress[] here() {
    return new InetAddress[] {InetAddress.getLoopbackAddress()};
  }

  private static HttpReply done(CompletableFuture<HttpReply> answer) throws Exception {
    return answer.get(60, TimeUnit.SECONDS);
  }

  @Test
  void givenHeaderWithALineBreak_whenSent_thenItFailsInWordsThatDoNotShowIt() throws Exception {
    try (HttpClient client = client(threads, host -> here(), Duration.ofSeconds(60))) {
      for (int i = 0; i < 2; i++) {
        // On no connection yet, then on one that is open.
        assertThatThrownBy(() -> done(client.get(Map.of("authorization", "Bearer a\nb"))))
            .hasRootCauseMessage(
                "the value of header authorization has a line break or another control character");
        if (i == 0) {
          CompletableFuture<HttpReply> good = client.get(Map.of("authorization", "Bearer ab"));
          answer(server.accept());
          assertThat(done(good).status()).isEqualTo(204);
        }
      }
    }
  }

  @Test
  void givenRequestsThatTimedOutBehindOthers_whenTheirTurnComes_thenNoNameIsLookedUpForThem() {
    Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    AtomicInteger lookups = new AtomicInteger();
    Lookup lookup =
        host -> {
          lookups.incrementAndGet();
          return here();
        };
    try (HttpClient client = client(waiting::add, lookup, Duration.ofMillis(20))) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> done(client.get(Map.of())))
            .hasRootCauseMessage("no answer within 20ms");
      }
      waiting.forEach(Runnable::run);
    }
    assertThat(waiting).hasSize(3);
    assertThat(lookups).hasValue(0);
  }

  @Test
  void givenThreadsThatAllLookUpNames_whenSentToAnAddress_thenItIsAnswered() throws Exception {
    Duration minute = Duration.ofMinutes(1);
    try (HttpClient client = client("127.0.0.1", task -> {}, Lookup.SYSTEM, minute)) {
      CompletableFuture<HttpReply> answer = client.get(Map.of());
      answer(server.accept());
      assertThat(done(answer).status()).isEqualTo(204);
    }
  }

  @Test
  void givenConnectionThatIsMadeTooLate_whenAnotherIsInUse_thenThatOneIsKept() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch first = new CountDownLatch(1);
    AtomicInteger lookups = new AtomicInteger();
    Lookup slowAtFirst =
        host -> {
          try {
            if (lookups.incrementAndGet() == 1) {
              begun.countDown();
              first.await();
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return here();
        };
    try (HttpClient client = client(threads, slowAtFirst, Duration.ofSeconds(60))) {
      CompletableFuture<HttpReply> givenUp = client.get(Map.of());
      begun.await();
      givenUp.completeExceptionally(new IOException("as its deadline does"));
      CompletableFuture<HttpReply> second = client.get(Map.of());
      try (Socket kept = server.accept()) {
        answer(kept);
        assertThat(done(second).status()).isEqualTo(204);
        first.countDown();
        try (Socket late = server.accept()) {
          late.setSoTimeout(60_000);
          assertThat(late.getInputStream().read()).isEqualTo(-1);
        }
        CompletableFuture<HttpReply> third = client.get(Map.of());
        answer(kept);
        assertThat(done(third).status()).isEqualTo(204);
      }
    }
    assertThat(lookups).hasValue(2);
  }

  @Test
  void givenALongAnswer_whenOnlyItsStatusIsWanted_thenThatIsThere() throws Exception {
    Duration minute = Duration.ofMinutes(1);
    try (HttpClient client = client("127.0.0.1", task -> {}, Lookup.SYSTEM, minute)) {
      CompletableFuture<HttpReply> answer = client.post(Map.of(), new byte[1]);
      try (Socket connection = server.accept()) {
        String head = "HTTP/1.1 400 no\r\nContent-Length: 1000000\r\n\r\n";
        connection.getOutputStream().write(head.getBytes(US_ASCII));
        connection.getOutputStream().write(new byte[70_000]);
        assertThat(done(answer).status()).isEqualTo(400);
        assertThat(done(answer).text()).isEmpty();
      }
    }
  }
}
