package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.testing.FakeDiscord;
import vigie.collector.testing.FakeDiscord.Fault;
import vigie.collector.testing.FakeDiscord.Kind;

/**
 * Discord limits, fails, hangs and is away (10 s; {@code -Ddiscord.away=120} for two minutes),
 * while the service comes and goes: the card is right in the end, and Discord is not hammered
 * meanwhile.
 */
class DiscordFaultsIT {
  @TempDir Path dir;

  @Test
  void givenFaultsOfEveryKind_whenServiceComesAndGoes_thenTheCardIsRightAndNobodyIsHammered()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));

      fleet.discord.fail(Fault.rateLimit(2.5));
      fleet.discord.fail(Fault.status(500, 0).times(2));
      fleet.service.down();
      fleet.awaitOrTell("the card after 429 and 500", fleet::cardSaysFiring);
      assertThat(fleet.discord.messages()).hasSize(1);

      fleet.discord.fail(Fault.of(Kind.HANG));
      fleet.discord.fail(Fault.of(Kind.CUT_BEFORE));
      fleet.service.up();
      fleet.awaitOrTell("the card after a hang and a cut", fleet::cardSaysResolved);
      assertThat(fleet.discord.messages()).hasSize(1);
      // Its answer must have arrived, or the card stays open over the next part.
      fleet.awaitOrTell(
          "nothing pending", () -> fleet.ask("/api/vigie/outbox").path("pending").isEmpty());

      fleet.discord.away();
      fleet.service.down();
      fleet.awaitOrTell(
          "a pending card that says why", () -> pendingReason(fleet).contains("refused"));
      Instant until = Instant.now().plusSeconds(Long.getLong("discord.away", 10));
      fleet.awaitOrTell(
          "the time that Discord is away",
          () -> Instant.now().isAfter(until),
          Duration.ofMinutes(3));
      assertThat(fleet.ask("/api/vigie/outbox").path("pending")).hasSize(1);
      Program list =
          Program.start(
              dir.resolve("list.log"),
              Map.of("VIGIE_URL", fleet.url("")),
              "collector",
              "alerts",
              "list");
      assertThat(list.await()).isZero();
      assertThat(list.log().strip().lines().reduce((one, last) -> last).orElseThrow())
          .containsPattern("^1 card pending, .*refused.* since .*[0-9]{2}:[0-9]{2}");
      fleet.discord.back();
      fleet.awaitOrTell(
          "the card of the second incident",
          () -> fleet.discord.messages().size() == 2 && fleet.cardSaysFiring(),
          Fleet.PATIENCE);
      fleet.service.up();
      fleet.awaitOrTell("its end", fleet::cardSaysResolved, Fleet.PATIENCE);

      assertThat(fleet.discord.messages()).hasSize(2);
      assertThat(fleet.discord.violations()).isEmpty();
      assertPausesAfterFaults(fleet.discord.requests());
      assertThat(fleet.collector.log() + fleet.ask("/api/vigie/outbox"))
          .doesNotContain("very-secret-token");
      fleet.awaitOrTell(
          "nothing pending", () -> fleet.ask("/api/vigie/outbox").path("pending").isEmpty());
    }
  }

  @Test
  void givenKillBetweenAPostAndItsRecord_whenBack_thenTheNewerCardSaysThatItReplacesOne()
      throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      fleet.discord.fail(Fault.of(Kind.STORED_HANG).on("POST"));
      fleet.service.down();
      fleet.awaitOrTell("a card", fleet::cardSaysFiring);
      assertThat(fleet.discord.messages().get(0).answered()).isFalse();

      fleet.collector.kill();
      fleet.collector.start();
      fleet.awaitOrTell("the newer card", () -> fleet.discord.messages().size() == 2);

      assertThat(fleet.discord.messages().get(1).text()).contains("may replace");
      fleet.service.up();
      fleet.awaitOrTell("its end", fleet::cardSaysResolved);
      assertThat(fleet.discord.messages()).as("no third one").hasSize(2);
      assertThat(fleet.discord.violations()).isEmpty();
    }
  }

  private static String pendingReason(Fleet fleet) {
    return fleet.ask("/api/vigie/outbox").path("pending").path(0).path("lastError").asText();
  }

  /**
   * After an answer that is a fault nothing follows on that route within a second, less a little
   * for clocks.
   */
  private static void assertPausesAfterFaults(List<FakeDiscord.Request> requests) {
    int faults = 0;
    for (int i = 0; i + 1 < requests.size(); i++) {
      FakeDiscord.Request request = requests.get(i);
      FakeDiscord.Request next = requests.get(i + 1);
      if (!request.method().equals("GET") && (request.status() >= 400 || request.status() == 0)) {
        faults++;
        assertThat(Duration.ofNanos(next.nanos() - request.nanos()))
            .as(request + " then " + next)
            .isGreaterThan(Duration.ofMillis(900));
      }
    }
    assertThat(faults).isGreaterThanOrEqualTo(4);
  }
}
