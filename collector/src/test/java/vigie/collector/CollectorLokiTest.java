package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;

/**
 * What Grafana's Loki data source (10 to 12) sends, written down from its documents and from logs
 * of it: the test of the data source, the label browser, Explore's lines, histogram and context,
 * panels.
 */
class CollectorLokiTest {
  @TempDir Path dir;
  private Collector collector;
  private final Instant now = Instant.parse(Instant.now().toString().substring(0, 19) + "Z");

  @BeforeEach
  void start() throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("c.yaml"),
            "storage: {path: data}\nlisten: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}\n");
    collector =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      // The last one came much later than it happened.
      Instant received = i == 59 ? now.plusSeconds(40) : now.minusSeconds(60 - i);
      lines.add(
          """
          {"id":"%d","time":"%s","received":"%s","node":"p%d","type":"syslog","severity":"%s",\
          "facility":3,"app":"sshd","text":"line %d of sshd","fields":{"unit":"ssh.service",\
          "ip":"192.0.2.%d"},"raw":"line %d of sshd"}"""
              .formatted(
                  i,
                  i == 59 ? now.minusSeconds(120) : received,
                  received,
                  i % 2 + 1,
                  i % 10 == 0 ? "err" : "info",
                  i,
                  i,
                  i));
    }
    assertThat(
            send(HttpRequest.newBuilder(at("/api/vigie/events/import"))
                    .header("content-type", "application/x-ndjson")
                    .POST(HttpRequest.BodyPublishers.ofString(String.join("\n", lines))))
                .body())
        .contains("\"taken\":60");
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private URI at(String path) {
    return URI.create("http://127.0.0.1:" + collector.httpPort() + path);
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path, String... parameters) {
    StringBuilder query = new StringBuilder();
    for (int i = 0; i < parameters.length; i += 2) {
      query
          .append(i == 0 ? "?" : "&")
          .append(parameters[i])
          .append('=')
          .append(URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
    }
    return HttpRequest.newBuilder(at("/loki/api/v1/" + path + query));
  }

  private JsonNode ask(String path, String... parameters) throws Exception {
    HttpResponse<String> answer = send(request(path, parameters));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }

  private String nanos(int secondsFromNow) {
    return now.plusSeconds(secondsFromNow).getEpochSecond() + "000000000";
  }

  @Test
  void givenTheTestOfTheDataSource_whenAsked_thenTwo() throws Exception {
    JsonNode data =
        ask("query", "direction", "backward", "query", "vector(1)+vector(1)", "time", "4000000000")
            .path("data");
    assertThat(data.path("resultType").asText()).isEqualTo("vector");
    assertThat(data.path("result")).hasSize(1);
    assertThat(data.path("result").path(0).path("value").path(1).asText()).isEqualTo("2");
  }

  @Test
  void givenTheLabelBrowser_whenAsked_thenLabelsValuesAndSeries() throws Exception {
    String start = nanos(-3600);
    String end = nanos(60);
    assertThat(strings(ask("labels", "start", start, "end", end).path("data")))
        .containsExactly("app", "facility", "level", "node", "severity", "type", "unit");
    assertThat(
            strings(
                ask("label/node/values", "start", start, "end", end, "query", "{level=\"err\"}")
                    .path("data")))
        .containsExactly("p1");
    assertThat(strings(ask("label/nonsense/values", "start", start, "end", end).path("data")))
        .isEmpty();
    JsonNode series =
        ask("series", "start", start, "end", end, "match[]", "{level=~\"err|crit\"}").path("data");
    assertThat(series).hasSize(1);
    assertThat(series.path(0).path("unit").asText()).isEqualTo("ssh.service");
    JsonNode stats = ask("index/stats", "start", start, "end", end, "query", "{node=\"p1\"}");
    assertThat(stats.path("streams").asInt()).isEqualTo(2);
  }

  private static List<String> strings(JsonNode array) {
    List<String> all = new ArrayList<>();
    array.forEach(one -> all.add(one.asText()));
    return all;
  }

  @Test
  void givenExploresLines_whenAsked_thenNewestFirstByTheirOwnTime() throws Exception {
    JsonNode data =
        ask(
                "query_range",
                "direction",
                "backward",
                "end",
                nanos(60),
                "limit",
                "10",
                "query",
                "{node=\"p2\"} |= `of`",
                "start",
                nanos(-3600),
                "step",
                "2000ms")
            .path("data");
    assertThat(data.path("resultType").asText()).isEqualTo("streams");
    assertThat(data.path("result")).hasSize(1);
    JsonNode values = data.path("result").path(0).path("values");
    assertThat(values).hasSize(10);
    assertThat(values.path(0).path(0).asText()).isEqualTo(nanos(-3));
    assertThat(values.path(0).path(1).asText()).isEqualTo("line 57 of sshd");
    assertThat(values.path(0)).hasSize(2);
    assertThat(data.path("result").path(0).path("stream").path("level").asText()).isEqualTo("info");
  }

  @Test
  void givenGrafanaTellsFieldsApart_whenAsked_thenTheyAreStructuredMetadata() throws Exception {
    HttpResponse<String> answer =
        send(
            request("query_range", "query", "{node=\"p1\"}", "limit", "1", "direction", "forward")
                .header("X-Loki-Response-Encoding-Flags", "categorize-labels"));
    JsonNode data = new ObjectMapper().readTree(answer.body()).path("data");
    assertThat(data.path("encodingFlags").path(0).asText()).isEqualTo("categorize-labels");
    JsonNode line = data.path("result").path(0).path("values").path(0);
    assertThat(line.path(1).asText()).isEqualTo("line 0 of sshd");
    assertThat(line.path(2).path("structuredMetadata").path("ip").asText()).isEqualTo("192.0.2.0");
  }

  @Test
  void givenTheHistogram_whenAsked_thenCountsByLevel() throws Exception {
    JsonNode data =
        ask(
                "query_range",
                "query",
                "sum by (level, detected_level) (count_over_time({app=\"sshd\"} |= `line` | drop"
                    + " __error__[1h]))",
                "start",
                nanos(0),
                "end",
                nanos(0),
                "step",
                "3600s",
                "limit",
                "1000")
            .path("data");
    assertThat(data.path("resultType").asText()).isEqualTo("matrix");
    assertThat(data.path("result")).hasSize(2);
    assertThat(data.path("result").path(0).path("metric").toString())
        .isEqualTo("{\"level\":\"err\"}");
    assertThat(data.path("result").path(0).path("values").path(0).path(1).asText()).isEqualTo("6");
    assertThat(data.path("result").path(1).path("values").path(0).path(1).asText()).isEqualTo("54");
    JsonNode instant =
        ask("query", "query", "rate({ip=\"192.0.2.7\"}[1m])", "time", nanos(-30)).path("data");
    assertThat(instant.path("result").path(0).path("value").path(1).asText()).startsWith("0.01666");
  }

  /**
   * Byte for byte what Grafana 11's plug-in sends: its makeDataRequest sorts the parameters and
   * escapes as Go does, makeRawRequest passes on what the browser sent.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "query?direction=backward&query=vector%281%29%2Bvector%281%29&time=4000000000 | vector 1",
        "query_range?direction=backward&end={end}&limit=1000&query=%7Bapp%3D%22sshd%22%7D+%7C%3D+%60%60&start={start}&step=15000ms | streams 3",
        "query_range?direction=forward&end={end}&limit=50&query=%7Bnode%3D%22p1%22%2C+app%3D%22sshd%22%7D&start={start}&step=15000ms | streams 2",
        "query_range?direction=backward&end={end}&limit=1000&query=sum+by+%28level%2C+detected_level%29+%28count_over_time%28%7Bapp%3D%22sshd%22%7D+%7C+drop+__error__%5B15s%5D%29%29&start={start}&step=15000ms | matrix 2",
        "query_range?direction=backward&end={end}&limit=1000&query=sum%28rate%28%7Bapp%3D%22sshd%22%7D+%7C%3D+%60line%60+%5B1m%5D%29%29&start={start}&step=15000ms | matrix 1",
        "query?direction=backward&limit=1000&query=sum+by%28node%29+%28count_over_time%28%7Bapp%3D~%22.%2B%22%7D%5B1h%5D%29%29&time={end} | vector 2",
        "query_range?direction=BACKWARD&end={end}&limit=30&query=%7Bnode%3D~%22p.%22%7D&start={start} | streams 3",
      })
  void givenARecordedQuery_whenAsked_thenTheKindAndNumberOfResults(String path, String expected)
      throws Exception {
    HttpResponse<String> answer = recorded(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode root = new ObjectMapper().readTree(answer.body());
    assertThat(root.path("status").asText()).isEqualTo("success");
    JsonNode data = root.path("data");
    assertThat(data.path("resultType").asText() + " " + data.path("result").size())
        .as(answer.body())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "labels?start={start}&end={end} | app facility level node severity type unit",
        "labels?start={start}&end={end}&query=%7Bnode%3D%22p1%22%7D | app facility level node severity type unit",
        "labels | app facility level node severity type unit",
        "label/node/values?start={start}&end={end} | p1 p2",
        "label/level/values?query=%7Bnode%3D%22p2%22%7D&start={start}&end={end} | info",
        "label/service_name/values?start={start}&end={end} |",
      })
  void givenARecordedRequestForLabels_whenAsked_thenTheyCome(String path, String expected)
      throws Exception {
    HttpResponse<String> answer = recorded(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode data = new ObjectMapper().readTree(answer.body()).path("data");
    assertThat(String.join(" ", strings(data))).isEqualTo(expected == null ? "" : expected);
  }

  @Test
  void givenTheRestOfWhatIsAsked_whenAsked_thenItsShapeIsLokis() throws Exception {
    JsonNode series =
        new ObjectMapper()
            .readTree(
                recorded("series?match%5B%5D=%7Bnode%3D%22p1%22%7D&start={start}&end={end}")
                    .body());
    assertThat(series.path("data").path(0).path("node").asText()).isEqualTo("p1");
    JsonNode stats =
        new ObjectMapper()
            .readTree(
                recorded("index/stats?query=%7Bnode%3D%22p1%22%7D&start={start}&end={end}").body());
    for (String name : List.of("streams", "chunks", "entries", "bytes")) {
      assertThat(stats.path(name).isNumber()).as(name).isTrue();
    }
    JsonNode build = new ObjectMapper().readTree(recorded("status/buildinfo").body());
    assertThat(build.path("version").asText()).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tail?query=%7Bnode%3D%22p1%22%7D&start={start}",
        "format_query?query=%7Bnode%3D%22p1%22%7D",
        "patterns?query=%7Bnode%3D%22p1%22%7D&start={start}&end={end}&step=15s",
        "detected_labels?start={start}&end={end}",
        "detected_fields?query=%7Bnode%3D%22p1%22%7D&start={start}&end={end}&limit=1000",
        "detected_field/ip/values?query=%7Bnode%3D%22p1%22%7D&start={start}&end={end}&limit=1000",
        "index/volume?query=%7Bnode%3D~%22.%2B%22%7D&start={start}&end={end}&limit=5000",
        "drilldown-limits",
        "rules",
        "nonsense",
      })
  void givenWhatLokiHasAndWeHaveNot_whenAsked_then404InPlainText(String path) throws Exception {
    HttpResponse<String> answer = recorded(path);
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
    assertThat(answer.body()).contains("/loki/api/v1/" + path.replaceFirst("\\?.*", ""));
  }

  private HttpResponse<String> recorded(String path) throws Exception {
    String filled = path.replace("{start}", nanos(-3600)).replace("{end}", nanos(60));
    return send(HttpRequest.newBuilder(at("/loki/api/v1/" + filled)));
  }

  @Test
  void givenWhatIsNotAnswered_whenAsked_thenPlainTextThatSaysWhatAndWhere() throws Exception {
    for (String[] wrong :
        new String[][] {
          {"{node=\"p1\"} | json", "parse error at line 1, col 15: the stage json"},
          {"topk(2, rate({}[1m]))", "parse error at line 1, col 1: topk"},
        }) {
      HttpResponse<String> answer = send(request("query_range", "query", wrong[0]));
      assertThat(answer.statusCode()).isEqualTo(400);
      assertThat(answer.headers().firstValue("content-type").orElse("")).startsWith("text/plain");
      assertThat(answer.body()).contains(wrong[1]);
    }
    assertThat(send(request("query", "query", "{node=\"p1\"}")).statusCode()).isEqualTo(400);
    assertThat(send(request("query_range")).body()).contains("query is missing");
    assertThat(send(request("query_range", "query", "{}", "limit", "9999")).statusCode())
        .isEqualTo(400);
    assertThat(
            send(request("query_range", "query", "rate({}[1m])", "start", "0", "step", "1")).body())
        .contains("steps");
    assertThat(send(request("tail", "query", "{}")).statusCode()).isEqualTo(404);
    assertThat(send(HttpRequest.newBuilder(at("/ready"))).body()).isEqualTo("ready\n");
  }
}
