package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
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
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PageIT {
  private static final int NODES = 200;
  private static final int EVENTS = 10_000;
  private static final int MOST_BYTES = 300_000;
  private static final int ROUNDS = 5;
  private static final int HISTORY_MINUTES = 55; // an hour is taken
  private static final List<String> PICTURED = List.of("pi4", "zero1", "zero2", "zero3", "web1");
  private static final int GRAPHS = 7;
  private static final String TILE = ".tile:not([hidden])";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static final String CPU =
      "100 * sum by (node) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))"
          + " / sum by (node) (rate(node_cpu_seconds_total[5m]))";

  private static final Map<String, String> VIEWS =
      new TreeMap<>(
          Map.of(
              "now", "#/",
              "nodes", "#/nodes",
              "node", "#/nodes/pi4",
              "events", "#/events",
              "explore", "#/explore?expr=" + URLEncoder.encode(CPU, StandardCharsets.UTF_8),
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
    Files.writeString(
        dir.resolve("rules.yml"),
        Fleet.RULES.replace(
            "target }}\"}",
            "target }}\", description: \"Look first whether it runs, and since when.\","
                + " runbook_url: \"https://vigie.example/runbooks/ProbeDown\"}"));
    fleet.service.up();
    fleet.startCollector();
    fleet.startAgent();
    push(PICTURED, HISTORY_MINUTES);
    importEvents(story());
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
    fleet.service.up();
    fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
    fleet.awaitOrTell("no alert", () -> firing(0));
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
  @Order(1) // before the others leave something behind
  void givenEachView_whenShownOnPhoneAndDeskLightAndDark_thenNothingIsInAnybodysWay()
      throws Exception {
    push(PICTURED, 0); // they live
    page.open(fleet.url("/#/"));
    List<String> barriers =
        new ArrayList<>(page.look("calm", true, () -> page.text().contains("nodes are well")));

    fleet.service.down();
    post("DiskFills", "web1", "warning", "/ on web1 is full in about 3 hours", true);
    fleet.awaitOrTell("two alerts", () -> firing(2));
    String silence = silence();
    VIEWS.put("incident", "#/incident/" + firing().path("id").asText());
    for (Map.Entry<String, String> view : VIEWS.entrySet()) {
      page.open(fleet.url("/" + view.getValue()));
      barriers.addAll(page.look(view.getKey(), true, () -> isDrawn(view.getKey())));
      page.beyondTab().forEach(beyond -> barriers.add(view.getKey() + " by Tab: " + beyond));
      assertThat(page.faults()).as(view.getKey()).isEmpty();
    }
    for (String node : PICTURED) {
      post("NodeSilent", node, "critical", node + " is silent", true);
    }
    page.open(fleet.url("/#/"));
    barriers.addAll(
        page.look("many", false, () -> page.text().contains(PICTURED.size() + " × NodeSilent")));
    page.language("fr-FR");
    try {
      for (Map.Entry<String, String> view : VIEWS.entrySet()) {
        page.open(fleet.url("/" + view.getValue()));
        barriers.addAll(page.look(view.getKey() + "-fr", false, () -> isDrawn(view.getKey())));
      }
    } finally {
      page.language("en");
    }
    for (String node : PICTURED) {
      post("NodeSilent", node, "critical", node + " is silent", false);
    }
    post("DiskFills", "web1", "warning", "/ on web1 is full in about 3 hours", false);
    send("DELETE", "/api/v2/silence/" + silence, "application/json", "");
    assertThat(barriers).isEmpty();
  }

  /** With all that it shows once its answers have come. */
  private boolean isDrawn(String view) {
    boolean awaited =
        switch (view) {
          case "node" -> count(".u-over") == GRAPHS && page.text().contains("Debian GNU/Linux 12");
          case "explore" -> page.has(".u-over");
          case "incident" -> page.has(".u-over");
          case "nodes" -> count(".spark") >= 4 * PICTURED.size();
          case "events" -> page.has(".event");
          default -> true;
        };
    return awaited && page.has("main h1") && !page.text().matches("(?s).*(Loading|Chargement).*");
  }

  /** As a card's link to a silence has it, where an alert came with a name that needs quotes. */
  @Test
  void givenLinkWithALabelOfAnyName_whenItsFormIsSent_thenThatLabelIsSilenced() {
    String filter = "%7B%22host.name%22%3D%22web%2C1%22%2Cnode%3D~%22p%5Cd%22%7D";
    page.open(fleet.url("/silence?filter=" + filter));
    page.type("form.stack input[maxlength='2000']", "it moves");
    page.type("form.stack input[autocomplete=nickname]", "anna");
    page.click("form.stack button.primary");
    page.awaitText("\"host.name\"=\"web,1\"");
    JsonNode matchers = fleet.ask("/api/v2/silences").path(0).path("matchers");
    assertThat(matchers.path(0).path("name").asText()).isEqualTo("host.name");
    assertThat(matchers.path(0).path("value").asText()).isEqualTo("web,1");
    assertThat(matchers.path(1).path("value").asText()).isEqualTo("p\\d");
    page.click(".card .actions button");
    page.awaitText("No silence");
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
  void givenOnlyAKeyboard_whenAnAlertFires_thenItIsAcknowledgedAndViewsOpen() throws Exception {
    fleet.service.down();
    page.desk();
    page.open(fleet.url("/#/"));
    page.awaitText("calculatrice on p1 does not answer");

    page.tabTo("Silence");
    page.keys(Keys.ENTER);
    page.await("the spans", () -> page.has(".drawer .spans"));
    page.keys(Keys.TAB, Keys.ESCAPE);
    page.await("the drawer to close", () -> !page.has(".drawer"));
    assertThat(page.run("return document.activeElement.textContent")).isEqualTo("Silence");

    page.run("document.activeElement.blur()");
    page.tabTo("Acknowledge");
    page.keys(Keys.ENTER);
    page.await("the form", () -> page.has(".drawer input"));
    page.run("document.querySelector('.drawer input').value = ''");
    page.keys(Keys.TAB, Keys.TAB, "carl", Keys.ENTER);
    page.awaitText("carl takes care");

    page.keys("2");
    page.await("the nodes", () -> page.has(".tile"));
    page.keys("/", "p1");
    page.await("fewer tiles", () -> count(TILE) == 1);
  }

  @Test
  void givenManyNodesFire_whenAcknowledgedTogether_thenEachIs() throws Exception {
    List<String> nodes = PICTURED.subList(0, 3);
    for (String node : nodes) {
      post("NodeSilent", node, "critical", node + " is silent", true);
    }
    page.open(fleet.url("/#/"));
    page.awaitText("3 × NodeSilent");
    page.click(".card .actions button.primary");
    page.type(".drawer input[autocomplete=nickname]", "anna");
    page.click(".drawer button.primary");
    page.awaitText("Taken care of");
    page.awaitNoText("needs somebody");
    page.awaitNoText("need somebody");
    assertThat(fleet.ask("/api/vigie/alerts?state=active").findValuesAsText("by"))
        .containsExactly("anna", "anna", "anna");
    for (String node : nodes) {
      post("NodeSilent", node, "critical", node + " is silent", false);
    }
  }

  @Test
  void givenPageIsOpen_whenCollectorIsKilledAndBack_thenItSaysSoAndShowsWhatBeganMeanwhile()
      throws Exception {
    page.open(fleet.url("/#/"));
    page.awaitText("are well");
    page.run("window.loaded = 'once'");

    fleet.collector.kill();
    page.awaitText("Link lost");
    fleet.service.down();
    fleet.collector.start();

    page.awaitText("calculatrice on p1 does not answer");
    page.awaitNoText("Link lost");
    assertThat(page.run("return window.loaded")).isEqualTo("once");
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
  @Order(Integer.MAX_VALUE)
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
    page.await("200 tiles with figures", () -> count(TILE) >= NODES && count(".spark") >= NODES);
    for (int i = 0; i < ROUNDS; i++) {
      page.run("seen.long = []");
      page.type("input[type=search]", "node1" + i);
      page.await("fewer tiles", () -> count(TILE) < NODES);
      page.run(
          "const f = document.querySelector('input[type=search]'); f.value = ''; f.dispatchEvent(new Event('input', {bubbles: true}))");
      page.await("all tiles", () -> count(TILE) >= NODES);
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

  private String aloud() {
    return String.valueOf(page.run("return document.getElementById('aloud').textContent"));
  }

  private long count(String css) {
    return (Long) page.run("return document.querySelectorAll(arguments[0]).length", css);
  }

  /** Of the tasks until the next frame is on the screen. */
  private double longest() {
    page.answer(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(() => done(0), 100))");
    return ((Number) page.run("return Math.max(0, ...seen.long)")).doubleValue();
  }

  private static double median(List<Double> values) {
    Collections.sort(values);
    return values.get(values.size() / 2);
  }

  /** The alert of the probe. */
  private JsonNode firing() {
    return fleet
        .ask("/api/vigie/alerts?state=active&filter=alertname%3DProbeDown")
        .path("alerts")
        .path(0);
  }

  private boolean firing(int count) {
    JsonNode alerts = fleet.ask("/api/vigie/alerts?state=active").path("alerts");
    return alerts.isArray() && alerts.size() == count;
  }

  /** An alert from elsewhere, as Prometheus posts it; or its end. */
  private void post(String name, String node, String severity, String summary, boolean fires)
      throws Exception {
    Instant end = fires ? Instant.now().plusSeconds(3600) : Instant.now();
    Map<String, Object> alert =
        Map.of(
            "labels", Map.of("alertname", name, "node", node, "severity", severity),
            "annotations", Map.of("summary", summary),
            "endsAt", end.toString());
    send("POST", "/api/v2/alerts", "application/json", JSON.writeValueAsString(List.of(alert)));
  }

  private String silence() throws Exception {
    Instant now = Instant.now();
    Map<String, Object> silence =
        Map.of(
            "matchers",
            List.of(Map.of("name", "node", "value", "nas", "isRegex", false, "isEqual", true)),
            "startsAt",
            now.toString(),
            "endsAt",
            now.plusSeconds(20_000).toString(),
            "createdBy",
            "anna",
            "comment",
            "gets a new disk");
    String body = JSON.writeValueAsString(silence);
    return JSON.readTree(send("POST", "/api/v2/silences", "application/json", body))
        .path("silenceID")
        .asText();
  }

  private static String event(int seq, String node, String text) throws IOException {
    Instant at = Instant.now().minusSeconds(EVENTS * 2L - seq);
    return event("x" + seq, at, node, "syslog", seq % 50 == 0 ? "err" : "info", text);
  }

  private static String event(
      String id, Instant at, String node, String type, String severity, String text)
      throws IOException {
    return JSON.writeValueAsString(
        Map.ofEntries(
            Map.entry("id", id),
            Map.entry("time", at.toString()),
            Map.entry("received", at.toString()),
            Map.entry("node", node),
            Map.entry("type", type),
            Map.entry("severity", severity),
            Map.entry("facility", 3),
            Map.entry("app", "app"),
            Map.entry("text", text),
            Map.entry("fields", Map.of("unit", "app.service")),
            Map.entry("raw", text)));
  }

  /** What happened on the node of the pictures. */
  private static List<String> story() throws IOException {
    Instant now = Instant.now();
    return List.of(
        event(
            "s1",
            now.minusSeconds(90_000),
            "pi4",
            "node.boot",
            "notice",
            "the node booted after a clean shutdown"),
        event(
            "s2",
            now.minusSeconds(3000),
            "pi4",
            "unit.crashed",
            "err",
            "nginx.service crashed with SIGSEGV, systemd started it again"),
        event(
            "s3",
            now.minusSeconds(2900),
            "pi4",
            "log.match",
            "warning",
            "sshd: 12 failed logins from 192.0.2.7 in 5 minutes"),
        event(
            "s4",
            now.minusSeconds(1200),
            "pi4",
            "probe.slow",
            "warning",
            "shop https://shop.example/ took 2.4 s, its limit is 1 s"),
        event(
            "s5",
            now.minusSeconds(1100),
            "pi4",
            "probe.up",
            "notice",
            "shop https://shop.example/ answers within 180 ms again"));
  }

  private void importEvents(List<String> lines) throws Exception {
    send("POST", "/api/vigie/events/import", "application/x-ndjson", String.join("\n", lines));
  }

  private String send(String method, String path, String type, String body) throws Exception {
    HttpResponse<String> answer =
        HTTP.send(
            HttpRequest.newBuilder(URI.create(fleet.url(path)))
                .header("content-type", type)
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  /**
   * Nodes that push: their figures of each minute of the past until now. A figure follows from its
   * time alone, so that what is pushed later goes on where this ended.
   */
  private void push(List<String> nodes, int minutes) throws Exception {
    long now = System.currentTimeMillis();
    for (String node : nodes) {
      WriteRequest body = new WriteRequest();
      int kind = nodes.indexOf(node) % 7;
      for (int minute = -minutes; minute <= 0; minute++) {
        figures(body, node, kind, now + minute * 60_000L);
      }
      body.add(series("up", node), 1, now);
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + pushPort + "/api/v1/write"))
              .POST(BodyPublishers.ofByteArray(body.take()));
      WriteRequest.HEADERS.forEach(request::header);
      assertThat(HTTP.send(request.build(), BodyHandlers.ofString()).statusCode()).isEqualTo(204);
    }
  }

  private static void figures(WriteRequest body, String node, int kind, long at) {
    double time = at / 1000.0;
    double wave = Math.sin(time / 500 + kind);
    // The integral of a load that goes up and down.
    double busy = time * (0.12 + 0.05 * kind) - 50 * Math.cos(time / 500 + kind);
    body.add(series("node_cpu_seconds_total", node, "mode", "idle"), time - busy, at);
    body.add(series("node_cpu_seconds_total", node, "mode", "user"), busy * 0.7, at);
    body.add(series("node_cpu_seconds_total", node, "mode", "system"), busy * 0.3, at);
    body.add(series("node_memory_MemTotal_bytes", node), 4e9, at);
    body.add(
        series("node_memory_MemAvailable_bytes", node),
        4e9 * (0.7 - 0.07 * kind + 0.03 * Math.cos(time / 700)),
        at);
    body.add(series("node_filesystem_size_bytes", node, "mountpoint", "/"), 3.2e10, at);
    body.add(
        series("node_filesystem_avail_bytes", node, "mountpoint", "/"),
        3.2e10 * (0.62 - 0.14 * (kind % 5)) - time % 86_400 * 2e4,
        at);
    body.add(
        series("node_disk_written_bytes_total", node, "device", "mmcblk0"),
        (time + 300 * wave) * 2e5,
        at);
    body.add(
        series("node_network_receive_bytes_total", node, "device", "eth0"),
        (time + 400 * wave) * 6e4,
        at);
    body.add(series("node_network_transmit_bytes_total", node, "device", "eth0"), time * 3e4, at);
    body.add(
        series("node_hwmon_temp_celsius", node, "sensor", "cpu"), 44 + 4 * kind + 5 * wave, at);
    body.add(series("node_os_info", node, "pretty_name", "Debian GNU/Linux 12"), 1, at);
    body.add(
        series(
            "node_uname_info", node, "sysname", "Linux", "release", "6.6.31", "machine", "armv7l"),
        1,
        at);
    body.add(series("node_boot_time_seconds", node), Math.floor(time / 1e6) * 1e6, at);
    body.add(series("node_load1", node), 0.6 + 0.1 * kind + 0.4 * wave, at);
    body.add(series("node_load15", node), 0.6 + 0.1 * kind + 0.2 * wave, at);
  }

  private static byte[] series(String name, String node, String... more) {
    TreeMap<String, String> labels = new TreeMap<>(Map.of("__name__", name, "node", node));
    for (int i = 0; i < more.length; i += 2) {
      labels.put(more[i], more[i + 1]);
    }
    return WriteRequest.labels(labels);
  }
}
