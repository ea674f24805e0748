package vigie.collector.api.prometheus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.epoll.Epoll;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;

/** What queries rely on, here since only the collector has the sockets that tell of it at once. */
class GoneClientTest {
  @Test
  void givenAClient_whenItGoesBeforeItsAnswer_thenTheRequestSaysSo() throws Exception {
    assumeTrue(Epoll.isAvailable()); // elsewhere it is seen when the answer is written
    CompletableFuture<HttpRequest> asked = new CompletableFuture<>();
    CompletableFuture<HttpAnswer> never = new CompletableFuture<>();
    try (EventLoops loops = EventLoops.fastest(1, "test");
        HttpServer server =
            new HttpServer(
                loops,
                new InetSocketAddress("127.0.0.1", 0),
                new HttpServer.Limits(1000, 4),
                WebAccess.open(Clock.system(), new SimpleMeterRegistry()),
                Runnable::run,
                new Routes()
                    .getLater(
                        "/",
                        request -> {
                          asked.complete(request);
                          return never;
                        }))) {
      HttpRequest request;
      try (Socket client = new Socket("127.0.0.1", server.port())) {
        client.getOutputStream().write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(UTF_8));
        request = asked.get(60, TimeUnit.SECONDS);
        assertThat(request.isAbandoned()).isFalse();
      }
      await().atMost(60, TimeUnit.SECONDS).until(request::isAbandoned);
    }
  }
}
