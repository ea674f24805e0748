package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import vigie.base.config.Faults;

/** What people say to alerts, through the APIs and the commands of a whole collector. */
class CollectorSilencesTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir Path dir;
  private Collector collector;
  private Path file;

  @BeforeEach
  void start() throws Exception {
    file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            route: {receiver: nobody}
            receivers: [{name: nobody}]
            silences: {most: 3}
            """);
    open();
  }

  private void open() {
    collector =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private record Answer(int status, JsonNode body) {}

  private Answer send(String method, String path, String body) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + collector.httpPort() + path))
                .header("content-type", "application/json")
                .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    return new Answer(answer.statusCode(), new ObjectMapper().readTree(answer.body()));
  }

  private JsonNode ask(String path) throws Exception {
    return send("GET", path, "").body();
  }

  private record Ran(int exit, String out, String err) {}

  private Ran run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--url", "http://127.0.0.1:" + collector.httpPort()));
    int exit = line.execute(all.toArray(String[]::new));
    return new Ran(exit, out.toString(), err.toString());
  }

  /** The fingerprint of an alert that fires from now on. */
  private String fire(String node) throws Exception {
    String end = Instant.now().plus(Duration.ofHours(1)).toString();
    String body =
        "[{'labels':{'alertname':'Down','node':'%s'},'endsAt':'%s'}]".formatted(node, end);
    assertThat(send("POST", "/api/v2/alerts", body).status()).isEqualTo(200);
    return ask("/api/v2/alerts?filter=node=" + node).get(0).path("fingerprint").asText();
  }

  private List<String> kinds(String id) throws Exception {
    List<String> kinds = new ArrayList<>();
    ask("/api/vigie/alerts/" + id + "/history")
        .path("history")
        .forEach(entry -> kinds.add(entry.path("kind").asText()));
    return kinds;
  }

  @Test
  void givenCommands_whenASilenceIsAddedListedAndExpired_thenEachSaysWhatIs() throws Exception {
    fire("p1");
    Ran added = run("silences", "add", "node=p1", "--for", "2h", "--reason", "clusterhat off");
    assertThat(added.exit()).as(added.err()).isZero();
    assertThat(added.out()).contains("node=\"p1\"", "until p1 is back");
    assertThat(ask("/api/v2/alerts").get(0).path("status").path("state").asText())
        .isEqualTo("suppressed");

    Ran list = run("silences", "list");
    assertThat(list.out()).contains("active", "node=\"p1\"", "clusterhat off");
    JsonNode json = new ObjectMapper().readTree(run("silences", "list", "-o", "json").out());
    assertThat(json.get(0).path("untilBack").asText()).isEqualTo("p1");
    assertThat(json.get(0).path("createdBy").asText()).isEqualTo(System.getProperty("user.name"));
    String id = json.get(0).path("id").asText();
    assertThat(run("silences", "list", "-l", "node=p2").out()).contains("no silences");

    Ran expired = run("silences", "expire", id.substring(0, 8), "--author", "bob");
    assertThat(expired.exit()).as(expired.err()).isZero();
    assertThat(run("silences", "list").out()).contains("no silences");
    Ran wide = run("silences", "list", "--state", "expired", "-o", "wide");
    assertThat(wide.out()).contains("expired by bob", id);
    assertThat(run("silences", "expire", id.substring(0, 8)).exit()).isEqualTo(1);
  }

  @Test
  void givenTimeWithFiveDigitsOfYear_whenAnAlertIsPosted_thenItIsRefusedInWords() throws Exception {
    String body = "[{'labels':{'alertname':'Down'},'startsAt':'+12026-01-01T00:00:00Z'}]";

    Answer answer = send("POST", "/api/v2/alerts", body);

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.body().path("message").asText()).contains("startsAt", "is no time");
  }

  @Test
  void givenWrongCommands_whenRun_thenTheySayWhatToDo() {
    Ran noTime = run("silences", "add", "node=p1", "--reason", "x");
    assertThat(noTime.exit()).isEqualTo(2);
    assertThat(noTime.err()).contains("--for 2h");
    assertThat(run("silences", "add", "node=p1", "--for", "1h").err()).contains("--reason");
    assertThat(run("silences", "add", "node", "--for", "1h", "--reason", "x").exit()).isEqualTo(2);
    Ran vague = run("silences", "add", "node=~p.*", "--for", "1h", "--reason", "x", "--until-back");
    assertThat(vague.err()).contains("names the node");
    Ran empty = run("silences", "add", "node=~.*", "--for", "1h", "--reason", "x");
    assertThat(empty.exit()).isEqualTo(2);
    assertThat(empty.err()).contains("must not match the empty string").doesNotContain("{");
    assertThat(run("silences", "expire").exit()).isEqualTo(2);
    assertThat(run("silences", "expire", "ffff").exit()).isEqualTo(1);
    for (int i = 0; i < 3; i++) {
      assertThat(run("silences", "add", "a=" + i, "--for", "1h", "--reason", "x").exit()).isZero();
    }
    assertThat(run("silences", "add", "a=4", "--for", "1h", "--reason", "x").err())
        .contains("silences.most");
  }

  @Test
  void givenNodeThatBoots_whenItsSilenceWaitsForIt_thenTheSilenceEndsEarly() throws Exception {
    assertThat(run("silences", "add", "node=p1", "--for", "2h", "--reason", "off").exit()).isZero();

    CollectorTest.send(collector.relpPort(), CollectorTest.event(1, "node.boot", "started"));

    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ask("/api/v2/silences").get(0).path("ended").asText().equals("p1 is back"));
    Instant end = Instant.parse(ask("/api/v2/silences").get(0).path("endsAt").asText());
    assertThat(end).isBefore(Instant.now().plus(Duration.ofMinutes(10)));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ask("/api/vigie/history").path("history").toString().contains("p1 is back"));
  }

  @Test
  void givenFiringAlert_whenAcknowledged_thenItLastsOverARestartAndTheHistoryTellsAll()
      throws Exception {
    String id = fire("p1");
    String path = "/api/vigie/alerts/" + id;
    Answer acked = send("POST", path + "/ack", "{'by':'anna','note':'on my way'}");
    assertThat(acked.status()).isEqualTo(200);
    assertThat(acked.body().path("acknowledged").path("by").asText()).isEqualTo("anna");
    String note = "{'by':'bob','note':'it was the switch'}";
    assertThat(send("POST", "/api/vigie/alerts/" + id.substring(0, 6) + "/note", note).status())
        .isEqualTo(200);

    collector.close();
    open();

    assertThat(send("DELETE", path + "/ack?by=anna", "").status()).isEqualTo(200);
    assertThat(send("DELETE", path + "/ack?by=anna", "").status()).isEqualTo(409);
    await().atMost(Duration.ofSeconds(60)).until(() -> kinds(id).contains("unacknowledged"));
    assertThat(kinds(id))
        .filteredOn(kind -> !kind.equals("sent"))
        .containsExactly("firing", "acknowledged", "note", "unacknowledged");
    assertThat(ask(path + "/history").toString()).contains("on my way", "it was the switch");
  }

  @Test
  void givenWhatCannotBeAcknowledged_whenTried_thenTheAnswerSaysWhy() throws Exception {
    String id = fire("p1");
    String path = "/api/vigie/alerts/" + id + "/ack";
    assertThat(send("POST", path, "{}").body().path("error").asText()).contains("\"by\"");
    assertThat(send("POST", path, "[").status()).isEqualTo(400);
    assertThat(send("POST", path, "{'by':1}").status()).isEqualTo(400);
    assertThat(send("POST", "/api/vigie/alerts/0123456789/ack", "{'by':'anna'}").status())
        .isEqualTo(404);
    String over =
        "[{'labels':{'alertname':'Down','node':'p1'},'startsAt':'2026-01-01T00:00:00Z','endsAt':'2026-01-02T00:00:00Z'}]";
    assertThat(send("POST", "/api/v2/alerts", over).status()).isEqualTo(200);
    Answer resolved = send("POST", path, "{'by':'anna'}");
    assertThat(resolved.status()).isEqualTo(409);
    assertThat(resolved.body().path("error").asText()).contains("Down is resolved");
  }
}
