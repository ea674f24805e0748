package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.net.Authority;

/** A collector that serves over TLS is scraped by another with every kind of tls_config. */
class ScrapeTlsTest {
  @TempDir Path dir;

  private Collector start(String name, String yaml) throws Exception {
    Path file =
        Files.writeString(
            dir.resolve(name + ".yaml"),
            "storage: {path: "
                + name
                + "}\nlisten: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}\n"
                + yaml);
    return Collector.start(
        Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
  }

  @Test
  void givenTargetOverTls_whenScraped_thenItsCertificateCounts() throws Exception {
    Authority authority = new Authority(dir, "ca");
    authority.issue("server", "server", "DNS:metrics.example");
    Files.writeString(
        dir.resolve("web.yml"),
        "tls_server_config: {cert_file: server.pem, key_file: server.key}\n");
    try (Collector target = start("target", "web_config_file: web.yml\n")) {
      String job =
          "- {job_name: %s, scheme: https, scrape_interval: 500ms, tls_config: {%s},"
              + " static_configs: [{targets: ['127.0.0.1:"
              + target.httpPort()
              + "']}]}\n";
      try (Collector scraping =
          start(
              "scraping",
              "scrape_configs:\n"
                  + job.formatted("named", "ca_file: ca.pem, server_name: metrics.example")
                  + job.formatted("other-name", "ca_file: ca.pem")
                  + job.formatted("stranger", "server_name: metrics.example")
                  + job.formatted("anybody", "insecure_skip_verify: true"))) {
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () ->
                    assertThat(health(scraping.httpPort()))
                        .containsExactly(
                            Map.entry("anybody", "up"),
                            Map.entry("named", "up"),
                            Map.entry("other-name", "down"),
                            Map.entry("stranger", "down")));
      }
    }
  }

  private static Map<String, String> health(int port) throws Exception {
    JsonNode answer =
        new ObjectMapper()
            .readTree(
                HttpClient.newHttpClient()
                    .send(
                        HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + port + "/api/v1/targets"))
                            .build(),
                        BodyHandlers.ofString())
                    .body());
    Map<String, String> all = new TreeMap<>();
    answer
        .path("data")
        .path("activeTargets")
        .forEach(t -> all.put(t.path("scrapePool").asText(), t.path("health").asText()));
    return all;
  }
}
