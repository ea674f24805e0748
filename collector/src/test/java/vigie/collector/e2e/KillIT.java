package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.collector.testing.FakeDiscord;

/**
 * The service comes and goes while agent, collector or both are killed with SIGKILL at random
 * moments. 3 rounds; {@code -Dkill.rounds=20} for more.
 */
class KillIT {
  /** How long before a kill a stored POST may be whose id is not on disk yet. */
  private static final Duration RECORDING = Duration.ofSeconds(2);

  @TempDir Path dir;

  @Test
  void givenKillsAtRandomMoments_whenServiceComesAndGoes_thenEachTransitionOnceAndTheCardIsRight()
      throws Exception {
    int rounds = Integer.getInteger("kill.rounds", 3);
    long seed = Long.getLong("kill.seed", System.nanoTime());
    Random random = new Random(seed);
    System.out.println("kill.seed=" + seed + " rounds=" + rounds);
    List<String> wanted = new ArrayList<>(List.of("probe.up"));
    List<Instant> collectorKills = new ArrayList<>();
    int incidents = 0;
    try (Fleet fleet = new Fleet(dir)) {
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      for (int round = 0; round < rounds; round++) {
        boolean down = round % 2 == 0;
        if (down) {
          fleet.service.down();
          incidents++;
        } else {
          fleet.service.up();
        }
        wanted.add(down ? "probe.down" : "probe.up");
        pause(random.nextInt(1500));
        int victims = random.nextInt(3);
        if (victims != 1) {
          fleet.agent.kill();
        }
        if (victims != 0) {
          collectorKills.add(Instant.now());
          fleet.collector.kill();
        }
        pause(random.nextInt(500));
        if (victims != 1) {
          fleet.startAgent();
        }
        if (victims != 0) {
          fleet.startCollector();
        }
        fleet.awaitOrTell(
            "round " + round + " seed " + seed + ": the probe's state", () -> fleet.probeIs(!down));
        fleet.awaitOrTell(
            "round " + round + " seed " + seed + ": the card",
            down ? fleet::cardSaysFiring : fleet::cardSaysResolved);
      }
      List<JsonNode> events = fleet.probeEvents();
      assertThat(WholePathIT.collapsed(events)).as("seed " + seed).isEqualTo(wanted);
      assertEachOnce(fleet, seed);
      assertCards(fleet.discord.messages(), incidents, collectorKills, seed);
      assertThat(fleet.discord.violations()).as("seed " + seed).isEmpty();
    }
  }

  /** No (spool, seq) twice, and no hole. */
  private static void assertEachOnce(Fleet fleet, long seed) {
    Map<String, List<Long>> seqs = new HashMap<>();
    for (JsonNode event :
        fleet.ask("/api/vigie/events?limit=10000&filter=node%3Dp1").path("events")) {
      if (event.has("spool")) {
        seqs.computeIfAbsent(event.path("spool").asText(), s -> new ArrayList<>())
            .add(event.path("seq").asLong());
      }
    }
    assertThat(seqs).as("seed " + seed).hasSize(1);
    List<Long> found = seqs.values().iterator().next().stream().sorted().toList();
    List<Long> expected = new ArrayList<>();
    for (long seq = found.get(0); seq < found.get(0) + found.size(); seq++) {
      expected.add(seq);
    }
    assertThat(found).as("seed " + seed).isEqualTo(expected);
  }

  private static void assertCards(
      List<FakeDiscord.Message> cards, int incidents, List<Instant> kills, long seed) {
    int unrecorded = 0;
    for (Instant kill : kills) {
      for (FakeDiscord.Message card : cards) {
        boolean fell =
            !card.createdAt().isAfter(kill) && card.createdAt().isAfter(kill.minus(RECORDING));
        unrecorded += fell ? 1 : 0;
      }
    }
    int replacing = 0;
    for (FakeDiscord.Message card : cards) {
      replacing += card.text().contains("may replace one posted before") ? 1 : 0;
    }
    System.out.println(
        "cards "
            + cards.size()
            + " incidents "
            + incidents
            + " that replace one "
            + replacing
            + " kills "
            + kills.size());
    assertThat(cards.size()).as("seed " + seed).isBetween(incidents, incidents + unrecorded);
    // One that says so need not: the kill may have fallen before the first request was out.
    assertThat(cards.size()).as("seed " + seed).isBetween(incidents, incidents + replacing);
  }

  /** The moment of a kill is the point of the test; nobody waits for anything here. */
  private static void pause(int millis) throws InterruptedException {
    boolean opened = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    assertThat(opened).isFalse();
  }
}
