package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/** An agent with nothing to watch comes and goes, its collector too; with the packaged programs. */
class PresenceIT {
  @TempDir Path dir;

  /** Both at once: most of it is waiting for a node to have been quiet for long enough. */
  @Test
  void givenAnIdleAgentAndOneThatIsOnlyScraped_whenTheyComeAndGo_thenTheirStatesSayWhy()
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<?> idle =
          threads.submit(() -> anIdleAgent(Files.createDirectory(dir.resolve("idle"))));
      Future<?> scraped =
          threads.submit(
              () -> aNodeThatIsOnlyScraped(Files.createDirectory(dir.resolve("scraped"))));
      idle.get();
      scraped.get();
    } finally {
      threads.shutdownNow();
    }
  }

  private static Path anIdleAgent(Path dir) throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: collector}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
          nodes: {expected: [p1], silent_after: 10s}
          """
              .formatted(fleet.httpPort, fleet.relpPort));
      Files.writeString(
          dir.resolve("agent.yaml"),
          """
          node: p1
          listen: 127.0.0.1:%d
          collector: relp://127.0.0.1:%d
          sources: {journal: false, boot: false}
          spool: {path: spool}
          """
              .formatted(fleet.agentPort, fleet.relpPort));
      fleet.startCollector();
      assertThat(state(fleet)).isEqualTo("unseen");
      fleet.startAgent();
      awaitState(fleet, "up", "");

      // Its session says that it lives: after a restart of the collector, too.
      fleet.collector.kill();
      fleet.collector.start();
      fleet.awaitReady();
      fleet.awaitOrTell(
          "its session to be named",
          () -> events(fleet, "agent.connected").size() == 1,
          Duration.ofMinutes(3));
      stays(fleet, "up", Duration.ofSeconds(16));

      fleet.agent.kill();
      awaitState(fleet, "lost", "lost");
      assertThat(series(fleet, "vigie_node_up")).isEqualTo("0");
      fleet.agent.start();
      awaitState(fleet, "up", "agent");
      assertThat(series(fleet, "vigie_node_state")).isEqualTo("1");

      assertThat(fleet.agent.stop()).isIn(0, 143);
      awaitState(fleet, "stopped", "agent");
      // The state may show a moment before its event is on the disk.
      fleet.awaitOrTell("that to be told", () -> events(fleet, "node.silent").size() == 2);
      fleet.collector.kill();
      fleet.collector.start();
      fleet.awaitReady();
      assertThat(state(fleet)).isEqualTo("stopped");
      stays(fleet, "stopped", Duration.ofSeconds(16));

      List<String> told = new ArrayList<>();
      for (JsonNode event : events(fleet, "node.silent")) {
        told.add(event.path("fields").path("why").asText());
      }
      assertThat(told).containsExactly("agent", "lost"); // newest first
      assertThat(run(fleet, "nodes", "list", "--no-headers"))
          .containsPattern("p1 +stopped +.*agent");
    }
    return dir;
  }

  private static Path aNodeThatIsOnlyScraped(Path dir) throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: collector}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
          nodes: {expected: [p1], silent_after: 10s}
          scrape_configs:
            - job_name: node
              scrape_interval: 1s
              static_configs: [{targets: ['127.0.0.1:%d'], labels: {node: p1}}]
          """
              .formatted(fleet.httpPort, fleet.relpPort, fleet.agentPort));
      Files.writeString(
          dir.resolve("agent.yaml"),
          """
          node: p1
          listen: 127.0.0.1:%d
          collector: relp://127.0.0.1:%d
          sources: {journal: false, boot: false}
          spool: {path: spool}
          """
              .formatted(fleet.agentPort, Ports.refusing())); // nobody listens there
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("p1 to be up", () -> state(fleet).equals("up"));
      stays(fleet, "up", Duration.ofSeconds(12));

      fleet.agent.kill();
      awaitState(fleet, "lost", "lost");
      fleet.agent.start();
      fleet.awaitOrTell("p1 to be back", () -> state(fleet).equals("up"));
      fleet.awaitOrTell("that to be told", () -> events(fleet, "node.back").size() == 1);
      JsonNode back = events(fleet, "node.back").path(0).path("fields");
      assertThat(back.path("quiet").asText()).isNotEmpty();
      assertThat(back.path("last_heard").asText()).isNotEmpty();

      // A collector that starts again has heard nobody yet, and gives each its time anew.
      fleet.agent.kill();
      fleet.collector.kill();
      Instant asked = Clock.system().now();
      fleet.collector.start();
      fleet.awaitReady();
      fleet.awaitOrTell("p1 to be silent", () -> events(fleet, "node.silent").size() == 2);
      Instant silent = Instant.parse(events(fleet, "node.silent").path(0).path("time").asText());
      assertThat(Duration.between(asked, silent)).isGreaterThanOrEqualTo(Duration.ofSeconds(10));
    }
    return dir;
  }

  private static void awaitState(Fleet fleet, String state, String why) {
    fleet.awaitOrTell(
        "p1 to be " + state + " " + why,
        () -> {
          JsonNode node = node(fleet);
          return node.path("state").asText().equals(state) && node.path("why").asText().equals(why);
        });
  }

  private static void stays(Fleet fleet, String state, Duration lasting) {
    org.awaitility.Awaitility.await()
        .during(lasting)
        .atMost(lasting.plusSeconds(30))
        .until(() -> state(fleet).equals(state));
  }

  private static JsonNode node(Fleet fleet) {
    return fleet.ask("/api/vigie/nodes").path("nodes").path(0);
  }

  private static String state(Fleet fleet) {
    return node(fleet).path("state").asText();
  }

  private static JsonNode events(Fleet fleet, String type) {
    return fleet.ask("/api/vigie/events?limit=100&filter=type%3D" + type).path("events");
  }

  private static String series(Fleet fleet, String name) {
    JsonNode result = fleet.ask("/api/v1/query?query=" + name).path("data").path("result");
    return result.size() == 1 ? result.path(0).path("value").path(1).asText() : result.toString();
  }

  private static String run(Fleet fleet, String... arguments) throws Exception {
    Path out = Files.createTempFile(fleet.dir, "cli", ".out");
    Program cli = Program.start(out, Map.of("VIGIE_URL", fleet.url("")), "collector", arguments);
    cli.await();
    return cli.log();
  }
}
