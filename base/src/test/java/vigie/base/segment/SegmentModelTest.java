package vigie.base.segment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
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
import vigie.base.segment.ForgetfulFiles.Forget;

/**
 * A log against a plain map, through random appends, syncs, drops, reads, failing disks, kills and
 * power cuts. {@code -Dvigie.seed=N} repeats one run.
 */
class SegmentModelTest {
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

  private static final int RUNS = 100;
  private static final int STEPS = 250;

  @TestFactory
  List<DynamicTest> givenRandomLife_whenComparedWithAMap_thenNothingCertainIsLost() {
    return RandomLives.tests(RUNS, seed -> new Run(seed).live());
  }

  private static final class Run {
    private static final String LOST = "(lost)";
    private static final Path FOLDER = Path.of("/log");

    private final SegmentOptions options;
    private final Random random;
    private final ForgetfulFiles files;
    private final Map<Long, Set<String>> tried = new HashMap<>();
    private final Map<Long, String> certain = new HashMap<>();
    private final TreeMap<Long, String> model = new TreeMap<>();
    private SegmentLog log;
    private SegmentReader reader;
    private long readUpTo;
    private int made;

    Run(long seed) throws IOException {
      random = new Random(seed);
      options = new SegmentOptions("test", 1, 700, 70_000, seed % 2 == 0 ? 0 : 500);
      files = new ForgetfulFiles(seed + 1);
      log = SegmentLog.open(FOLDER, options, files);
      reader = log.reader(1);
    }

    void live() throws IOException {
      for (int step = 0; step < STEPS; step++) {
        int what = random.nextInt(100);
        if (what < 45) {
          append();
        } else if (what < 65) {
          sync();
        } else if (what < 78) {
          read();
        } else if (what < 82) {
          drop();
        } else if (what < 84) {
          roll();
        } else if (what < 92) {
          weather();
        } else if (what < 96) {
          end(Forget.NOTHING);
        } else {
          end(random.nextBoolean() ? Forget.ALL : Forget.SOME);
        }
        assertThat(log.nextNumber()).isEqualTo(next());
      }
      files.setFailingSyncs(0);
      files.setFailingWrites(0);
      files.setSpaceBytes(Long.MAX_VALUE);
      append();
      sync();
      end(Forget.ALL);
      assertThat(contents()).isEqualTo(lines(log.firstNumber()));
    }

    private long next() {
      return model.isEmpty() ? 1 : model.lastKey() + 1;
    }

    private void append() throws IOException {
      int count = random.nextInt(5) == 0 ? 1 + random.nextInt(20) : 1;
      List<ByteBuffer> records = new ArrayList<>();
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int size = random.nextInt(50) == 0 ? random.nextInt(70_000) : random.nextInt(60);
        String text = made++ + "x".repeat(Math.max(0, size - 8));
        texts.add(text);
        records.add(ByteBuffer.wrap(text.getBytes(UTF_8)));
      }
      long first = next();
      try {
        assertThat(log.append(records)).isEqualTo(first);
        keep(first, texts);
      } catch (IOException e) {
        takeBack();
        keepTried(log.nextNumber(), texts);
      }
    }

    private void keep(long first, List<String> texts) {
      keepTried(first, texts);
      for (int i = 0; i < texts.size(); i++) {
        model.put(first + i, texts.get(i));
      }
    }

    private void keepTried(long first, List<String> texts) {
      for (int i = 0; i < texts.size(); i++) {
        tried.computeIfAbsent(first + i, n -> new HashSet<>()).add(texts.get(i));
      }
    }

    /** After a failure the log says what it still holds; never less than what is certain. */
    private void takeBack() {
      assertThat(log.nextNumber()).isLessThanOrEqualTo(next());
      assertThat(log.nextNumber()).isGreaterThanOrEqualTo(log.syncedNext());
      model.tailMap(log.nextNumber(), true).clear();
      assertThat(certain.keySet()).allMatch(number -> number < log.nextNumber());
    }

    private void sync() {
      try {
        log.sync();
        assertThat(log.syncedNext()).isEqualTo(next());
      } catch (IOException e) {
        takeBack();
      }
      noteCertain();
    }

    private void noteCertain() {
      certain.putAll(model.headMap(log.syncedNext(), false));
      certain.values().removeIf(LOST::equals);
    }

    private void roll() {
      try {
        log.roll();
      } catch (IOException e) {
        takeBack();
      }
      noteCertain();
    }

    private void drop() {
      long first = log.firstNumber();
      long before = 1 + (long) (random.nextDouble() * next());
      try {
        log.dropBefore(before);
      } catch (IOException e) {
        // as many as went are gone
      }
      assertThat(log.firstNumber()).isLessThanOrEqualTo(Math.max(before, first));
      forgetDropped();
    }

    private void forgetDropped() {
      certain.keySet().removeIf(number -> number < log.firstNumber());
    }

    private void read() throws IOException {
      int most = random.nextInt(30);
      for (int i = 0; i < most && reader.next(); i++) {
        long number = reader.number();
        long wanted = Math.max(readUpTo + 1, log.firstNumber());
        while (LOST.equals(model.get(wanted))) {
          wanted++;
        }
        assertThat(number).isEqualTo(wanted);
        assertThat(number).isLessThan(log.syncedNext());
        String text = UTF_8.decode(reader.record()).toString();
        assertThat(text).isEqualTo(model.get(number));
        certain.put(number, text);
        readUpTo = number;
      }
      if (random.nextInt(10) == 0) {
        reader.close();
        readUpTo = random.nextInt((int) next());
        reader = log.reader(readUpTo + 1);
      }
      forgetDropped();
    }

    private void weather() {
      boolean bad = random.nextBoolean();
      files.setFailingWrites(bad ? random.nextDouble() : 0);
      files.setFailingSyncs(bad ? random.nextDouble() : 0);
      files.setSpaceBytes(random.nextInt(4) == 0 ? random.nextInt(20_000) : Long.MAX_VALUE);
    }

    private void end(Forget forget) throws IOException {
      noteCertain();
      boolean orderly = forget == Forget.NOTHING && random.nextBoolean();
      if (orderly) {
        try {
          log.close();
          noteCertain();
        } catch (IOException e) {
          takeBack();
        }
      }
      reader.close();
      files.powerCut(forget);
      files.setFailingSyncs(0);
      log = SegmentLog.open(FOLDER, options, files);
      reader = log.reader(1);
      readUpTo = 0;
      settle(forget);
    }

    /** What was certain must be there; of the rest, what is there must once have been tried. */
    private void settle(Forget forget) throws IOException {
      forgetDropped();
      if (forget == Forget.NOTHING) {
        assertThat(log.nextNumber()).isEqualTo(next());
        assertThat(contents()).isEqualTo(lines(log.firstNumber()));
      }
      Map<Long, String> found = new TreeMap<>();
      try (SegmentReader all = log.reader(1)) {
        while (all.next()) {
          found.put(all.number(), UTF_8.decode(all.record()).toString());
        }
      }
      assertThat(found).containsAllEntriesOf(certain);
      found.forEach(
          (number, text) -> {
            if (!certain.containsKey(number) && !text.equals(model.get(number))) {
              assertThat(tried.get(number)).contains(text);
            }
          });
      model.tailMap(log.nextNumber(), true).clear();
      model.keySet().removeIf(number -> number >= log.firstNumber() && !found.containsKey(number));
      model.putAll(found);
      // Where pieces of unsynced writes survived in a wrong order, numbers between them are lost.
      for (long number = log.firstNumber(); number < log.nextNumber(); number++) {
        model.putIfAbsent(number, LOST);
      }
      certain.putAll(found);
    }

    private List<String> contents() throws IOException {
      return SegmentLogTest.read(log, 1);
    }

    private List<String> lines(long from) {
      List<String> lines = new ArrayList<>();
      model.tailMap(from, true).forEach((number, text) -> lines.add(number + ":" + text));
      lines.removeIf(line -> line.endsWith(":" + LOST));
      return lines;
    }
  }
}
