package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.collector.testing.FakeDiscord;

/**
 * A Pi with a Pi Zero behind it and a neighbour that looks at it, each a packaged agent. The Pi
 * falls silent: there is one card, its own, with all that follows from it, and it says by the
 * neighbour's word whether the link is lost or the host is dead.
 */
class RootCauseIT {
  private static final String RULES =
      """
      groups:
        - name: presence
          interval: 1s
          rules:
            - alert: NodeSilent
              expr: vigie_node_state{state="lost"} == 1
              labels: {severity: critical}
              annotations: {summary: "{{ $labels.node }} is silent"}
            - alert: ScrapeFailed
              expr: up == 0 and on (node) vigie_node_state{state="lost"}
            - alert: ProbeUnknown
              expr: absent(vigie_probe_up{node="pi",probe="shop"}) and on (node) vigie_node_state{state="lost"}
      """;

  @TempDir Path dir;

  @Test
  void givenPiThatFallsSilent_whenZeroAndNeighbourFollow_thenOneCardTellsTheCauseAndAllThatFollows()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      Files.writeString(dir.resolve("rules.yml"), RULES);
      Files.writeString(
          dir.resolve("collector.yaml"),
          """
          storage: {path: collector}
          listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
          nodes: {silent_after: 10s, depends_on: {zero: pi}}
          scrape_configs:
            - job_name: node
              scrape_interval: 1s
              static_configs: [{targets: ['127.0.0.1:%d'], labels: {node: pi}}]
          rule_files: [rules.yml]
          route: {receiver: discord, group_by: [alertname, node]}
          receivers: [{name: discord, discord_configs: [{webhook_url_file: hook}]}]
          """
              .formatted(fleet.httpPort, fleet.relpPort, fleet.agentPort));
      // The service stands for the Pi itself: it answers for as long as that is up.
      String shop = "tcp: '127.0.0.1:" + fleet.servicePort + "'";
      configure(fleet, "agent", "pi", fleet.agentPort, "probes: [{name: shop, " + shop + "}]");
      configure(fleet, "zero", "zero", Ports.free(), "");
      configure(fleet, "web", "web", Ports.free(), "peers: [{name: pi, " + shop + "}]");
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      try (Program zero = agent("zero");
          Program web = agent("web")) {
        for (String expression :
            new String[] {
              "up == 1",
              "vigie_probe_up{probe=\"shop\"} == 1",
              "vigie_probe_up{peer=\"pi\"} == 1",
              "vigie_node_up{node=\"zero\"} == 1"
            }) {
          fleet.awaitOrTell(expression, () -> holds(fleet, expression));
        }

        fleet.agent.kill();
        awaitCard(
            fleet,
            "web still reach it: the link or the agent, not the host",
            "ScrapeFailed on pi",
            "ProbeUnknown on pi");

        zero.kill();
        fleet.service.down();
        awaitCard(fleet, "web do not reach it either: the host", "NodeSilent on zero");
        JsonNode held = alertOf(fleet, "zero");
        assertThat(held.path("status").asText()).isEqualTo("inhibited");
        assertThat(held.path("inhibitedBy").path(0)).isEqualTo(alertOf(fleet, "pi").path("id"));

        fleet.service.up();
        zero.start();
        fleet.awaitOrTell(
            "the Zero to be back", () -> holds(fleet, "vigie_node_up{node=\"zero\"} == 1"));
        fleet.agent.start();
        fleet.awaitOrTell("the end", fleet::cardSaysResolved);
        fleet.awaitOrTell(
            "all to be well",
            () -> fleet.ask("/api/vigie/alerts?state=active").path("alerts").isEmpty());

        assertThat(fleet.discord.messages())
            .extracting(FakeDiscord.Message::title)
            .allMatch(title -> title.contains("NodeSilent"))
            .noneMatch(title -> title.contains("zero"));
        assertThat(fleet.discord.violations()).isEmpty();
        assertThat(web.alive()).isTrue();
      }
    }
  }

  private static void configure(Fleet fleet, String file, String node, int port, String looks)
      throws IOException {
    Files.writeString(
        fleet.dir.resolve(file + ".yaml"),
        """
        node: %s
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        %s
        sources: {journal: false, boot: false}
        spool: {path: spool-%s}
        """
            .formatted(node, port, fleet.relpPort, looks, file));
  }

  private Program agent(String file) throws IOException {
    String config = dir.resolve(file + ".yaml").toString();
    return Program.start(dir.resolve(file + ".log"), Map.of(), "agent", "run", "--config", config);
  }

  private static boolean holds(Fleet fleet, String expression) {
    String query = java.net.URLEncoder.encode(expression, java.nio.charset.StandardCharsets.UTF_8);
    return fleet.ask("/api/v1/query?query=" + query).path("data").path("result").size() == 1;
  }

  private static JsonNode alertOf(Fleet fleet, String node) {
    String of = "/api/vigie/alerts?filter=alertname%3DNodeSilent&filter=node%3D" + node;
    return fleet.ask(of).path("alerts").path(0);
  }

  private static void awaitCard(Fleet fleet, String... texts) {
    fleet.awaitOrTell(
        "a card that says " + List.of(texts),
        () ->
            fleet.discord.messages().stream()
                .map(FakeDiscord.Message::text)
                .anyMatch(text -> List.of(texts).stream().allMatch(text::contains)));
  }
}
