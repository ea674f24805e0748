package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.agent.probe.Modules;
import vigie.agent.probe.OnDemand;
import vigie.agent.probe.ProbeConfig;
import vigie.agent.probe.ProbeTools;
import vigie.agent.reader.Roots;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.ManualClock;

/** {@code /probe} over real sockets. */
class ProbeEndpointTest {
  private static final String MODULES =
      "modules:\n"
          + "  tcp_connect: {prober: tcp}\n"
          + "  banner: {prober: tcp, timeout: 2s, tcp: {expect: '^220 '}}\n";
  private final EventLoops loops = EventLoops.nio(1, "test-probe");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpClient client = HttpClient.newHttpClient();
  private final ManualClock clock = new ManualClock();
  private ServerSocket service;
  private HttpServer server;
  private String open;

  @BeforeEach
  void start() throws Exception {
    service = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    open = "127.0.0.1:" + service.getLocalPort();
    ProbeTools tools =
        new ProbeTools(Roots.HOST, clock, clock, loops, Lookup.SYSTEM, threads, threads);
    Faults faults = new Faults();
    Section top =
        Yaml.parse(
            Path.of("agent.yaml"), MODULES + "probe_targets: ['127.0.0.1:*']\n", Map.of(), faults);
    var modules = Modules.readAll(top);
    OnDemand config = OnDemand.read(top, modules, ProbeConfig.readAll(top, modules));
    faults.throwIfAny();
    Routes routes = new Routes();
    new ProbeEndpoint(tools, config).addTo(routes);
    server =
        new HttpServer(
            loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new HttpServer.Limits(1024, 100),
            WebAccess.open(new ManualClock(), new SimpleMeterRegistry()),
            threads,
            routes);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
    service.close();
    loops.close();
    threads.shutdownNow();
  }

  private HttpResponse<String> get(String query) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + "/probe?" + query);
    return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  @Test
  void givenOpenPort_whenProbed_thenSuccessInBlackboxNames() throws Exception {
    HttpResponse<String> answer = get("module=tcp_connect&target=" + open);
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body())
        .contains("# TYPE probe_success gauge\nprobe_success 1\n")
        .contains("\nprobe_duration_seconds ")
        .contains("\nprobe_dns_lookup_time_seconds 0\n");
  }

  @Test
  void givenClosedPort_whenProbed_thenZero() throws Exception {
    service.close();
    assertThat(get("module=tcp_connect&target=" + open).body()).contains("\nprobe_success 0\n");
  }

  @Test
  void givenDebug_whenProbed_thenStepsMetricsAndModule() throws Exception {
    assertThat(get("module=tcp_connect&debug=true&target=" + open).body())
        .contains("ms  connecting to " + open)
        .contains("ms  connected\nup\n")
        .contains("probe_success 1")
        .endsWith(
            "Module:\nprober: tcp\naddresses:\n  one: false\n  ip6: true\n  fallback: true\ntls: false\n"
                + "security:\n  insecure_skip_verify: false\n  min_version: TLS12\n  max_version: TLS13\ntimeout: 2s\n");
  }

  @Test
  void givenWhatIsNotConfigured_whenProbed_thenRefusedInWords() throws Exception {
    assertThat(get("module=tcp_connect&target=192.0.2.1:22"))
        .matches(r -> r.statusCode() == 403)
        .matches(r -> r.body().contains("list it under probe_targets:"));
    assertThat(get("target=" + open))
        .matches(r -> r.statusCode() == 400)
        .matches(r -> r.body().startsWith("Unknown module \"http_2xx\""));
    assertThat(get("module=tcp_connect").statusCode()).isEqualTo(400);
    assertThat(get("module=tcp_connect&target=x&target=" + open).statusCode()).isEqualTo(403);
  }
}
