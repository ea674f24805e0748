package vigie.collector.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import vigie.base.net.Ports;
import vigie.base.time.Clock;
import vigie.collector.testing.FakeDiscord;

/**
 * A collector, an agent that probes one service, and a fake Discord, all real processes and
 * sockets.
 */
final class Fleet implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final Duration PATIENCE = Duration.ofMinutes(3);
  static final String RULES =
      """
      groups:
        - name: probe
          interval: 1s
          rules:
            - alert: ProbeDown
              expr: vigie_probe_up == 0
              labels: {severity: critical}
              annotations: {summary: "{{ $labels.probe }} on {{ $labels.node }} does not answer at {{ $labels.target }}"}
      """;

  final Path dir;
  final FakeDiscord discord;
  final int servicePort = Ports.free();
  final int httpPort = Ports.free();
  final int relpPort = Ports.free();
  final int agentPort = Ports.free();
  final LineServer service = new LineServer(servicePort);
  Program collector;
  Program agent;

  Fleet(Path dir) throws IOException {
    this.dir = dir;
    this.discord = new FakeDiscord(Clock.system(), "very-secret-token");
    Files.writeString(dir.resolve("hook"), discord.webhookUrl() + "\n");
    Files.writeString(dir.resolve("rules.yml"), RULES);
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        scrape_configs:
          - job_name: node
            scrape_interval: 1s
            static_configs: [{targets: ['127.0.0.1:%d'], labels: {node: p1}}]
        rule_files: [rules.yml]
        flapping: {openings: 1000}
        route: {receiver: discord, group_by: [alertname, node, probe]}
        receivers: [{name: discord, discord_configs: [{webhook_url_file: hook}]}]
        """
            .formatted(httpPort, relpPort, agentPort));
    Files.writeString(
        dir.resolve("agent.yaml"),
        """
        node: p1
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        probes:
          - {name: calculatrice, tcp: '127.0.0.1:%d', every: 1s, timeout: 1s}
        spool: {path: spool}
        """
            .formatted(agentPort, relpPort, servicePort));
  }

  void startCollector() throws IOException {
    collector =
        Program.start(
            dir.resolve("collector.log"),
            Map.of(),
            "collector",
            "run",
            "--config",
            dir.resolve("collector.yaml").toString());
    awaitReady();
  }

  void awaitReady() {
    awaitOrTell("the collector to be ready", () -> !Program.get(url("/-/ready")).isEmpty());
  }

  void startAgent() throws IOException {
    agent =
        Program.start(
            dir.resolve("agent.log"),
            Map.of(),
            "agent",
            "run",
            "--config",
            dir.resolve("agent.yaml").toString());
  }

  String url(String path) {
    return "http://127.0.0.1:" + httpPort + path;
  }

  /** The collector's answer as JSON; an empty object while it does not answer. */
  JsonNode ask(String path) {
    try {
      String body = Program.get(url(path));
      return body.isEmpty() ? JSON.createObjectNode() : JSON.readTree(body);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** The probe's events, oldest first by seq. */
  List<JsonNode> probeEvents() {
    List<JsonNode> events = new ArrayList<>();
    for (JsonNode event : ask("/api/vigie/events?limit=10000&filter=node%3Dp1").path("events")) {
      if (event.path("type").asText().startsWith("probe.")) {
        events.add(event);
      }
    }
    events.sort(java.util.Comparator.comparingLong(e -> e.path("seq").asLong()));
    return events;
  }

  /** Whether the collector knows the probe in this state. */
  boolean probeIs(boolean up) {
    JsonNode result = ask("/api/v1/query?query=vigie_probe_up").path("data").path("result");
    return result.size() == 1
        && result.path(0).path("value").path(1).asText().equals(up ? "1" : "0");
  }

  /** The last card, or an empty text. */
  String lastCard() {
    List<FakeDiscord.Message> messages = discord.messages();
    return messages.isEmpty() ? "" : messages.get(messages.size() - 1).title();
  }

  boolean cardSaysFiring() {
    return !lastCard().isEmpty() && !lastCard().matches("(?i).*resolved.*");
  }

  boolean cardSaysResolved() {
    return lastCard().matches("(?i).*resolved.*");
  }

  /** Waits; on failure tells both logs. */
  void awaitOrTell(String what, java.util.concurrent.Callable<Boolean> condition) {
    awaitOrTell(what, condition, PATIENCE);
  }

  void awaitOrTell(String what, java.util.concurrent.Callable<Boolean> condition, Duration atMost) {
    try {
      await(what).atMost(atMost).pollInterval(Duration.ofMillis(20)).until(condition);
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError(
          "waited in vain for "
              + what
              + "\ncollector:\n"
              + tail(collector)
              + "\nagent:\n"
              + tail(agent)
              + "\ncards: "
              + discord.messages(),
          e);
    }
  }

  private static String tail(Program program) {
    if (program == null) {
      return "not started";
    }
    String log = program.log();
    return log.substring(Math.max(0, log.length() - 6000));
  }

  @Override
  public void close() throws IOException {
    if (agent != null) {
      agent.close();
    }
    if (collector != null) {
      collector.close();
    }
    service.down();
    discord.close();
  }
}
