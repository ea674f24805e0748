package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** A collector that is killed while an alert waits, and while one fires. */
class RuleRestartIT {
  private static final String[] PROBE = {"__name__", "probe_success", "node", "p7", "probe", "web"};

  @TempDir Path dir;

  @Test
  void givenPendingAndFiringAlert_whenTheCollectorIsKilled_thenNoSecondWaitAndNoFalseResolve()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      int port = Ports.free();
      Path config = dir.resolve("collector.yaml");
      Files.writeString(
          config,
          Files.readString(config)
              .replace("listen: {", "listen: {remote_write: '127.0.0.1:" + port + "', "));
      Files.writeString(
          dir.resolve("rules.yml"),
          """
          groups:
          - name: restart
            interval: 1s
            rules:
            - {alert: AtOnce, expr: probe_success == 0, annotations: {summary: at once}}
            - {alert: Waits, expr: probe_success == 0, for: 12s, annotations: {summary: waits}}
          """);
      fleet.startCollector();
      Pusher pusher = new Pusher(port);
      assertThat(pusher.push(0, PROBE)).isTrue();
      fleet.awaitOrTell(
          "both alerts", () -> pusher.push(0, PROBE) && alert(fleet, "Waits") != null);
      fleet.awaitOrTell("a card", fleet::cardSaysFiring);
      Instant since = activeAt(fleet, "Waits");
      assertThat(alert(fleet, "Waits").path("state").asText()).isEqualTo("pending");
      Instant fired = activeAt(fleet, "AtOnce");

      fleet.collector.kill();
      fleet.startCollector();

      assertThat(activeAt(fleet, "AtOnce")).isEqualTo(fired);
      assertThat(activeAt(fleet, "Waits")).isEqualTo(since);
      fleet.awaitOrTell(
          "the end of the wait",
          () ->
              pusher.push(0, PROBE)
                  && alert(fleet, "Waits").path("state").asText().equals("firing"));
      JsonNode known = fleet.ask("/api/vigie/alerts?state=firing").path("alerts");
      for (JsonNode each : known) {
        if (each.path("labels").path("alertname").asText().equals("Waits")) {
          Duration waited =
              Duration.between(since, Instant.parse(each.path("firedAt").asText(since.toString())));
          assertThat(waited).isGreaterThanOrEqualTo(Duration.ofSeconds(12));
          System.out.println("fired after " + waited + " with a kill in between");
        }
      }
      fleet.awaitOrTell("the second card", () -> fleet.discord.messages().size() == 2);
      assertThat(fleet.discord.messages())
          .allMatch(card -> !card.title().matches("(?i).*resolved.*"));
      assertThat(fleet.discord.messages().get(0).edits())
          .as("nothing was told of the first alert again")
          .isZero();
    }
  }

  private static Instant activeAt(Fleet fleet, String name) {
    return Instant.parse(alert(fleet, name).path("activeAt").asText());
  }

  private static JsonNode alert(Fleet fleet, String name) {
    for (JsonNode each : fleet.ask("/api/v1/alerts").path("data").path("alerts")) {
      if (each.path("labels").path("alertname").asText().equals(name)) {
        return each;
      }
    }
    return null;
  }
}
