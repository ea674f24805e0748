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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.testing.FakeDiscord;

/**
 * A service dies, the card is in Discord, {@code collector alerts list} shows it; with the packaged
 * programs.
 */
class WholePathIT {
  @TempDir Path dir;

  @Test
  void givenServiceDies_whenProbed_thenOneCardIsPostedAndEditedToResolved() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      fleet.awaitOrTell(
          "a scrape of the agent",
          () ->
              fleet.ask("/api/v1/query?query=node_load1").path("data").path("result").size() == 1);
      assertThat(fleet.discord.messages()).isEmpty();

      Instant killed = Instant.now();
      fleet.service.down();
      fleet.awaitOrTell("a card that says firing", fleet::cardSaysFiring);
      hops(fleet, killed, "probe.down", "firing");

      assertThat(run(fleet, "alerts", "list", "--no-headers"))
          .contains("firing", "critical", "ProbeDown", "p1", "127.0.0.1:" + fleet.servicePort);
      assertThat(run(fleet, "alerts", "show", "ProbeDown")).contains("connection refused");

      Instant restarted = Instant.now();
      fleet.service.up();
      fleet.awaitOrTell("the card to say resolved", fleet::cardSaysResolved);
      hops(fleet, restarted, "probe.up", "resolved");

      assertThat(fleet.discord.messages()).hasSize(1);
      FakeDiscord.Message card = fleet.discord.messages().get(0);
      assertThat(card.edits()).isPositive();
      assertThat(card.pings()).isEmpty();
      assertThat(card.text()).contains("p1", "connection refused");
      assertThat(fleet.discord.violations()).isEmpty();
      assertThat(fleet.collector.log() + fleet.agent.log()).doesNotContain("very-secret-token");
      assertThat(fleet.agent.stop()).isIn(0, 143);
      assertThat(fleet.collector.stop()).isIn(0, 143);
    }
  }

  /** The order of the hops, and their times for whoever reads the build's output. */
  private static void hops(Fleet fleet, Instant cause, String type, String state) {
    List<JsonNode> events = fleet.probeEvents();
    JsonNode event = events.get(events.size() - 1);
    assertThat(event.path("type").asText()).isEqualTo(type);
    JsonNode alert = fleet.ask("/api/vigie/alerts?state=" + state).path("alerts").path(0);
    FakeDiscord.Message card = fleet.discord.messages().get(0);
    Instant happened = Instant.parse(event.path("time").asText());
    Instant received = Instant.parse(event.path("received").asText());
    Instant known = Instant.parse(alert.path("knownAt").asText());
    Instant shown = card.editedAt() == null ? card.createdAt() : card.editedAt();
    List<Instant> hops = List.of(cause, happened, received, known, shown);
    for (int i = 1; i < hops.size(); i++) {
      // Milliseconds are what travels.
      assertThat(hops.get(i)).isAfterOrEqualTo(hops.get(i - 1).minusMillis(2));
    }
    System.out.printf(
        "hops to %s: probe %d ms, received %d ms, rule %d ms, card %d ms%n",
        state,
        since(cause, happened),
        since(cause, received),
        since(cause, known),
        since(cause, shown));
  }

  private static long since(Instant cause, Instant then) {
    return Duration.between(cause, then).toMillis();
  }

  private String run(Fleet fleet, String... arguments) throws Exception {
    Path out = Files.createTempFile(dir, "cli", ".out");
    Program cli = Program.start(out, Map.of("VIGIE_URL", fleet.url("")), "collector", arguments);
    cli.await();
    return cli.log();
  }

  @Test
  void givenCollectorAway_whenProbeChanges_thenEverythingArrivesInOrderOnceItIsBack()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.service.up();
      fleet.startAgent();
      fleet.awaitOrTell(
          "the agent to answer",
          () -> !Program.get("http://127.0.0.1:" + fleet.agentPort + "/readyz").isEmpty());
      List<String> wanted = new ArrayList<>(List.of("probe.up"));
      for (int i = 0; i < 3; i++) {
        awaitProbeMetric(fleet, 1);
        fleet.service.down();
        awaitProbeMetric(fleet, 0);
        fleet.service.up();
        wanted.add("probe.down");
        wanted.add("probe.up");
      }
      awaitProbeMetric(fleet, 1);
      fleet.startCollector();
      fleet.awaitOrTell("all transitions", () -> fleet.probeEvents().size() >= wanted.size());
      assertThat(collapsed(fleet.probeEvents())).isEqualTo(wanted);
    }
  }

  private static void awaitProbeMetric(Fleet fleet, int value) {
    String line =
        "probe_success{probe=\"calculatrice\",target=\"127.0.0.1:"
            + fleet.servicePort
            + "\"} "
            + value;
    fleet.awaitOrTell(
        line, () -> Program.get("http://127.0.0.1:" + fleet.agentPort + "/metrics").contains(line));
  }

  /** The states without those told again. */
  static List<String> collapsed(List<JsonNode> events) {
    List<String> states = new ArrayList<>();
    for (JsonNode event : events) {
      String type = event.path("type").asText();
      if (states.isEmpty() || !states.get(states.size() - 1).equals(type)) {
        states.add(type);
      }
    }
    return states;
  }
}
