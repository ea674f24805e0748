package vigie.agent.expose;

import io.micrometer.core.instrument.MeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import vigie.agent.metric.Meters;
import vigie.agent.metric.NodeCollector;
import vigie.agent.metric.NodeMetrics;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;

/** The agent's pages on a free port of this machine. */
final class Served implements AutoCloseable {
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(60)).build();
  private final EventLoops loops = EventLoops.nio(1, "test-http");
  private final ExecutorService executor;
  private final ExecutorService reading = Executors.newCachedThreadPool();
  private final HttpServer server;

  Served(NodeMetrics metrics, ExecutorService executor) {
    this(metrics, executor, null);
  }

  /** With a web.config file. */
  Served(NodeMetrics metrics, ExecutorService executor, @Nullable Path webConfig) {
    this.executor = executor;
    PrometheusRegistry registry = new PrometheusRegistry();
    NodeCollector node = metrics.collector(reading);
    registry.register(node);
    MeterRegistry meters = Meters.in(registry);
    Routes routes = new Routes();
    new Exposition(registry, node, meters, Clock.system()).addTo(routes);
    new Health(() -> "").addTo(routes);
    server =
        new HttpServer(
            loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new HttpServer.Limits(1024, 100),
            WebAccess.of(webConfig, Clock.system(), executor, meters),
            executor,
            routes);
  }

  Served(NodeMetrics metrics) {
    this(metrics, Executors.newFixedThreadPool(2));
  }

  int port() {
    return server.port();
  }

  HttpResponse<byte[]> get(String path, String... headers)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return client.send(request.build(), BodyHandlers.ofByteArray());
  }

  @Override
  public void close() {
    server.close();
    loops.close();
    executor.shutdownNow();
    reading.shutdownNow();
  }
}
