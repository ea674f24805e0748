package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import vigie.base.config.Faults;

/** Events of a whole collector in this process: by the commands, by HTTP, out and in again. */
class CollectorEventsTest {
  @TempDir Path dir;
  private Collector collector;

  @BeforeEach
  void start() throws Exception {
    collector = start("data");
  }

  private Collector start(String storage) throws Exception {
    Path file =
        Files.writeString(
            dir.resolve(storage + ".yaml"),
            "storage: {path: "
                + storage
                + "}\nlisten: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}\n");
    return Collector.start(
        Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
  }

  @AfterEach
  void stop() {
    collector.close();
  }

  private void send(long from, long to) throws Exception {
    List<String> records = new ArrayList<>();
    for (long seq = from; seq <= to; seq++) {
      records.add(CollectorTest.event(seq, seq % 2 == 0 ? "probe.up" : "probe.down", "n" + seq));
    }
    CollectorTest.send(collector.relpPort(), records.toArray(String[]::new));
  }

  private HttpResponse<String> http(HttpRequest.Builder request) throws Exception {
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder at(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + collector.httpPort() + path));
  }

  private JsonNode ask(String path) throws Exception {
    return new ObjectMapper().readTree(http(at(path)).body());
  }

  private record Ran(int exit, String out, String err) {}

  private Ran run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine();
    line.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--url", "http://127.0.0.1:" + collector.httpPort()));
    return new Ran(line.execute(all.toArray(String[]::new)), out.toString(), err.toString());
  }

  @Test
  void givenMoreThanAPage_whenSearched_thenPagesFollowEachOther() throws Exception {
    send(1, 50);
    JsonNode first = ask("/api/vigie/events?limit=20");
    assertThat(first.path("events")).hasSize(20);
    JsonNode second = ask("/api/vigie/events?limit=20&before=" + first.path("next").asText());
    assertThat(second.path("events").path(0).path("seq").asInt()).isEqualTo(30);
    assertThat(second.path("newest").asText())
        .isEqualTo(first.path("events").path(0).path("id").asText());
    assertThat(run("events", "search", "-n", "30", "--no-headers").out().lines()).hasSize(30);
    assertThat(run("events", "search", "-n", "7", "--severity", "crit", "-o", "json").exit())
        .isZero();
    assertThat(run("events", "search", "--severity", "alert").exit()).isEqualTo(1);
    assertThat(run("events", "search", "n4* -n42", "--no-headers", "-n", "99").out().lines())
        .hasSize(10);
  }

  @Test
  void givenAWrongQuery_whenAsked_thenItSaysWhatIsWrong() throws Exception {
    for (String[] wrong :
        new String[][] {
          {"q=" + encoded("a \"b"), "the quote at character 3 is not closed"},
          {"q=" + encoded("a %%"), "\"%%\" at character 3 has no letter or digit"},
          {"severity=bad", "\"bad\" is no severity"},
          {"before=x", "\"x\" is no event's id"},
          {"since=soon", "since \"soon\" is no time"},
          {"limit=0", "limit \"0\" is not a whole number"},
        }) {
      HttpResponse<String> answer = http(at("/api/vigie/events?" + wrong[0]));
      assertThat(answer.statusCode()).as(wrong[0]).isEqualTo(400);
      assertThat(answer.body()).contains(wrong[1]);
    }
    Ran ran = run("events", "search", "a \"b");
    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.err()).contains("the quote at character 3 is not closed");
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void givenAStream_whenEventsCome_thenThoseThatMatchAreToldOnceAndInOrder() throws Exception {
    send(1, 3);
    String last = ask("/api/vigie/events").path("newest").asText();
    List<String> lines = new CopyOnWriteArrayList<>();
    CompletableFuture<Void> stream =
        HttpClient.newHttpClient()
            .sendAsync(
                at("/api/vigie/events/stream?type=probe.down&after=" + last).build(),
                HttpResponse.BodyHandlers.ofLines())
            .thenAccept(answer -> answer.body().forEach(lines::add));
    await().until(() -> lines.contains(": still there"));
    send(4, 9);
    await().until(() -> ids(lines).size() == 3);
    assertThat(lines)
        .filteredOn(line -> line.startsWith("data: "))
        .first()
        .asString()
        .contains("\"text\":\"n5\"");
    List<String> ids = ids(lines);
    HttpResponse<java.util.stream.Stream<String>> again =
        HttpClient.newHttpClient()
            .send(
                at("/api/vigie/events/stream?type=probe.down")
                    .header("last-event-id", ids.get(1))
                    .build(),
                HttpResponse.BodyHandlers.ofLines());
    try (var body = again.body()) {
      assertThat(body.filter(line -> line.startsWith("id: ")).findFirst())
          .contains("id: " + ids.get(2));
    }
    assertThat(http(at("/api/vigie/events/stream?after=x")).statusCode()).isEqualTo(400);
    assertThat(stream).isNotDone();
  }

  private static List<String> ids(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("id: "))
        .map(line -> line.substring(4))
        .toList();
  }

  @Test
  void givenAnExport_whenImportedTwiceElsewhere_thenItIsThereOnceAsItWasAndTriggersNothing()
      throws Exception {
    send(1, 30);
    Path file = dir.resolve("all.jsonl");
    Ran exported = run("events", "export", "--file", file.toString());
    assertThat(exported.exit()).as(exported.err()).isZero();
    assertThat(exported.err()).contains("30 events exported");
    assertThat(Files.readAllLines(file)).hasSize(30).allMatch(line -> line.contains("\"raw\""));
    assertThat(run("events", "import", file.toString()).err())
        .contains("0 events taken, 30 were there already");
    collector.close();
    collector = start("other");
    assertThat(run("events", "import", file.toString()).err()).contains("30 events taken, 0 were");
    assertThat(run("events", "import", file.toString()).err()).contains("0 events taken, 30 were");
    JsonNode found = ask("/api/vigie/events?raw=true").path("events");
    assertThat(found).hasSize(30);
    assertThat(found.path(0).path("text").asText()).isEqualTo("n30");
    assertThat(found.path(0).path("imported").asText()).isNotEmpty();
    assertThat(found.path(0).path("raw").asText()).startsWith("<130>1 ").endsWith(" n30");
    String id = found.path(0).path("id").asText();
    assertThat(run("events", "show", id).out()).contains("imported", "n30");
    assertThat(ask("/api/v1/query?query=vigie_events_total").path("data").path("result")).isEmpty();
    // The agent's own number goes on as if nothing had been.
    send(1, 31);
    assertThat(run("events", "search", "n31").exit()).isZero();
  }

  @Test
  void givenAStoppedCollector_whenImportedIntoItsStorage_thenItHasThemAndKeepsItsMarks()
      throws Exception {
    send(1, 10);
    Path file = dir.resolve("some.jsonl");
    run("events", "export", "--file", file.toString());
    Files.writeString(file, Files.readString(file).replace("\"seq\":", "\"seq\":9"));
    Ran held =
        run("events", "import", file.toString(), "--storage", dir.resolve("data").toString());
    assertThat(held.exit()).isEqualTo(2);
    assertThat(held.err()).contains("is held by process");
    collector.close();
    Ran done =
        run("events", "import", file.toString(), "--storage", dir.resolve("data").toString());
    assertThat(done.err()).contains("0 events taken, 10 were there already");
    Files.writeString(file, Files.readString(file).replace("\"id\":\"", "\"id\":\"77"));
    done = run("events", "import", file.toString(), "--storage", dir.resolve("data").toString());
    assertThat(done.err()).contains("10 events taken, 0 were");
    collector = start("data");
    send(1, 10);
    assertThat(ask("/api/vigie/events").path("events")).hasSize(20);
  }

  @Test
  void givenWrongImports_whenSent_thenTheyAreRefused() throws Exception {
    assertThat(
            http(at("/api/vigie/events/import").POST(HttpRequest.BodyPublishers.ofString("{}")))
                .statusCode())
        .isEqualTo(415);
    HttpResponse<String> answer =
        http(
            at("/api/vigie/events/import")
                .header("content-type", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofString("\n{\"id\":\"1\"}\n")));
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("line 2: \"severity\" is missing");
  }

  @Test
  void givenABackupWhileEventsCome_whenOpenedElsewhere_thenItHasThem() throws Exception {
    send(1, 500);
    CompletableFuture<Void> sending =
        CompletableFuture.runAsync(
            () -> {
              try {
                send(501, 3_000);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    Path copy = dir.resolve("copy");
    Ran done =
        run(
            "events",
            "export",
            "--backup",
            copy.resolve("events").toString(),
            "--storage",
            dir.resolve("data").toString());
    assertThat(done.exit()).as(done.err()).isZero();
    sending.join();
    collector.close();
    collector = start("copy");
    assertThat(run("events", "search", "n500").exit()).isZero();
    int found =
        Integer.parseInt(
            run("events", "search", "-n", "1", "-o", "json")
                .out()
                .replaceAll("(?s).*\"seq\" : (\\d+).*", "$1"));
    assertThat(run("events", "search", "-n", "9000", "--no-headers").out().lines()).hasSize(found);
    send(1, 3_000);
    assertThat(run("events", "search", "-n", "9000", "--no-headers").out().lines()).hasSize(3_000);
    Ran again =
        run(
            "events",
            "export",
            "--backup",
            copy.resolve("events").toString(),
            "--storage",
            dir.resolve("data").toString());
    assertThat(again.exit()).isEqualTo(2);
    assertThat(again.err()).contains("is not empty");
  }
}
