package vigie.collector.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Ports;
import vigie.collector.inhibit.Inhibitor;
import vigie.collector.label.Labels;

/**
 * Random route trees and label sets, asked of the real Alertmanager, once of the generation that
 * knows the classic matchers alone, once of the one that also reads UTF-8: all at once by its API,
 * which says for each alert its receivers and whether it is inhibited, and a few by amtool.
 */
class AlertmanagerRoutingIT {
  private static final Path PEERS =
      Path.of(System.getProperty("vigie.root")).resolve("target/peers/bin");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ALERTS = 250;
  private static final int ASKED_OF_AMTOOL = 5;
  private static final List<String> NAMES = List.of("a", "b", "c", "d");
  private static final List<String> VALUES = List.of("x", "y", "xy", "z", "x, y", "{x}");
  private static final List<String> PATTERNS = List.of("x|y", "x.*", ".+", "", "[xz]", ".*y");

  @TempDir Path folder;
  private final HttpClient http = HttpClient.newHttpClient();

  @ParameterizedTest
  @CsvSource({
    "alertmanager, amtool, 1",
    "alertmanager, amtool, 2",
    "alertmanager3, amtool3, 3",
    "alertmanager3, amtool3, 4"
  })
  void givenRandomTree_whenAlertsCome_thenReceiversAndInhibitionAreAlertmanagers(
      String program, String amtool, long seed) throws Exception {
    Random random = new Random(seed);
    Path config = folder.resolve("alertmanager.yml");
    Files.writeString(config, config(random));
    Faults faults = new Faults();
    Routing routing =
        Routing.read(
            Yaml.load(config, Map.of(), faults), Map.of(), new Receiver("none", List.of()));
    faults.throwIfAny();
    Map<String, Labels> alerts = new TreeMap<>();
    for (int i = 0; i < ALERTS; i++) {
      alerts.put("A" + i, labels(random, "A" + i));
    }

    try (Peer peer = new Peer(program, config)) {
      await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> peer.ready());
      peer.post(alerts.values());
      Map<String, String> ours = ours(routing, alerts);
      // What inhibits reaches its inhibitor a moment later.
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(200))
          .untilAsserted(
              () ->
                  assertThat(
                          differences(
                              peer.decisions(), ours, alerts, program.equals("alertmanager3")))
                      .isEmpty());
      assertThat(ours.values()).anyMatch(decision -> decision.endsWith("true"));
    }
    for (Labels labels : alerts.values().stream().limit(ASKED_OF_AMTOOL).toList()) {
      assertThat(ask(amtool, config, labels))
          .as(labels.toString())
          .isEqualTo(
              String.join(
                  ",", routing.root().match(labels).stream().map(Route::receiver).toList()));
    }
  }

  private static Map<String, String> ours(Routing routing, Map<String, Labels> alerts) {
    Inhibitor inhibitor = new Inhibitor();
    inhibitor.rules(routing.inhibitRules());
    alerts.forEach(inhibitor::fires);
    Map<String, String> decisions = new TreeMap<>();
    alerts.forEach(
        (name, labels) ->
            decisions.put(
                name,
                routing.root().match(labels).stream().map(Route::receiver).toList()
                    + " "
                    + !inhibitor.inhibiting(name, labels).isEmpty()));
    return decisions;
  }

  private static List<String> differences(
      Map<String, String> theirs,
      Map<String, String> ours,
      Map<String, Labels> alerts,
      boolean newer) {
    List<String> differences = new ArrayList<>();
    alerts.forEach(
        (name, labels) -> {
          String their = theirs.getOrDefault(name, "not there");
          // The newer generation remembers one source for each set of equal labels: where that one
          // is also a target it forgets others, and does not inhibit what the older does.
          boolean forgotten = newer && (their.replace("false", "true")).equals(ours.get(name));
          if (!their.equals(ours.get(name)) && !forgotten) {
            differences.add(labels + ": " + their + ", here " + ours.get(name));
          }
        });
    return differences;
  }

  private static Labels labels(Random random, String name) {
    Labels.Builder labels = new Labels.Builder().set("alertname", name);
    for (String label : NAMES) {
      if (random.nextInt(3) > 0) {
        labels.set(label, VALUES.get(random.nextInt(VALUES.size())));
      }
    }
    return labels.build();
  }

  /** JSON is YAML. */
  private static String config(Random random) {
    ObjectNode config = JSON.createObjectNode();
    ArrayNode receivers = config.putArray("receivers");
    for (int i = 0; i < 6; i++) {
      receivers.addObject().put("name", "r" + i);
    }
    ObjectNode route = config.putObject("route").put("receiver", "r0");
    routes(random, route, 0);
    ArrayNode rules = config.putArray("inhibit_rules");
    for (int i = 0; i < 4; i++) {
      ObjectNode rule = rules.addObject();
      matching(random, rule, "source_match", "source_match_re", "source_matchers");
      // Rarely on both sides, so that the ends differ: also that is to be equal.
      matching(random, rule, "target_match", "target_match_re", "target_matchers");
      ArrayNode equal = rule.putArray("equal");
      for (int j = 0; j < random.nextInt(3); j++) {
        equal.add(NAMES.get(random.nextInt(NAMES.size())));
      }
    }
    return config.toPrettyString();
  }

  private static void routes(Random random, ObjectNode above, int depth) {
    ArrayNode routes = above.putArray("routes");
    for (int i = 0; i < 1 + random.nextInt(4 - depth); i++) {
      ObjectNode route = routes.addObject();
      if (random.nextInt(4) > 0) {
        route.put("receiver", "r" + random.nextInt(6));
      }
      route.put("continue", random.nextInt(3) == 0);
      matching(random, route, "match", "match_re", "matchers");
      if (depth < 2 && random.nextBoolean()) {
        routes(random, route, depth + 1);
      }
    }
  }

  private static void matching(
      Random random, ObjectNode at, String equal, String regex, String matchers) {
    String name = NAMES.get(random.nextInt(NAMES.size()));
    String value = VALUES.get(random.nextInt(VALUES.size()));
    String pattern = PATTERNS.get(random.nextInt(PATTERNS.size()));
    switch (random.nextInt(8)) {
      case 0 -> at.putObject(equal).put(name, value);
      case 1 -> at.putObject(regex).put(name, pattern);
      case 2 ->
          at.putArray(matchers).add(name + "=\"" + value + "\"").add("alertname=~\"A.*[02468]\"");
      case 3 -> at.putArray(matchers).add(name + " !~ \"" + pattern + "\"");
      case 4 -> at.putArray(matchers).add(name + "=" + value.charAt(0));
      case 5 -> at.putArray(matchers).add("{" + name + "=~\"" + pattern + "\", alertname!=A7}");
      case 6 -> at.putArray(matchers).add(name + "!=\"\"").add(name + "!= \"" + value + "\"");
      default -> at.putArray(matchers).add(name + "=~x|y");
    }
  }

  private String ask(String amtool, Path config, Labels labels) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                PEERS.resolve(amtool).toString(),
                "config",
                "routes",
                "test",
                "--config.file=" + config));
    labels.toMap().forEach((name, value) -> command.add(name + "=" + quoted(value)));
    Path out = folder.resolve("amtool.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("amtool.err").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    // The newer one warns first of what only the classic rules read.
    return Files.readString(out)
        .lines()
        .filter(line -> !line.startsWith("time="))
        .collect(Collectors.joining("\n"));
  }

  private static String quoted(String value) {
    return value.startsWith("A") ? value : '"' + value + '"';
  }

  /** The real Alertmanager, alone, on the loopback. */
  private final class Peer implements AutoCloseable {
    private final Process process;
    private final Path log;
    private final String url;

    Peer(String program, Path config) throws IOException {
      Path path = PEERS.resolve(program);
      assertThat(path)
          .withFailMessage("%s is missing; run: deploy/peers.sh install target/peers", path)
          .isExecutable();
      int port = Ports.free();
      url = "http://127.0.0.1:" + port + "/api/v2";
      log = folder.resolve(program + ".log");
      process =
          new ProcessBuilder(
                  path.toString(),
                  "--config.file=" + config,
                  "--storage.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + port,
                  "--cluster.listen-address=")
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    }

    boolean ready() throws Exception {
      if (!process.isAlive()) {
        throw new AssertionError(Files.readString(log));
      }
      return get("/status").has("config");
    }

    private JsonNode get(String path) throws Exception {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url + path)).timeout(Duration.ofSeconds(30)).build();
      return JSON.readTree(http.send(request, BodyHandlers.ofString()).body());
    }

    void post(Iterable<Labels> alerts) throws Exception {
      ArrayNode all = JSON.createArrayNode();
      for (Labels labels : alerts) {
        ObjectNode each = all.addObject().putObject("labels");
        labels.toMap().forEach(each::put);
      }
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url + "/alerts"))
              .timeout(Duration.ofSeconds(30))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(all.toString()))
              .build();
      assertThat(http.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
    }

    /** As {@link #ours} says them. */
    Map<String, String> decisions() throws Exception {
      Map<String, String> decisions = new LinkedHashMap<>();
      for (JsonNode alert : get("/alerts")) {
        List<String> receivers = new ArrayList<>();
        alert.path("receivers").forEach(each -> receivers.add(each.path("name").asText()));
        boolean inhibited = !alert.path("status").path("inhibitedBy").isEmpty();
        decisions.put(alert.path("labels").path("alertname").asText(), receivers + " " + inhibited);
      }
      return new TreeMap<>(decisions);
    }

    @Override
    public void close() throws Exception {
      process.destroy();
      if (!process.waitFor(30, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
  }
}
