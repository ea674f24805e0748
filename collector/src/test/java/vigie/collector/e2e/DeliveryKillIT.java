package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A log file grows while agent and collector are killed with SIGKILL at random moments: each of its
 * lines becomes one event in the store. 50,000 lines and 8 kills; {@code -Ddelivery.events=1000000
 * -Ddelivery.kills=50} for more, {@code -Dkill.seed=N} to repeat a run.
 */
class DeliveryKillIT {
  private static final Duration PATIENCE =
      Duration.ofSeconds(Integer.getInteger("delivery.patience", 120));
  private static final int PAGE = 10_000;

  @TempDir Path dir;

  @Test
  void givenKillsAtRandomMoments_whenAFileGrows_thenEachLineIsInTheStoreOnce() throws Exception {
    int events = Integer.getInteger("delivery.events", 50_000);
    int kills = Integer.getInteger("delivery.kills", 8);
    long seed = Long.getLong("kill.seed", System.nanoTime());
    System.out.println("kill.seed=" + seed + " events=" + events + " kills=" + kills);
    Random random = new Random(seed);
    Path log = dir.resolve("app.log");
    Files.createFile(log);
    try (Fleet fleet = new Fleet(dir)) {
      configure(fleet, log);
      fleet.startCollector();
      fleet.startAgent();
      int written = 0;
      for (int kill = 1; kill <= kills; kill++) {
        int upTo = (int) ((long) events * kill / (kills + 1));
        write(log, written, upTo);
        written = upTo;
        pause(random.nextInt(1500));
        int victims = random.nextInt(3);
        if (victims != 1) {
          fleet.agent.kill();
        }
        if (victims != 0) {
          fleet.collector.kill();
        }
        pause(random.nextInt(300));
        if (victims != 1) {
          fleet.startAgent();
        }
        if (victims != 0) {
          fleet.startCollector();
        }
        // Or the spool would fill while hardly anybody is up.
        awaitLine(fleet, upTo, seed);
      }
      write(log, written, events);
      awaitLine(fleet, events, seed);
      assertEachOnce(fleet, events, seed);
    }
  }

  private static void configure(Fleet fleet, Path log) throws IOException {
    Files.writeString(
        fleet.dir.resolve("agent.yaml"),
        """
        node: p1
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        patterns:
          - {name: soak, match: '^soak (?P<line>[0-9]+)$', severity: notice}
        sources:
          journal: false
          events_per_second: 10000
          files: [{path: %s, patterns: [soak], from: start}]
        spool: {path: spool}
        """
            .formatted(fleet.agentPort, fleet.relpPort, log));
  }

  private static void write(Path log, int from, int to) throws IOException {
    try (BufferedWriter out =
        Files.newBufferedWriter(log, StandardCharsets.US_ASCII, StandardOpenOption.APPEND)) {
      for (int line = from; line < to; line++) {
        out.write("soak " + line + "\n");
      }
    }
  }

  private static void awaitLine(Fleet fleet, int lines, long seed) {
    fleet.awaitOrTell(
        "seed " + seed + ": line " + lines,
        () -> has(fleet, "soak " + (lines - 1)) || !fleet.agent.alive(),
        PATIENCE);
  }

  private static boolean has(Fleet fleet, String text) {
    JsonNode events = fleet.ask("/api/vigie/events?limit=1&type=log.match").path("events");
    return events.path(0).path("text").asText().equals(text);
  }

  private static void assertEachOnce(Fleet fleet, int events, long seed) {
    BitSet lines = new BitSet(events);
    Set<Long> seqs = new HashSet<>();
    Set<String> spools = new HashSet<>();
    int found = 0;
    String before = "";
    do {
      JsonNode page = fleet.ask("/api/vigie/events?type=log.match&limit=" + PAGE + before);
      for (JsonNode event : page.path("events")) {
        int line = event.path("fields").path("line").asInt(-1);
        assertThat(lines.get(line)).as("line %d twice, seed %d", line, seed).isFalse();
        assertThat(seqs.add(event.path("seq").asLong())).as("seed %d", seed).isTrue();
        spools.add(event.path("spool").asText());
        lines.set(line);
        found++;
      }
      before = page.path("next").asText().isEmpty() ? "" : "&before=" + page.path("next").asText();
    } while (!before.isEmpty());
    assertThat(spools).hasSize(1);
    assertThat(lines.nextClearBit(0))
        .as("first line that is lost, seed %d", seed)
        .isEqualTo(events);
    assertThat(found).as("seed %d", seed).isEqualTo(events);
  }

  /** The moment of a kill is the point of the test; nobody waits for anything here. */
  private static void pause(int millis) throws InterruptedException {
    assertThat(new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS)).isFalse();
  }
}
