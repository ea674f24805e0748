package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.agent.metric.Fixture;

class ExpositionTest {
  private Served agent;

  @BeforeEach
  void start() throws IOException {
    agent = new Served(new Fixture("vm-6.18").metrics());
  }

  @AfterEach
  void stop() {
    agent.close();
  }

  @Test
  void givenNoAcceptHeader_whenScraped_thenClassicText() throws Exception {
    HttpResponse<byte[]> answer = agent.get("/metrics");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(text(answer)).contains("\n# TYPE node_intr_total counter\n").doesNotContain("# EOF");
  }

  @Test
  void givenOpenMetricsAsked_whenScraped_thenOpenMetrics() throws Exception {
    HttpResponse<byte[]> answer =
        agent.get("/metrics", "accept", "application/openmetrics-text;version=1.0.0");

    assertThat(answer.headers().firstValue("content-type"))
        .contains("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assertThat(text(answer)).contains("\n# TYPE node_intr counter\n").endsWith("# EOF\n");
  }

  @Test
  void givenGzipAccepted_whenScraped_thenGzipped() throws Exception {
    HttpResponse<byte[]> answer = agent.get("/metrics", "accept-encoding", "gzip");

    assertThat(answer.headers().firstValue("content-encoding")).contains("gzip");
    var plain = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
    assertThat(new String(plain, StandardCharsets.UTF_8)).contains("node_load1 ");
  }

  @Test
  void givenSubjects_whenScraped_thenOnlyThose() throws Exception {
    String text = text(agent.get("/metrics?collect%5B%5D=loadavg&collect%5B%5D=uname"));

    assertThat(Text.parse(text).types().keySet())
        .containsExactly(
            "node_load1",
            "node_load15",
            "node_load5",
            "node_scrape_collector_duration_seconds",
            "node_scrape_collector_success",
            "node_uname_info",
            "vigie_agent_collectors_hanging");
  }

  @Test
  void givenUnknownSubject_whenScraped_thenRefusedWithTheKnownOnes() throws Exception {
    HttpResponse<byte[]> answer = agent.get("/metrics?collect%5B%5D=sun");

    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(text(answer)).contains("no collector \"sun\"").contains("loadavg");
  }

  @Test
  void givenNames_whenScraped_thenOnlyThose() throws Exception {
    String query =
        "?name[]=node_load1&name[]=node_intr_total&name[]=vigie_agent_scrape_seconds_sum";
    String text = text(agent.get("/metrics" + query.replace("[]", "%5B%5D")));

    assertThat(Text.parse(text).types().keySet())
        .containsExactly("node_intr_total", "node_load1", "vigie_agent_scrape_seconds");
  }

  @Test
  void givenManyScrapesAtOnce_whenAnswered_thenAllAreWhole() throws Exception {
    int lines = text(agent.get("/metrics")).split("\n").length;
    ExecutorService clients = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Integer>> scrapes = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        scrapes.add(() -> text(agent.get("/metrics")).split("\n").length);
      }
      for (Future<Integer> scrape : clients.invokeAll(scrapes)) {
        assertThat(scrape.get()).isEqualTo(lines);
      }
    } finally {
      clients.shutdownNow();
    }
  }

  @Test
  void givenRunningAgent_whenHealthIsAsked_thenOk() throws Exception {
    assertThat(text(agent.get("/healthz"))).isEqualTo("ok\n");
    assertThat(text(agent.get("/readyz"))).isEqualTo("ready\n");
    assertThat(text(agent.get("/"))).contains("href=\"/metrics\"");
  }

  private static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }
}
