package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.time.Clock;
import vigie.collector.testing.RealPrometheus;

/** {@code /api/v1/rules} and {@code /api/v1/alerts} answer as those of the real Prometheus 3. */
class RulesApiIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final List<String> REQUESTS =
      List.of(
          "/api/v1/rules",
          "/api/v1/alerts",
          "/api/v1/rules?type=alert&exclude_alerts=true",
          "/api/v1/rules?type=record",
          "/api/v1/rules?type=foo",
          "/api/v1/rules?rule_name[]=Firing&rule_name[]=q",
          "/api/v1/rules?rule_name[]=Nope",
          "/api/v1/rules?rule_group[]=second",
          "/api/v1/rules?file[]=nope.yml",
          "/api/v1/rules?match[]=%7Bseverity=%221%22%7D",
          "/api/v1/rules?match[]=%7Bteam=%22a%22%7D",
          "/api/v1/rules?group_limit=1",
          "/api/v1/rules?group_limit=5",
          "/api/v1/rules?group_limit=x",
          "/api/v1/rules?group_limit=0",
          "/api/v1/rules?group_next_token=abc",
          "/api/v1/rules?group_limit=1&group_next_token=abc",
          "/api/v1/rules?exclude_alerts=x");

  @TempDir Path dir;
  private final int theirs = Ports.free();
  private final int ours = Ports.free();

  RulesApiIT() throws IOException {}

  private Path rules() throws IOException {
    return Files.writeString(
        dir.resolve("rules.yml"),
        """
        groups:
        - name: first
          interval: 1s
          limit: 10
          labels: {team: a}
          rules:
          - {record: r, expr: vector(1), labels: {x: y}}
          - {alert: Firing, expr: r==1, labels: {severity: '{{ $value }}'}, annotations: {summary: 'v {{ $value }}'}}
          - {alert: Kept, expr: 'r == 1 and on() ((vector(time()) - %d) %% 90 < 8)', keep_firing_for: 1h}
          - {alert: Pending, expr: r*1e-7 > 0, for: 1h, keep_firing_for: 5m}
          - {alert: Nothing, expr: r == 2}
        - name: second
          interval: 1s
          rules:
          - {record: q, expr: '1e3'}
        """
            .formatted(Clock.system().millis() / 1000));
  }

  @Test
  void givenRules_whenAsked_thenAnswersAreThoseOfPrometheus() throws Exception {
    Path rules = rules();
    Path collector = dir.resolve("collector.yaml");
    Files.writeString(
        collector,
        "storage: {path: collector}\nlisten: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}\n"
                .formatted(ours, Ports.free())
            + "rule_files: ['"
            + rules
            + "']\n");
    // Both within eight seconds, else within those of the next time: theirs starts while ours does.
    try (Program mine =
            Program.start(
                dir.resolve("collector.log"),
                Map.of(),
                "collector",
                "run",
                "--config",
                collector.toString());
        RealPrometheus real =
            RealPrometheus.startAt(theirs, dir, "rule_files: ['" + rules + "']\n")) {
      for (int port : new int[] {theirs, ours}) {
        Awaitility.await("an alert that is only kept at " + port)
            .atMost(Duration.ofMinutes(5))
            .until(
                () -> {
                  assertThat(real.alive() && mine.alive()).isTrue();
                  return Program.get("http://127.0.0.1:" + port + "/api/v1/alerts")
                      .contains("keepFiringSince");
                });
      }
      List<String> differences = new ArrayList<>();
      for (String request : REQUESTS) {
        String expected = ask(theirs, request);
        String got = ask(ours, request);
        if (!expected.equals(got)) {
          differences.add(request + "\n  theirs: " + expected + "\n  ours:   " + got);
        }
      }
      assertThat(differences).as(String.join("\n", differences)).isEmpty();
    }
  }

  /** Status and answer, with times and how long things took left out. */
  private static String ask(int port, String request) throws Exception {
    HttpResponse<String> answer =
        CLIENT.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + encoded(request)))
                .timeout(Duration.ofSeconds(30))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    return answer.statusCode() + " " + without(JSON.readTree(answer.body()));
  }

  private static String encoded(String request) {
    return request.replace("[]", "%5B%5D");
  }

  private static Object without(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> fields = new TreeMap<>();
      node.fields()
          .forEachRemaining(
              field -> {
                boolean varies =
                    List.of("lastEvaluation", "evaluationTime", "activeAt", "keepFiringSince")
                        .contains(field.getKey());
                fields.put(field.getKey(), varies ? "…" : without(field.getValue()));
              });
      return fields;
    }
    if (node.isArray()) {
      List<Object> all = new ArrayList<>();
      node.forEach(each -> all.add(without(each)));
      return all;
    }
    return node.isNumber() ? (Object) node.asDouble() : node.toString();
  }
}
