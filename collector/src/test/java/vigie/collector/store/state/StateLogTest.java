package vigie.collector.store.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;

class StateLogTest {
  private static final Path FOLDER = Path.of("/state");

  private final ForgetfulFiles files = new ForgetfulFiles(1);

  private StateLog open() {
    return StateLog.open(FOLDER, files);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static Map<String, String> content(StateLog log) {
    Map<String, String> all = new TreeMap<>();
    for (String key : log.keys("")) {
      all.put(key, new String(log.get(key), UTF_8));
    }
    return all;
  }

  private long sizeBytes() throws IOException {
    long total = 0;
    for (String name : files.list(FOLDER)) {
      total += files.get(FOLDER.resolve(name)).length;
    }
    return total;
  }

  @Test
  void givenPutsAndRemoves_whenThePowerIsCut_thenAllThatReturnedIsThere() {
    StateLog log = open();
    log.put("a", bytes("1"));
    log.putAll(Map.of("b", bytes("2"), "c", bytes("3")));
    log.put("a", bytes("4"));
    log.remove("b");

    files.powerCut(Forget.ALL);

    assertThat(content(open())).containsExactlyInAnyOrderEntriesOf(Map.of("a", "4", "c", "3"));
  }

  @Test
  void givenPrefix_whenKeysAreAsked_thenOnlyThose() {
    StateLog log = open();
    log.putAll(Map.of("card/1", bytes(""), "card/2", bytes(""), "waits", bytes("")));

    assertThat(log.keys("card/")).containsExactlyInAnyOrder("card/1", "card/2");
    assertThat(log.get("nothing")).isNull();
  }

  @Test
  void givenManyChangesOfOneKey_whenWritten_thenTheLogStaysSmall() throws Exception {
    StateLog log = open();
    byte[] value = new byte[10_000];
    log.put("other", bytes("kept"));
    for (int i = 0; i < 2_000; i++) {
      log.put("key", value);
    }
    log.close();

    assertThat(sizeBytes()).isLessThan(10L << 20);
    assertThat(content(open())).containsEntry("other", "kept").containsKey("key");
  }

  @Test
  void givenFullDisk_whenPut_thenItSaysSoAndASmallerLaterOneMakesAllDurable() {
    StateLog log = open();
    log.put("a", bytes("1"));
    files.setSpaceBytes(0);
    assertThatThrownBy(() -> log.put("a", bytes("2")))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("/state");
    assertThatThrownBy(() -> log.remove("a")).isInstanceOf(UncheckedIOException.class);
    files.setSpaceBytes(Long.MAX_VALUE);

    log.put("b", bytes("3"));
    files.powerCut(Forget.ALL);

    assertThat(content(open())).containsExactly(Map.entry("b", "3"));
  }

  @Test
  void givenTooLargeValue_whenPut_thenRefusedAndNothingChanges() {
    StateLog log = open();
    assertThatThrownBy(() -> log.put("a", new byte[1 << 24]))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(log.get("a")).isNull();
  }

  /** Random changes, failing disks, crashes at random places, against a plain map. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void givenRandomChangesAndCrashes_whenReopened_thenWhatReturnedIsThere(long seed) {
    Random random = new Random(seed);
    ForgetfulFiles disk = new ForgetfulFiles(seed);
    Map<String, String> certain = new HashMap<>();
    Map<String, List<String>> possible = new HashMap<>();
    StateLog log = StateLog.open(FOLDER, disk);
    for (int step = 0; step < 1_500; step++) {
      disk.setFailingSyncs(random.nextInt(4) == 0 ? 0.3 : 0);
      disk.setFailingWrites(random.nextInt(8) == 0 ? 0.3 : 0);
      String key = "k" + random.nextInt(12);
      String value = random.nextInt(4) == 0 ? "" : step + "x".repeat(random.nextInt(20_000));
      try {
        if (value.isEmpty()) {
          log.remove(key);
        } else {
          log.put(key, bytes(value));
        }
        // A success makes everything before it certain, also what failed.
        possible.forEach((k, values) -> certain.put(k, values.get(values.size() - 1)));
        possible.clear();
        certain.put(key, value);
      } catch (UncheckedIOException refused) {
        possible.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
      }
      if (random.nextInt(40) == 0) {
        disk.setFailingSyncs(0);
        disk.setFailingWrites(0);
        disk.powerCut(random.nextBoolean() ? Forget.ALL : Forget.SOME);
        log = StateLog.open(FOLDER, disk);
        Map<String, String> found = content(log);
        for (int k = 0; k < 12; k++) {
          String name = "k" + k;
          String is = found.getOrDefault(name, "");
          String was = certain.getOrDefault(name, "");
          List<String> maybe = possible.getOrDefault(name, List.of());
          assertThat(is.equals(was) || maybe.contains(is))
              .as("seed %d step %d key %s", seed, step, name)
              .isTrue();
          certain.put(name, is);
        }
        possible.clear();
      }
    }
  }

  @Test
  void givenSeveralThreads_whenTheyPutAtOnce_thenAllIsDurable() throws Exception {
    StateLog log = open();
    CountDownLatch done = new CountDownLatch(4);
    var pool = Executors.newFixedThreadPool(4);
    for (int thread = 0; thread < 4; thread++) {
      int mine = thread;
      pool.execute(
          () -> {
            for (int i = 0; i < 200; i++) {
              log.put(mine + "/" + i, bytes("v"));
            }
            done.countDown();
          });
    }
    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    pool.shutdown();

    files.powerCut(Forget.ALL);

    assertThat(open().keys("")).hasSize(800);
  }
}
