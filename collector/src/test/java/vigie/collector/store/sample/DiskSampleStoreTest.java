package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import vigie.base.segment.FileLayer;
import vigie.base.segment.ForgetfulFiles;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;

class DiskSampleStoreTest {
  private static final Labels UP = Labels.of(Labels.NAME, "up", "node", "p1");
  private static final long NOW = 1_700_000_000_000L;
  private static final Path BLOCKS = TestSampleStore.FOLDER.resolve("blocks");
  private static final Path WAL = TestSampleStore.FOLDER.resolve("wal");
  private static final Logger QUIET = (Logger) LoggerFactory.getLogger("vigie");

  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private TestSampleStore open = new TestSampleStore(TestSampleStore.SMALL, files, NOW);

  @BeforeEach
  void silenceExpectedFaults() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterEach
  void speakAgain() {
    QUIET.setLevel(null);
  }

  private void reopen(SampleStoreOptions options) {
    long now = open.clock.millis();
    open.store.close();
    open = new TestSampleStore(options, files, now);
  }

  /** Appends one sample a second, 1 at first, moving the clock. */
  private void appendFor(int seconds) {
    for (int i = 0; i < seconds; i++) {
      open.store.append(UP, open.clock.millis(), i + 1);
      open.clock.advance(Duration.ofSeconds(1));
    }
  }

  private List<Double> values() {
    List<Double> values = new ArrayList<>();
    for (Series series : open.store.select(Long.MIN_VALUE, Long.MAX_VALUE, List.of())) {
      SampleIterator samples = series.iterator();
      while (samples.next()) {
        values.add(samples.value());
      }
    }
    return values;
  }

  @Test
  void givenSamplesOfHours_whenKept_thenFewFilesAndAllSamples() {
    appendFor(3600);

    assertThat(values()).hasSize(3600).startsWith(1.0, 2.0).endsWith(3600.0);
    // 10, 30, 90, 270, 810 and 2430 s, at most two of each and one more
    assertThat(open.gauge("vigie.samples.blocks")).isBetween(3.0, 13.0);
    assertThat(open.gauge("vigie.series")).isEqualTo(1);
    assertThat(files.list(WAL)).hasSizeLessThan(5);
    reopen(TestSampleStore.SMALL);
    assertThat(values()).hasSize(3600).startsWith(1.0, 2.0).endsWith(3600.0);
  }

  @Test
  void givenStaleMarkers_whenInBlocksAndReopened_thenTheirBitsAreAsBefore() {
    double other = Double.longBitsToDouble(0x7ff8000000000abcL);
    open.store.append(UP, NOW, Staleness.MARKER);
    open.store.append(UP, NOW + 1, other);
    open.clock.advance(Duration.ofSeconds(60));
    assertThat(open.gauge("vigie.samples.blocks")).isEqualTo(1);
    reopen(TestSampleStore.SMALL);

    assertThat(values())
        .extracting(Double::doubleToRawLongBits)
        .containsExactly(
            Double.doubleToRawLongBits(Staleness.MARKER), Double.doubleToRawLongBits(other));
  }

  @Test
  void givenSeriesInBlocksAndMemory_whenLabelsAreAskedFor_thenOnlyThoseOfTheTime() {
    Labels old = UP.with("node", "old");
    open.store.append(old, NOW, 1);
    appendFor(60);
    List<LabelMatcher> ups = List.of(LabelMatcher.equal(Labels.NAME, "up"));

    for (List<LabelMatcher> matchers : List.of(ups, List.<LabelMatcher>of())) {
      assertThat(open.store.labelSets(NOW, NOW + 60_000, matchers)).containsExactly(old, UP);
      assertThat(open.store.labelValues("node", NOW, NOW + 60_000, matchers))
          .containsExactly("old", "p1");
      assertThat(open.store.labelValues("node", NOW + 45_000, NOW + 60_000, matchers))
          .containsExactly("p1");
      assertThat(open.store.labelNames(NOW, NOW + 60_000, matchers))
          .containsExactly(Labels.NAME, "node");
      assertThat(open.store.labelNames(NOW + 70_000, NOW + 80_000, matchers)).isEmpty();
    }
  }

  @Test
  void givenSamplesOfAllKinds_whenOffered_thenRefusedOnesAreCounted() {
    open.store.append(UP, NOW, 1);
    assertThat(open.store.appendLate(UP, NOW, 1)).isEqualTo(Outcome.SAME);
    assertThat(open.store.appendLate(UP, NOW, 2)).isEqualTo(Outcome.CONFLICT);
    assertThat(open.store.appendLate(UP, NOW - 4000, 2)).isEqualTo(Outcome.APPENDED);
    assertThat(open.store.appendLate(UP, NOW - 400_000, 2)).isEqualTo(Outcome.TOO_OLD);
    assertThat(open.store.appendLate(UP, NOW + 601_000, 2)).isEqualTo(Outcome.TOO_FAR_AHEAD);
    assertThat(open.store.appendLate(UP, NOW + 599_000, 2)).isEqualTo(Outcome.APPENDED);
    Labels huge = Labels.of(Labels.NAME, "x".repeat(70_000));
    assertThat(open.store.appendLate(huge, NOW, 2)).isEqualTo(Outcome.SERIES_LIMIT);
    open.store.append(UP, NOW + 1, 2);

    assertThat(open.dropped("out_of_order")).isEqualTo(1);
    assertThat(open.dropped("conflict")).isEqualTo(1);
    assertThat(open.dropped("too_old")).isEqualTo(1);
    assertThat(open.dropped("too_far_ahead")).isEqualTo(1);
    assertThat(open.dropped("series_limit")).isEqualTo(1);
    assertThat(open.meters.get("vigie.samples.appended").functionCounter().count()).isEqualTo(3);
  }

  @Test
  void givenRetentionByAge_whenOld_thenBlocksGoButNotWhileTheClockIsNew() {
    SampleStoreOptions options =
        new SampleStoreOptions(
            Duration.ofSeconds(300),
            1L << 30,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            10,
            1L << 30,
            4096);
    reopen(options);
    appendFor(590);
    assertThat(values()).hasSize(590);

    appendFor(100);
    assertThat(values()).hasSizeBetween(300, 360).endsWith(100.0);

    open.clock.step(Duration.ofDays(30));
    open.store.append(UP, open.clock.millis(), 7);
    open.clock.advance(Duration.ofSeconds(300));
    assertThat(values()).hasSizeGreaterThan(300).endsWith(7.0);
    open.clock.advance(Duration.ofSeconds(400));
    assertThat(values()).isEmpty();
  }

  @Test
  void givenRetentionByBytes_whenMore_thenTheOldestBlocksGo() {
    SampleStoreOptions options =
        new SampleStoreOptions(
            Duration.ofSeconds(300),
            30_000,
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            10,
            1L << 30,
            1024);
    reopen(options);
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      open.store.append(UP, open.clock.millis(), random.nextGaussian());
      open.clock.advance(Duration.ofMillis(20));
    }

    assertThat(open.gauge("vigie.samples.disk")).isBetween(10_000.0, 40_000.0);
    assertThat(values()).hasSizeBetween(1000, 5000);
  }

  @Test
  void givenLittleMemory_whenSamplesCome_thenBlocksAreCutBeforeTheirTime() {
    SampleStoreOptions options =
        new SampleStoreOptions(
            Duration.ofDays(15),
            1L << 30,
            Duration.ofHours(2),
            Duration.ofHours(1),
            10,
            50_000,
            16 << 10);
    reopen(options);
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      open.store.append(UP, open.clock.millis(), random.nextGaussian());
      open.clock.advance(Duration.ofMillis(150));
    }

    assertThat(open.gauge("vigie.samples.memory")).isLessThan(60_000);
    assertThat(open.gauge("vigie.samples.blocks")).isPositive();
    assertThat(values()).hasSize(20_000);
  }

  @Test
  void givenClockSetBackPastBlocks_whenAppended_thenTimeBeginsThereAgain() {
    appendFor(200);
    open.clock.step(Duration.ofSeconds(-100));
    long back = open.clock.millis();
    for (int i = 0; i < 150; i++) {
      open.store.append(UP, open.clock.millis(), -1 - i);
      open.clock.advance(Duration.ofSeconds(1));
    }
    List<Double> expected = new ArrayList<>();
    for (long time = NOW; time < back; time += 1000) {
      expected.add((time - NOW) / 1000 + 1.0);
    }
    for (int i = 0; i < 150; i++) {
      expected.add(-1.0 - i);
    }

    assertThat(values()).isEqualTo(expected);
    reopen(TestSampleStore.SMALL);
    assertThat(values()).isEqualTo(expected);
  }

  @Test
  void givenAnyByteOfABlockChanged_whenRead_thenTheRestIsThereAndItIsCounted() throws IOException {
    appendFor(40);
    open.store.close();
    long now = open.clock.millis();
    Path block =
        files.list(BLOCKS).stream().sorted().findFirst().map(BLOCKS::resolve).orElseThrow();
    byte[] good = files.get(block);
    for (int at = 0; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 0x10;
      files.put(block, bad);
      open = new TestSampleStore(TestSampleStore.SMALL, files, now);
      List<Double> values = values();
      assertThat(values).as("byte %d", at).endsWith(40.0);
      assertThat(values).as("byte %d", at).hasSizeLessThan(40);
      assertThat(open.meters.get("vigie.samples.damage").functionCounter().count())
          .as("byte %d", at)
          .isPositive();
      open.store.close();
      for (String name : files.list(BLOCKS)) {
        if (name.endsWith(".damaged")) {
          files.delete(BLOCKS.resolve(name));
        }
      }
      files.put(block, good);
    }
  }

  @Test
  void givenAnyByteOfTheLogChanged_whenOpened_thenWhatStandsBehindIsThere() throws IOException {
    for (int i = 0; i < 10; i++) {
      open.store.append(UP, NOW + i, i);
      open.store.append(UP.with("i", "1"), NOW + i, i);
      open.store.commit();
    }
    open.store.close();
    Path segment =
        WAL.resolve(
            files.list(WAL).stream().filter(n -> n.endsWith(".seg")).findFirst().orElseThrow());
    byte[] good = files.get(segment);
    int firstRecord = 16 + ByteBuffer.wrap(good).getInt(48 + 4);
    for (int at = 48; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 0x10;
      files.put(segment, bad);
      open = new TestSampleStore(TestSampleStore.SMALL, files, NOW + 100);
      List<Double> values = values();
      assertThat(values)
          .as("byte %d", at)
          .isSubsetOf(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0);
      assertThat(values.size()).as("byte %d", at).isLessThan(20);
      // Only the record with the names of the series makes others useless.
      assertThat(values.size())
          .as("byte %d", at)
          .isGreaterThanOrEqualTo(at < 48 + firstRecord ? 0 : 18);
      open.store.append(UP, NOW + 100, 1);
      open.store.commit();
      open.store.close();
      for (String name : files.list(WAL)) {
        files.delete(WAL.resolve(name));
      }
    }
  }

  @Test
  void givenFullDisk_whenThereIsRoomAgain_thenAllIsThereAfterACut() {
    appendFor(20);
    files.setSpaceBytes(0);
    appendFor(40);
    assertThatThrownBy(() -> open.store.commit())
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot keep samples in /samples/wal");
    assertThat(open.meters.counter("vigie.samples.store.failures").count()).isPositive();
    assertThat(values()).hasSize(60);

    files.setSpaceBytes(Long.MAX_VALUE);
    open.clock.advance(Duration.ofSeconds(40));
    open.store.commit();
    files.powerCut(ForgetfulFiles.Forget.ALL);
    open = new TestSampleStore(TestSampleStore.SMALL, files, open.clock.millis());
    assertThat(values()).hasSize(60);
  }

  @Test
  void givenNewerBlock_whenOpened_thenRefusedByName() throws IOException {
    appendFor(40);
    open.store.close();
    Path block =
        files.list(BLOCKS).stream().sorted().findFirst().map(BLOCKS::resolve).orElseThrow();
    byte[] newer = files.get(block);
    newer[9] = 2;
    Buffer crc = new Buffer(4);
    crc.putInt(Buffer.crc(newer, 0, 12));
    System.arraycopy(crc.bytes, 0, newer, 12, 4);
    files.put(block, newer);

    assertThatThrownBy(() -> new TestSampleStore(TestSampleStore.SMALL, files, open.clock.millis()))
        .hasMessageContaining(block.getFileName() + " has version 2")
        .hasMessageContaining("run a newer vigie");
  }

  @Test
  void givenRealDisk_whenReopened_thenAllIsThere(@TempDir Path folder) throws IOException {
    TestSampleStore real =
        new TestSampleStore(folder.resolve("s"), TestSampleStore.SMALL, FileLayer.disk(), NOW);
    for (int i = 0; i < 100; i++) {
      real.store.append(UP, real.clock.millis(), i);
      real.clock.advance(Duration.ofSeconds(1));
    }
    real.store.close();
    open.store.close();
    open =
        new TestSampleStore(
            folder.resolve("s"), TestSampleStore.SMALL, FileLayer.disk(), real.clock.millis());
    assertThat(values()).hasSize(100);
    open.store.close();
    try (var found = Files.walk(folder)) {
      assertThat(found.map(p -> p.getFileName().toString()).collect(Collectors.toSet()))
          .contains("wal", "blocks")
          .noneMatch(name -> name.endsWith(".tmp"));
    }
  }
}
