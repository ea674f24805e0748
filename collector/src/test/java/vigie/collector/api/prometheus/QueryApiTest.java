package vigie.collector.api.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.base.http.HttpServer;
import vigie.base.http.Routes;
import vigie.base.http.WebAccess;
import vigie.base.net.EventLoops;
import vigie.base.time.ManualClock;
import vigie.collector.label.Labels;
import vigie.collector.label.Regex;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.store.sample.MemorySampleStore;
import vigie.collector.testing.RealPrometheus;

/** Limits of the query API, its CORS headers, and requests as Grafana's data source sends them. */
class QueryApiTest {
  private final ManualClock clock = new ManualClock();
  private final long now = clock.millis() / 1000;
  private final MemorySampleStore store = new MemorySampleStore(100);
  private final EventLoops loops = EventLoops.nio(1, "test");
  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final HttpClient http = HttpClient.newHttpClient();
  private Executor queries = Runnable::run;
  private HttpServer server;

  @BeforeEach
  void start() {
    for (int i = 0; i < 5; i++) {
      for (int t = 0; t < 10; t++) {
        Labels labels = Labels.of(Labels.NAME, "up", "instance", "h" + i, "job", "node");
        store.append(labels, (now - 300 + 30 * t) * 1000, 1);
      }
    }
    EngineOptions options = EngineOptions.defaults().withMaxSeries(4).withMaxSamples(40);
    Routes routes = new Routes();
    new QueryApi(new Engine(store, options, clock), clock, task -> queries.execute(task))
        .routes(routes);
    new SeriesApi(store).routes(routes);
    StatusApi.State state =
        new StatusApi.State(
            "1.2", Instant.EPOCH, Instant.EPOCH, true, "h", "/", "15d", Map.of(), "a: b\n");
    new StatusApi(store, clock, () -> state).routes(routes);
    server =
        new HttpServer(
            loops,
            new InetSocketAddress("127.0.0.1", 0),
            new HttpServer.Limits(1 << 20, 16),
            WebAccess.open(clock, new SimpleMeterRegistry()),
            threads,
            new Cors(routes, Optional.of(Regex.of("https://grafana\\..*"))));
  }

  @AfterEach
  void stop() {
    server.close();
    loops.close();
    threads.shutdownNow();
  }

  private HttpResponse<String> send(String method, String path, String origin, String... form)
      throws Exception {
    String body = RealPrometheus.form(form);
    java.net.http.HttpRequest.Builder request =
        java.net.http.HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + server.port() + "/api/v1/" + path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method(method, java.net.http.HttpRequest.BodyPublishers.ofString(body));
    if (!origin.isEmpty()) {
      request.header("Origin", origin);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private JsonNode post(int status, String path, String... form) throws Exception {
    HttpResponse<String> answer = send("POST", path, "", form);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    return new ObjectMapper().readTree(answer.body());
  }

  private static void assertError(JsonNode answer, String type, String beginning) {
    assertThat(answer.path("status").asText()).isEqualTo("error");
    assertThat(answer.path("errorType").asText()).isEqualTo(type);
    assertThat(answer.path("error").asText()).startsWith(beginning);
  }

  @Test
  void givenTooManySeries_whenAsked_thenSaidSoWithTheSelector() throws Exception {
    JsonNode answer = post(422, "query", "query", "sum(up)");

    assertError(answer, "execution", "query selects too many series: 5 match [__name__=\"up\"]");
    assertThat(post(200, "query", "query", "sum(up{instance=~\"h[0-3]\"})").path("data").toString())
        .contains("\"4\"");
  }

  @Test
  void givenTooManySamples_whenAsked_thenSaidSoAndTheNextQueryHasRoom() throws Exception {
    String[] tooMany = {
      "query",
      "sum_over_time(up{instance=~\"h[0-3]\"}[1h])",
      "start",
      "" + (now - 600),
      "end",
      "" + now,
      "step",
      "10"
    };
    for (int i = 0; i < 3; i++) {
      JsonNode answer = post(422, "query_range", tooMany);
      assertError(answer, "execution", "query processing would load too many samples into memory");
      assertThat(post(200, "query", "query", "up{instance=\"h1\"}[1h]").path("data")).isNotEmpty();
    }
  }

  @Test
  void givenFullQueue_whenAsked_thenUnavailable() throws Exception {
    queries =
        task -> {
          throw new RejectedExecutionException();
        };

    assertError(post(503, "query", "query", "up"), "unavailable", "too many queries are waiting");
  }

  @Test
  void givenQueryThatWaitedTooLong_whenItsTurnComes_thenTimeout() throws Exception {
    queries =
        task -> {
          clock.advance(Duration.ofSeconds(6));
          task.run();
        };

    JsonNode answer = post(503, "query", "query", "vector(1)", "timeout", "5s");

    assertError(answer, "timeout", "query timed out in expression evaluation");
    assertThat(post(200, "query", "query", "vector(1)", "timeout", "7s").path("status").asText())
        .isEqualTo("success");
  }

  @Test
  void givenOrigins_whenAPageAsks_thenOnlyThoseNamedMayRead() throws Exception {
    HttpResponse<String> allowed = send("POST", "query", "https://grafana.example", "query", "1");
    HttpResponse<String> foreign = send("POST", "query", "https://other.example", "query", "1");
    HttpResponse<String> before = send("OPTIONS", "query", "https://grafana.example");

    assertThat(allowed.headers().firstValue("access-control-allow-origin"))
        .contains("https://grafana.example");
    assertThat(foreign.headers().firstValue("access-control-allow-origin")).isEmpty();
    assertThat(foreign.headers().firstValue("vary")).get().asString().contains("Origin");
    assertThat(before.statusCode()).isEqualTo(204);
    assertThat(before.headers().firstValue("access-control-allow-methods"))
        .contains("GET, POST, OPTIONS");
  }

  /** Forms as Grafana 11's Prometheus data source sends them, in the order of opening Explore. */
  @Test
  void givenGrafanasRequests_whenSent_thenEachFindsWhatItNeeds() throws Exception {
    String start = "" + (now - 3600);
    String end = "" + now;

    assertThat(get("status/buildinfo").path("data").path("version").asText())
        .isEqualTo("3.5.0+vigie-1.2");
    // "Save & test".
    assertThat(
            post(200, "query", "query", "1+1", "time", now + ".241")
                .path("data")
                .path("result")
                .path(1)
                .asText())
        .isEqualTo("2");
    // The metric browser: names, then labels and values of what was chosen.
    assertThat(get("label/__name__/values?start=" + start + "&end=" + end).path("data"))
        .hasToString("[\"up\"]");
    assertThat(
            post(200, "labels", "start", start, "end", end, "match[]", "{__name__=\"up\"}")
                .path("data"))
        .hasToString("[\"__name__\",\"instance\",\"job\"]");
    assertThat(
            get("label/job/values?start="
                    + start
                    + "&end="
                    + end
                    + "&limit=40000&match[]=%7B__name__%3D%22up%22%7D")
                .path("data"))
        .hasToString("[\"node\"]");
    assertThat(
            post(
                    200,
                    "series",
                    "start",
                    start,
                    "end",
                    end,
                    "match[]",
                    "up{instance=\"h2\"}",
                    "limit",
                    "40000")
                .path("data"))
        .hasToString("[{\"__name__\":\"up\",\"instance\":\"h2\",\"job\":\"node\"}]");
    // A panel: a range with the step that fits it, an instant, and what exemplars there are.
    JsonNode panel =
        post(
            200,
            "query_range",
            "query",
            "sum by(job) (up{instance=\"h1\"})",
            "start",
            start,
            "end",
            end,
            "step",
            "1200");
    assertThat(panel.path("data").path("resultType").asText()).isEqualTo("matrix");
    assertThat(panel.path("data").path("result")).hasSize(1);
    assertThat(
            post(200, "query", "query", "up{instance=\"h1\"}", "time", end)
                .path("data")
                .path("result"))
        .hasSize(1);
    assertThat(post(200, "query_exemplars", "query", "up", "start", start, "end", end).path("data"))
        .hasToString("[]");
    // The query builder reads what was typed.
    assertThat(post(200, "parse_query", "query", "rate(up[5m])").path("data").path("type").asText())
        .isEqualTo("call");
    assertThat(post(200, "format_query", "query", "sum(up)by(job)").path("data").asText())
        .isEqualTo("sum by (job) (up)");
  }

  private JsonNode get(String path) throws Exception {
    HttpResponse<String> answer =
        http.send(
            java.net.http.HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + server.port() + "/api/v1/" + path))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }
}
