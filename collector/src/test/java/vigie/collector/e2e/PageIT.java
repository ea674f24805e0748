package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.remotewrite.WriteRequest;

/**
 * The page in a real Chromium, before a packaged collector with a packaged agent, 200 nodes and
 * 10,000 events. With {@code -Dscreens.update=1} the pictures in docs/screens are taken anew.
 */
@EnabledIfSystemProperty(
    named = "vigie.page",
    matches = "true",
    disabledReason = "walks the page in Chromium for minutes: mvn -Ppage verify")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageIT {
  private static final int NODES = 200;
  private static final int EVENTS = 10_000;
  private static final int MOST_BYTES = 300_000;
  private static final int ROUNDS = 5;
  private static final int HISTORY_MINUTES = 55;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static final Map<String, String> VIEWS =
      new TreeMap<>(
          Map.of(
              "now", "#/",
              "nodes", "#/nodes",
              "node", "#/nodes/pi4",
              "events", "#/events",
              "explore", "#/explore?expr=vigie_probe_up",
              "silences", "#/silences"));

  private Fleet fleet;
  private Chromium page;
  private int pushPort;

  @BeforeAll
  void start(@TempDir Path dir) throws Exception {
    fleet = new Fleet(dir);
    pushPort = Ports.free();
    Path config = dir.resolve("collector.yaml");
    String relp = "relp: '127.0.0.1:" + fleet.relpPort + "'";
    Files.writeString(
        config,
        Files.readString(config)
                .replace(relp, relp + ", remote_write: '127.0.0.1:" + pushPort + "'")
            + "nodes: {silent_after: 1h}\n");
    fleet.service.up();
    fleet.startCollector();
    fleet.startAgent();
    push(pictured(), HISTORY_MINUTES);
    page = new Chromium(Files.createDirectory(dir.resolve("profile")));
    fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
  }

  @AfterAll
  void stop() throws Exception {
    if (page != null) {
      page.close();
    }
    fleet.close();
  }

  @BeforeEach
  void calm() throws Exception {
    page.phone();
    page.dark(false);
    fleet.service.down();
    fleet.service.up();
    fleet.awaitOrTell("no alert", () -> firing().isEmpty());
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(page.faults()).isEmpty();
  }

  @Test
  void givenNothingBurns_whenServiceDies_thenPageShowsAcknowledgesSilencesAndEndsItWithoutReload()
      throws Exception {
    page.open(fleet.url("/#/"));
    page.awaitText("are well");
    page.run("window.loaded = 'once'");

    fleet.service.down();
    page.awaitText("1 alert needs somebody");
    page.awaitText("calculatrice on p1 does not answer");
    assertThat(page.run("return document.title")).isEqualTo("(1) Vigie");
    page.await("it to be said aloud", () -> aloud().contains("New, Critical: calculatrice"));

    page.click(".card .actions button.primary");
    page.type(".drawer input[autocomplete=nickname]", "anna");
    page.click(".drawer button.primary");
    page.awaitText("anna takes care");
    page.awaitText("Taken care of");
    page.awaitNoText("needs somebody");

    page.click(".card .actions button[aria-expanded]");
    page.click(".drawer .spans button");
    page.awaitText("Held back");
    String id = firing().path("id").asText();
    assertThat(firing().path("status").asText()).isEqualTo("silenced");

    page.click("nav a[href='#/silences']");
    page.awaitText("alertname=\"ProbeDown\"");
    page.click(".card .actions button");
    page.awaitText("No silence");

    fleet.service.up();
    page.click("nav a[href='#/']");
    page.awaitText("Over lately");
    assertThat(page.run("return window.loaded")).isEqualTo("once");

    page.open(fleet.url("/#/incident/" + id));
    page.awaitText("anna");
    page.awaitText("Over");
    page.type("textarea", "the cable was out");
    page.click(".written button.primary");
    page.awaitText("Saved in the history");
    page.await(
        "the cause on the timeline",
        () ->
            String.valueOf(page.run("return document.querySelector('.timeline').innerText"))
                .contains("the cable was out"));
    assertThat(Program.get(fleet.url("/api/vigie/alerts/" + id + "/report")))
        .contains("the cable was out", "anna");
  }

  @Test
  void givenEachView_whenShownOnPhoneAndDeskLightAndDark_thenNothingIsInAnybodysWay()
      throws Exception {
    fleet.service.down();
    fleet.awaitOrTell("an alert", () -> !firing().isEmpty());
    VIEWS.put("incident", "#/incident/" + firing().path("id").asText());
    List<String> barriers = new ArrayList<>();
    for (Map.Entry<String, String> view : VIEWS.entrySet()) {
      page.open(fleet.url("/" + view.getValue()));
      for (boolean phone : List.of(true, false)) {
        for (boolean dark : List.of(false, true)) {
          if (phone) {
            page.phone();
          } else {
            page.desk();
          }
          page.dark(dark);
          page.await(
              view.getKey() + " to be drawn",
              () -> page.has("main h1") && !page.text().contains("Loading"));
          if (view.getKey().equals("node") || view.getKey().equals("explore")) {
            page.await("a graph", () -> page.has(".u-over"));
          }
          if (view.getKey().equals("nodes")) {
            page.await("figures", () -> page.has(".spark"));
          }
          String name = view.getKey() + (phone ? "-phone" : "-desk") + (dark ? "-dark" : "");
          page.barriers().forEach(barrier -> barriers.add(name + ": " + barrier));
          assertThat(page.run("return document.documentElement.scrollWidth <= innerWidth"))
              .as(name + " fits the width")
              .isEqualTo(true);
          picture(name, phone != dark);
        }
      }
      assertThat(page.faults()).as(view.getKey()).isEmpty();
    }
    assertThat(barriers).isEmpty();
  }

  /** To target/screens; the ones that docs show also there, where that is asked for. */
  private void picture(String name, boolean shown) throws IOException {
    Path target = Program.ROOT.resolve("collector/target/screens/" + name + ".png");
    page.screenshot(target);
    if (shown && System.getProperty("screens.update") != null) {
      Path docs = Files.createDirectories(Program.ROOT.resolve("docs/screens"));
      Files.copy(
          target, docs.resolve(name + ".png"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Test
  void givenFrenchReader_whenLoaded_thenPageIsFrench() {
    page.language("fr-FR");
    try {
      page.open(fleet.url("/#/"));
      page.awaitText("vont bien");
      assertThat(page.run("return document.documentElement.lang")).isEqualTo("fr-FR");
    } finally {
      page.language("en");
    }
  }

  @Test
  void givenWrongExpression_whenRun_thenCaretPointsAtThePlace() {
    page.open(fleet.url("/#/explore?expr=sum(rate(up))"));
    page.awaitText("expected type range vector");
    assertThat(String.valueOf(page.run("return document.querySelector('.caret').textContent")))
        .matches("(?s)sum\\(rate\\(up\\)\\)\n +\\^");
    page.open(fleet.url("/#/explore"));
    page.type("textarea", "vigie_probe_u");
    page.await("a completion", () -> page.has("[role=option]"));
    assertThat(page.text()).contains("vigie_probe_up");
  }

  @Test
  void givenMarkupInALogLine_whenShown_thenItStaysText() throws Exception {
    importEvents(
        List.of(event(1, "evil", "<img src=x onerror=\"document.title='owned'\"><b>bold</b>")));
    page.open(fleet.url("/#/events?node=evil"));
    page.awaitText("<b>bold</b>");
    assertThat(page.run("return document.title")).isNotEqualTo("owned");
    assertThat(page.has(".events img")).isFalse();
  }

  @Test
  void given200NodesAnd10000Events_whenShownFilteredAndScrolled_thenPageStaysFluent()
      throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      names.add("node" + i);
    }
    push(names, HISTORY_MINUTES);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < EVENTS; i++) {
      lines.add(event(i + 100, "many", "connection " + i + " refused by 192.0.2." + i % 250));
    }
    importEvents(lines);

    page.desk();
    List<Double> nodes = new ArrayList<>();
    page.open(fleet.url("/#/nodes"));
    page.await("200 tiles with figures", () -> count(".tile") >= NODES && count(".spark") >= NODES);
    for (int i = 0; i < ROUNDS; i++) {
      page.run("seen.long = []");
      page.type("input[type=search]", "node1" + i);
      page.await("fewer tiles", () -> count(".tile") < NODES);
      page.run(
          "const f = document.querySelector('input[type=search]'); f.value = ''; f.dispatchEvent(new Event('input', {bubbles: true}))");
      page.await("all tiles", () -> count(".tile") >= NODES);
      page.run("scrollTo(0, document.body.scrollHeight)");
      nodes.add(longest());
    }
    page.open(fleet.url("/#/events?node=many"));
    page.await("events", () -> count(".event") > 0);
    List<Double> events = new ArrayList<>();
    while (count(".event") < EVENTS) {
      long before = count(".event");
      page.run("seen.long = []");
      page.click("#more");
      page.await("more events", () -> count(".event") > before);
      page.run("scrollTo(0, document.body.scrollHeight)");
      events.add(longest());
    }
    System.out.printf(
        "longest task in ms, median: %d nodes filtered and scrolled %.0f of %d rounds; %d events paged and scrolled %.0f of %d rounds%n",
        NODES, median(nodes), nodes.size(), EVENTS, median(events), events.size());
  }

  @Test
  void givenWholePage_whenAdded_thenItIsSmall() throws Exception {
    long bytes = 0;
    Path web = Program.ROOT.resolve("collector/src/main/resources/web");
    try (Stream<Path> files = Files.walk(web)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }
    System.out.println("the page in all, licences included: " + bytes / 1000 + " kB");
    assertThat(bytes).isLessThan(MOST_BYTES);
    page.open(fleet.url("/#/nodes/pi4"));
    page.await("a graph", () -> page.has(".u-over"));
    assertThat(
            ((List<?>)
                page.run("return performance.getEntriesByType('resource').map(e => e.name)")))
        .allSatisfy(url -> assertThat(String.valueOf(url)).startsWith(fleet.url("/")));
  }

  /** What a viewer's browser is refused even where the page's own buttons are not used. */
  private static final String ACKNOWLEDGE =
      """
      const done = arguments[0];
      (async () => {
        const {csrf} = await (await fetch('api/vigie/me', {headers: {'X-Vigie-CSRF': '-'}})).json();
        const {alerts} = await (await fetch('api/vigie/alerts', {headers: {'X-Vigie-CSRF': csrf}})).json();
        const answer = await fetch('api/vigie/alerts/' + alerts[0].id + '/ack',
          {method: 'POST', headers: {'X-Vigie-CSRF': csrf, 'Content-Type': 'application/json'}, body: '{"by": "ben"}'});
        done(answer.status);
      })();
      """;

  @Test
  void givenUsers_whenTheySignIn_thenViewerOnlyLooksAndOperatorActsUnderHerName(@TempDir Path dir)
      throws Exception {
    String hash = BCrypt.withDefaults().hashToString(4, "secret".toCharArray());
    int port = Ports.free();
    Files.writeString(
        dir.resolve("web.yml"),
        "basic_auth_users: {anna: '%s', ben: '%s'}%n".formatted(hash, hash));
    Files.writeString(
        dir.resolve("rules.yml"),
        """
        groups:
          - name: always
            interval: 1s
            rules: [{alert: Always, expr: vector(1), labels: {severity: warning, node: p1}, annotations: {summary: it burns}}]
        """);
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        web_config_file: web.yml
        web: {viewers: [ben]}
        rule_files: [rules.yml]
        """
            .formatted(port, Ports.free()));
    String url = "http://127.0.0.1:" + port + "/";
    String config = dir.resolve("collector.yaml").toString();
    try (Program guarded =
        Program.start(dir.resolve("log"), Map.of(), "collector", "run", "--config", config)) {
      fleet.awaitOrTell("the guarded collector", () -> !Program.get(url).isEmpty());
      page.open(url);
      signIn("ben", "wrong");
      page.awaitText("User or password is wrong");
      signIn("ben", "secret");
      page.awaitText("it burns");
      assertThat(page.has(".actions button")).isFalse();
      assertThat(page.answer(ACKNOWLEDGE)).isEqualTo(403L);

      page.click(".top button");
      signIn("anna", "secret");
      page.click(".card .actions button.primary");
      page.click(".drawer button.primary");
      page.awaitText("anna takes care");
      page.click(".top button");
      page.awaitText("Password");
    }
  }

  private void signIn(String user, String password) {
    page.type("input[name=user]", user);
    page.type("input[name=password]", password);
    page.click("form button.primary");
  }

  private String aloud() {
    return String.valueOf(page.run("return document.getElementById('aloud').textContent"));
  }

  private long count(String css) {
    return (Long) page.run("return document.querySelectorAll(arguments[0]).length", css);
  }

  private double longest() {
    return ((Number) page.run("return Math.max(0, ...seen.long)")).doubleValue();
  }

  private static double median(List<Double> values) {
    Collections.sort(values);
    return values.get(values.size() / 2);
  }

  private JsonNode firing() {
    return fleet.ask("/api/vigie/alerts?state=active").path("alerts").path(0);
  }

  private static String event(int seq, String node, String text) throws IOException {
    Instant at = Instant.now().minusSeconds(EVENTS * 2L - seq);
    return JSON.writeValueAsString(
        Map.ofEntries(
            Map.entry("id", "x" + seq),
            Map.entry("time", at.toString()),
            Map.entry("received", at.toString()),
            Map.entry("node", node),
            Map.entry("type", "syslog"),
            Map.entry("severity", seq % 50 == 0 ? "err" : "info"),
            Map.entry("facility", 3),
            Map.entry("app", "app"),
            Map.entry("text", text),
            Map.entry("fields", Map.of("unit", "app.service")),
            Map.entry("raw", text)));
  }

  private void importEvents(List<String> lines) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(fleet.url("/api/vigie/events/import")))
                .header("content-type", "application/x-ndjson")
                .POST(BodyPublishers.ofString(String.join("\n", lines)))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
  }

  private static List<String> pictured() {
    return List.of("pi4", "zero1", "zero2", "zero3", "web1");
  }

  /** Nodes that push: a figure every two minutes of the past, and that they live. */
  private void push(List<String> nodes, int minutes) throws Exception {
    long now = System.currentTimeMillis();
    for (String node : nodes) {
      WriteRequest body = new WriteRequest();
      int kind = Math.floorMod(node.hashCode(), 7);
      double idle = 0;
      for (int minute = -minutes; minute <= 0; minute++) {
        long at = now + minute * 60_000L;
        double busy = 0.1 + 0.08 * kind + 0.1 * Math.sin(minute / 7.0 + kind);
        idle += 60 * (1 - busy);
        body.add(series("node_cpu_seconds_total", node, "mode", "idle"), 1000 + idle, at);
        body.add(
            series("node_cpu_seconds_total", node, "mode", "user"),
            1e6 + 60 * (minute + 600) - idle,
            at);
        body.add(series("node_memory_MemTotal_bytes", node), 4e9, at);
        body.add(
            series("node_memory_MemAvailable_bytes", node),
            4e9 * (0.7 - 0.07 * kind + 0.02 * Math.cos(minute / 5.0)),
            at);
        body.add(series("node_filesystem_size_bytes", node, "mountpoint", "/"), 3.2e10, at);
        body.add(
            series("node_filesystem_avail_bytes", node, "mountpoint", "/"),
            3.2e10 * (0.3 + 0.08 * kind) - minute * 1e6,
            at);
        body.add(
            series("node_hwmon_temp_celsius", node, "sensor", "cpu"),
            44 + 3 * kind + 4 * Math.sin(minute / 9.0),
            at);
        body.add(series("node_load1", node), 0.2 + busy * 3, at);
      }
      body.add(series("up", node), 1, now);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + pushPort + "/api/v1/write"))
              .POST(BodyPublishers.ofByteArray(body.take()));
      WriteRequest.HEADERS.forEach(request::header);
      assertThat(HTTP.send(request.build(), BodyHandlers.ofString()).statusCode()).isEqualTo(204);
    }
  }

  private static byte[] series(String name, String node, String... more) {
    TreeMap<String, String> labels = new TreeMap<>(Map.of("__name__", name, "node", node));
    for (int i = 0; i < more.length; i += 2) {
      labels.put(more[i], more[i + 1]);
    }
    return WriteRequest.labels(labels);
  }
}
