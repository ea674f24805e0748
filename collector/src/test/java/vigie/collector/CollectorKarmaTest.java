package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;

/**
 * What the dashboard karma asks of an Alertmanager and reads of its answers, and what it hands on
 * of a browser's requests where it is told to stand between. Source: karma's internal/mapper/v017,
 * internal/verprobe and cmd/karma/proxy.go.
 */
class CollectorKarmaTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path dir;
  private Collector collector;

  @BeforeEach
  void start() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            route: {receiver: nobody, group_by: [alertname]}
            receivers: [{name: nobody}]
            """);
    collector =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private String own() {
    return "http://127.0.0.1:" + collector.httpPort();
  }

  private HttpResponse<String> send(String method, String path, String body, String... headers)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(own() + path))
            .timeout(Duration.ofSeconds(60))
            .method(method, BodyPublishers.ofString(body.replace('\'', '"')));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HTTP.send(request.build(), BodyHandlers.ofString());
  }

  private JsonNode pull(String path) throws Exception {
    HttpResponse<String> answer = send("GET", path, "", "accept", "application/json");
    assertThat(answer.statusCode()).as(path).isEqualTo(200);
    assertThat(answer.headers().firstValue("content-type").orElse("")).contains("json");
    return new ObjectMapper().readTree(answer.body());
  }

  private HttpResponse<String> silence(String... headers) throws Exception {
    String end = Instant.now().plus(Duration.ofHours(1)).toString();
    String body =
        "{'matchers':[{'name':'node','value':'p1','isRegex':false,'isEqual':true},"
            + "{'name':'alertname','value':'(Up|Down)','isRegex':true,'isEqual':true}],"
            + "'startsAt':'%s','endsAt':'%s','createdBy':'me@example.com','comment':'works'}"
                .formatted(Instant.now(), end);
    return send("POST", "/api/v2/silences", body, headers);
  }

  @Test
  void givenAlertAndSilence_whenItPulls_thenAllThatItReadsIsThere() throws Exception {
    String alert = "[{'labels':{'alertname':'Down','node':'p1'},'annotations':{'summary':'s'}}]";
    assertThat(send("POST", "/api/v2/alerts", alert, "content-type", "application/json"))
        .matches(answer -> answer.statusCode() == 200);
    assertThat(silence("content-type", "application/json").statusCode()).isEqualTo(200);

    // Without alertmanager_build_info it takes the newest API.
    HttpResponse<String> metrics = send("GET", "/metrics", "");
    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
    assertThat(metrics.body()).doesNotContain("alertmanager_build_info");

    JsonNode status = pull("/api/v2/status");
    assertThat(status.at("/cluster/peers").isArray()).isTrue();
    assertThat(status.at("/versionInfo/version").asText()).isEqualTo(Version.VERSION);

    JsonNode silences = pull("/api/v2/silences");
    assertThat(silences).hasSize(1);
    JsonNode made = silences.get(0);
    for (String text : List.of("id", "createdBy", "comment")) {
      assertThat(made.path(text).isTextual()).as(text).isTrue();
    }
    for (String time : List.of("startsAt", "endsAt", "updatedAt")) {
      assertThat(Instant.parse(made.path(time).asText())).as(time).isNotNull();
    }
    assertThat(made.at("/status/state").asText()).isEqualTo("active");
    assertThat(made.path("matchers").toString())
        .isEqualTo(
            "[{\"isEqual\":true,\"isRegex\":false,\"name\":\"node\",\"value\":\"p1\"},"
                + "{\"isEqual\":true,\"isRegex\":true,\"name\":\"alertname\",\"value\":\"(Up|Down)\"}]");

    JsonNode groups = pull("/api/v2/alerts/groups");
    assertThat(groups).hasSize(1);
    assertThat(groups.at("/0/receiver/name").asText()).isEqualTo("nobody");
    assertThat(groups.at("/0/labels").toString()).isEqualTo("{\"alertname\":\"Down\"}");
    JsonNode held = groups.at("/0/alerts/0");
    assertThat(held.path("fingerprint").asText()).matches("[0-9a-f]{16}");
    assertThat(Instant.parse(held.path("startsAt").asText())).isNotNull();
    assertThat(held.path("labels").toString())
        .isEqualTo("{\"alertname\":\"Down\",\"node\":\"p1\"}");
    assertThat(held.path("annotations").toString()).isEqualTo("{\"summary\":\"s\"}");
    assertThat(held.at("/status/state").asText()).isEqualTo("suppressed");
    assertThat(held.at("/status/silencedBy/0").asText()).isEqualTo(made.path("id").asText());
    assertThat(held.at("/status/inhibitedBy").isArray()).isTrue();
  }

  /** It hands the browser's headers on, and says itself whom it asks. */
  @Test
  void givenProxyMode_whenASilenceIsMadeAndEnded_thenByItsOwnOriginOnly() throws Exception {
    String json = "application/json";
    String karma = "http://karma.lan:8080";
    HttpResponse<String> foreign = silence("content-type", json, "origin", karma);
    assertThat(foreign.statusCode()).isEqualTo(403);
    assertThat(foreign.body()).contains("a page of " + karma + " sent this");

    // headers: {Origin: URI} of karma's configuration; by https a browser tells that it is karma's.
    List<String[]> allowed =
        List.of(
            new String[] {"content-type", json, "origin", own()},
            new String[] {
              "content-type", json, "origin", "https://karma.lan", "sec-fetch-site", "same-origin"
            });
    for (String[] headers : allowed) {
      HttpResponse<String> made = silence(headers);
      assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
      String id = new ObjectMapper().readTree(made.body()).path("silenceID").asText();
      assertThat(send("DELETE", "/api/v2/silence/" + id, "", headers).statusCode()).isEqualTo(200);
      assertThat(pull("/api/v2/silence/" + id).at("/status/state").asText()).isEqualTo("expired");
    }
  }
}
