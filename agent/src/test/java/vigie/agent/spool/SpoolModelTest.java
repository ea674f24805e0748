package vigie.agent.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.segment.RandomLives;
import vigie.base.time.ManualClock;

/**
 * A spool and a collector that drops what it has by seq, through random events, acknowledgements,
 * failing disks, kills and power cuts. {@code -Dvigie.seed=N} repeats one run.
 */
class SpoolModelTest {
  // Kept, since java.util.logging forgets a level with its logger.
  private static final Logger QUIET = Logger.getLogger("vigie");

  @BeforeAll
  static void silenceThousandsOfExpectedFaults() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    QUIET.setLevel(null);
  }

  private static final int RUNS = 60;
  private static final int STEPS = 150;
  private static final int SOURCES = 3;

  @TestFactory
  List<DynamicTest> givenRandomLife_whenTheCollectorDropsDoubles_thenEachCertainEventArrivesOnce() {
    return RandomLives.tests(RUNS, seed -> new Run(seed).live());
  }

  private static final class Run {
    private static final Host HOST = new Host("p1", "b", "m", "", List.of(), Path.of("/none"));
    private static final SpoolConfig CONFIG =
        new SpoolConfig(Path.of("/spool"), 1 << 20, Duration.ofDays(7));

    private final Random random;
    private final ForgetfulFiles files;
    private final Set<String> owed = new HashSet<>(); // must arrive, whatever comes
    private final List<String> uncertain = new ArrayList<>(); // taken, not synced yet
    private final TreeMap<Long, String> taken = new TreeMap<>(); // by the collector
    // What a killed process finds behind a failed sync can be read, yet the disk may not have it.
    private final Set<String> lostWithTheDisk = new HashSet<>();
    private final Set<Long> told = new HashSet<>(); // seqs that a gap event named
    private ManualClock clock = new ManualClock();
    private Spool spool;
    private boolean badWeather;
    private boolean wasBad;
    private int made;
    private final int[] next = new int[SOURCES]; // what each source reads next

    Run(long seed) {
      random = new Random(seed);
      files = new ForgetfulFiles(seed + 1);
      spool = open();
    }

    private Spool open() {
      clock = new ManualClock();
      return Spool.open(
          CONFIG, HOST, clock, clock, Runnable::run, files, new SimpleMeterRegistry());
    }

    void live() {
      for (int step = 0; step < STEPS; step++) {
        int what = random.nextInt(100);
        if (what < 55) {
          accept();
        } else if (what < 65) {
          pass();
        } else if (what < 80) {
          ship(1 + random.nextInt(20));
        } else if (what < 90) {
          weather(random.nextBoolean());
        } else {
          end();
        }
      }
      weather(false);
      pass();
      accept();
      settle();
      end();
      settle();
      assertThat(taken.values()).containsAll(owed);
      for (long seq = 1; seq <= taken.lastKey(); seq++) {
        assertThat(taken.containsKey(seq) || told.contains(seq)).as("seq %d", seq).isTrue();
      }
      assertThat(taken.values().stream().filter(text -> text.startsWith("event ")))
          .doesNotHaveDuplicates();
      for (int source = 0; source < SOURCES; source++) {
        for (int line = 0; line < next[source]; line++) {
          for (String text : line(source, line)) {
            assertThat(taken.containsValue(text) || lostWithTheDisk.contains(text))
                .as("-- %s", text)
                .isTrue();
          }
        }
      }
    }

    /** What a line leads to: every third to two events, which have its place in common. */
    private static List<String> line(int source, int line) {
      String text = "event of source " + source + " line " + line;
      return line % 3 == 0 ? List.of(text + ".", text + " too.") : List.of(text + ".");
    }

    private void accept() {
      boolean urgent = random.nextInt(3) == 0;
      int source = random.nextInt(SOURCES + 1) - 1;
      List<String> texts = List.of("event " + made++ + " " + "x".repeat(random.nextInt(40)) + ".");
      Place place = null;
      if (source >= 0) {
        texts = line(source, next[source]);
        place = new Place("source " + source, Integer.toString(next[source]));
      }
      EventType type = urgent ? EventType.PROBE_DOWN : EventType.PROBE_SLOW;
      try {
        List<Event> events = new ArrayList<>();
        for (String text : texts) {
          events.add(new Event(clock.now(), Severity.ERROR, type, Map.of(), text, place));
        }
        spool.acceptAll(events);
      } catch (UncheckedIOException e) {
        assertThat(badWeather).isTrue();
        return; // a source brings it again
      }
      uncertain.addAll(texts);
      if (source >= 0) {
        assertThat(spool.cursor("source " + source)).isEqualTo(Integer.toString(next[source]));
        next[source]++;
      }
      if (urgent) {
        owed.addAll(uncertain);
        uncertain.clear();
      }
    }

    /** A second goes by, or, after bad weather, as many as the longest pause between tries. */
    private void pass() {
      clock.advance(Duration.ofSeconds(wasBad ? 61 : 1));
      if (!badWeather) {
        owed.addAll(uncertain);
        uncertain.clear();
        wasBad = false;
      }
    }

    private void weather(boolean bad) {
      badWeather = bad;
      wasBad |= bad;
      files.setFailingWrites(bad ? random.nextDouble() : 0);
      files.setFailingSyncs(bad ? random.nextDouble() : 0);
    }

    private int ship(int most) {
      List<SpoolRecord> records = spool.read(spool.acknowledged(), most, 1 << 20);
      long before = spool.acknowledged();
      for (SpoolRecord record : records) {
        assertThat(record.seq()).isGreaterThan(before).isLessThanOrEqualTo(spool.last());
        before = record.seq();
        take(record);
      }
      if (!records.isEmpty()) {
        spool.acknowledge(records.get(random.nextInt(records.size())).seq());
      }
      return records.size();
    }

    private void take(SpoolRecord record) {
      String line = new String(record.data(), UTF_8);
      assertThat(line).contains("seq=\"" + record.seq() + "\"");
      String text = line.substring(line.lastIndexOf(']') + 2);
      String known = taken.putIfAbsent(record.seq(), text);
      assertThat(text).isEqualTo(known == null ? text : known);
      if (text.startsWith("events ")) {
        List<String> words = List.of(text.split(" ", 5));
        long to = Long.parseLong(words.get(3));
        for (long seq = Long.parseLong(words.get(1)); seq <= to; seq++) {
          told.add(seq);
        }
      }
    }

    private void settle() {
      for (long idle = 0; idle < 2; ) {
        idle = spool.acknowledged() == spool.last() ? idle + 1 : 0;
        ship(50);
        pass();
      }
    }

    private void end() {
      Forget forget = List.of(Forget.values()).get(random.nextInt(3));
      if (forget == Forget.NOTHING && !wasBad) {
        owed.addAll(uncertain);
      }
      uncertain.clear();
      if (random.nextInt(3) == 0 && !badWeather) {
        spool.close();
      }
      files.powerCut(forget);
      boolean bad = badWeather;
      weather(false);
      spool = open();
      for (int source = 0; source < SOURCES; source++) {
        String cursor = spool.cursor("source " + source);
        next[source] = cursor == null ? 0 : Integer.parseInt(cursor) + 1;
        for (int line = 0; wasBad && line < next[source]; line++) {
          lostWithTheDisk.addAll(line(source, line)); // unless it is owed
        }
      }
      wasBad = false;
      weather(bad);
    }
  }
}
