package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged collector gets SIGKILL as soon as the answer to a silence, an acknowledgement, a
 * note or a posted alert is there. {@link SyncBeforeAnswerIT} shows that the disk has it, too.
 */
class SilenceKillIT {
  private static final int KILLS = Integer.getInteger("vigie.silence.kills", 4);
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  @TempDir Path dir;

  @Test
  void givenPackagedCollector_whenKilledRightAfterItsAnswer_thenWhatItAnsweredIsThere()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.startCollector();
      List<String> silences = new ArrayList<>();
      List<String> acknowledged = new ArrayList<>();
      Map<String, String> noted = new HashMap<>();
      for (int round = 0; round < KILLS; round++) {
        String node = "n" + round;
        Instant end = Instant.now().plus(Duration.ofHours(1));
        post(
            fleet,
            "/api/v2/alerts",
            "[{'labels':{'alertname':'A','node':'%s'},'endsAt':'%s'}]".formatted(node, end));
        if (round % 3 == 0) {
          String made =
              post(
                  fleet,
                  "/api/v2/silences",
                  ("{'matchers':[{'name':'node','value':'%s','isRegex':false}],'startsAt':'%s',"
                          + "'endsAt':'%s','createdBy':'anna','comment':'c'}")
                      .formatted(node, Instant.now(), end));
          fleet.collector.kill();
          silences.add(new ObjectMapper().readTree(made).path("silenceID").asText());
        } else {
          String id =
              fleet.ask("/api/v2/alerts?filter=node=" + node).get(0).path("fingerprint").asText();
          if (round % 3 == 1) {
            post(fleet, "/api/vigie/alerts/" + id + "/ack", "{'by':'anna'}");
            acknowledged.add(id);
          } else {
            String body = "{'kind':'cause','text':'cable of " + node + "','by':'anna'}";
            post(fleet, "/api/vigie/alerts/" + id + "/notes", body);
            noted.put(id, "cable of " + node);
          }
          fleet.collector.kill();
        }
        fleet.collector.start();
        fleet.awaitReady();

        List<String> found = new ArrayList<>();
        for (JsonNode silence : fleet.ask("/api/v2/silences")) {
          assertThat(silence.path("status").path("state").asText()).isEqualTo("active");
          found.add(silence.path("id").asText());
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(silences);
        assertThat(fleet.ask("/api/v2/alerts")).hasSize(round + 1);
      }
      noted.forEach(
          (id, text) ->
              assertThat(fleet.ask("/api/vigie/alerts/" + id).path("history").toString())
                  .contains(text));
      for (String id : acknowledged) {
        // There is one to take back.
        assertThat(
                send(fleet, "DELETE", "/api/vigie/alerts/" + id + "/ack?by=anna", "").statusCode())
            .isEqualTo(200);
      }
    }
  }

  private static String post(Fleet fleet, String path, String body) throws Exception {
    HttpResponse<String> answer = send(fleet, "POST", path, body);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  private static HttpResponse<String> send(Fleet fleet, String method, String path, String body)
      throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(URI.create(fleet.url(path)))
            .timeout(Duration.ofSeconds(60))
            .header("content-type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
