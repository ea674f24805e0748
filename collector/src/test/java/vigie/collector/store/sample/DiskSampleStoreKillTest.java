package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.segment.FileLayer;
import vigie.collector.histogram.Histogram;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/** kill -9 of a real process in the middle of appending, cutting and merging. */
class DiskSampleStoreKillTest {
  private static final int ROUNDS = Integer.getInteger("vigie.test.kills", 5);
  @TempDir Path folder;
  @TempDir Path work;

  @Test
  void givenKillsInTheMiddle_whenOpenedAgain_thenAllThatWasCommittedIsThere() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    long next = 0;
    for (int round = 0; round < ROUNDS; round++) {
      next = round(next, 200 + random.nextInt(1000)) + 1;
    }
    long now = SamplingProcess.START + next * SamplingProcess.STEP_MILLIS;
    TestSampleStore open =
        new TestSampleStore(folder, TestSampleStore.SMALL, FileLayer.disk(), now);
    List<Series> all = open.store.select(Long.MIN_VALUE, Long.MAX_VALUE, List.of());
    assertThat(all).hasSize(SamplingProcess.SERIES);
    for (Series series : all) {
      SampleIterator samples = series.iterator();
      for (long step = 0; step < next; step++) {
        assertThat(samples.next()).as("step %d seed %d", step, seed).isTrue();
        Histogram histogram = samples.histogram();
        assertThat(histogram == null ? samples.value() : histogram.count())
            .as("seed %d", seed)
            .isEqualTo(step);
        assertThat(histogram != null).isEqualTo(series.labels().get("series").equals("0"));
        assertThat(samples.time())
            .isEqualTo(SamplingProcess.START + step * SamplingProcess.STEP_MILLIS);
      }
    }
    assertThat(open.meters.get("vigie.samples.damage").functionCounter().count()).isZero();
    open.store.close();
  }

  /** Gives the last step that was committed. */
  private long round(long first, int steps) throws IOException, InterruptedException {
    Path said = work.resolve("said");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                SamplingProcess.class.getName(),
                folder.toString(),
                Long.toString(first))
            .redirectOutput(said.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      await()
          .atMost(2, TimeUnit.MINUTES)
          .until(() -> !process.isAlive() || Files.readAllLines(said).size() > steps);
      assertThat(process.isAlive()).isTrue();
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
    String text = Files.readString(said);
    // What stands behind the last line end was cut by the kill.
    List<Long> committed =
        text.substring(0, text.lastIndexOf('\n'))
            .lines()
            .filter(line -> line.matches("[0-9]+")) // the others are log lines
            .map(Long::valueOf)
            .toList();
    return committed.get(committed.size() - 1);
  }
}
