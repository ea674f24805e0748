package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.collector.event.EventPage;
import vigie.collector.event.EventQuery;
import vigie.collector.event.Events;

/** kill -9 of a real process in the middle of appending. */
class LogEventStoreKillTest {
  private static final int ROUNDS = Integer.getInteger("vigie.test.kills", 5);
  @TempDir Path folder;
  @TempDir Path work;
  private final Set<String> told = new HashSet<>();
  private final Set<String> toldAgain = new HashSet<>();
  private final Set<String> moved = new HashSet<>();
  private final Set<String> acked = new HashSet<>();
  private final Map<String, Long> highest = new HashMap<>();

  @Test
  void givenKillsInTheMiddle_whenAllIsSentAgain_thenEachEventIsThereOnceAndWasTold()
      throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      round(500 + random.nextInt(5_000));
      moved.addAll(stored());
    }
    try (TestStore last =
        new TestStore(folder, TestStore.SMALL, FileLayer.disk(), Clock.system())) {
      last.store.recover((event, late) -> told(event.text().substring(3).replace('/', ' ')));
      await().until(() -> last.meters.get("vigie.event.fill.lag").gauge().value() == 0);
      await().until(() -> last.meters.get("vigie.event.index.lag").gauge().value() == 0);
      // Through the full-text index, which kills met halfway, too.
      EventQuery all = new EventQuery(Instant.MIN, Instant.MAX, List.of(), "p1", 10_000, "");
      long indexed = 0;
      for (EventPage page = last.store.search(all);
          !page.events().isEmpty();
          page = last.store.search(all.before(page.events().get(page.events().size() - 1).id()))) {
        indexed += page.events().size();
      }
      assertThat(indexed).as("seed %d", seed).isEqualTo(Events.all(last.store).size());
    }
    Set<String> stored = stored();
    assertThat(stored).as("seed %d", seed).containsAll(acked);
    assertThat(told).as("seed %d", seed).containsAll(stored);
    assertThat(toldAgain).as("told again though moved, seed %d", seed).isEmpty();
  }

  private void round(int events) throws IOException, InterruptedException {
    Path said = work.resolve("said");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                AppendingProcess.class.getName(),
                folder.toString(),
                Long.toString(1 + highest.getOrDefault("s0", 0L)),
                Long.toString(1 + highest.getOrDefault("s1", 0L)),
                Long.toString(1 + highest.getOrDefault("s2", 0L)))
            .redirectOutput(said.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      // "acked s0 123" and "told s0 123" a record, so some 25 bytes for one acknowledgement.
      await().atMost(1, TimeUnit.MINUTES).until(() -> Files.size(said) > 25L * events);
      assertThat(process.isAlive()).isTrue();
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    Files.readAllLines(said).forEach(this::take);
  }

  private void take(String line) {
    String[] words = line.split(" ", -1);
    if (words.length != 3) {
      return; // cut by the kill, or a log line
    }
    if (words[0].equals("acked")) {
      acked.add(words[1] + " " + words[2]);
      highest.merge(words[1], Long.parseLong(words[2]), Math::max);
    } else if (words[0].equals("told")) {
      told(words[1] + " " + words[2]);
    }
  }

  /** Telling ends with the move into SQLite: what is there was told and is never told again. */
  private void told(String event) {
    told.add(event);
    if (moved.contains(event)) {
      toldAgain.add(event);
    }
  }

  private Set<String> stored() throws Exception {
    Set<String> stored = new HashSet<>();
    try (DirectoryStream<Path> days = Files.newDirectoryStream(folder, "*.db")) {
      for (Path day : days) {
        try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + day);
            Statement statement = db.createStatement();
            ResultSet row =
                statement.executeQuery(
                    isMade(day) ? "SELECT spool, seq FROM event" : "SELECT 1 LIMIT 0")) {
          while (row.next()) {
            String event = row.getString(1) + " " + row.getLong(2);
            assertThat(stored.add(event)).as("doubled: %s", event).isTrue();
          }
        }
      }
    }
    return stored;
  }

  /** A kill may fall between the file and its tables. */
  private static boolean isMade(Path day) throws SQLException {
    try (Connection db = DriverManager.getConnection("jdbc:sqlite:" + day);
        Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery("PRAGMA user_version")) {
      return row.next() && row.getInt(1) > 0;
    }
  }
}
