package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.LoggerFactory;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.segment.RandomLives;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;

/**
 * The store against plain maps, through appends in order and late, commits, cuts and merges of
 * blocks, failing disks, kills and power cuts. {@code -Dvigie.seed=N} repeats one run.
 */
class DiskSampleStoreModelTest {
  private static final Logger QUIET = (Logger) LoggerFactory.getLogger("vigie");
  private static final int RUNS = 100;
  private static final int STEPS = 300;

  private static final SampleStoreOptions SMALL =
      TestSampleStore.SMALL.withCoarse(
          List.of(
              new SampleStoreOptions.Resolution(Duration.ofSeconds(5), Duration.ofDays(2)),
              new SampleStoreOptions.Resolution(Duration.ofSeconds(1), Duration.ofDays(2))));

  @BeforeAll
  static void silenceThousandsOfExpectedFaults() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterAll
  static void speakAgain() {
    QUIET.setLevel(null);
  }

  @TestFactory
  List<DynamicTest> givenRandomLife_whenComparedWithMaps_thenNothingCertainIsLost() {
    return RandomLives.tests(RUNS, seed -> new Run(seed).live());
  }

  private static final class Run {
    private final Random random;
    private final ForgetfulFiles files;
    private final List<Labels> known = new ArrayList<>();

    /** What the store holds, by series and time. */
    private final Map<Labels, NavigableMap<Long, Long>> model = new HashMap<>();

    /** What was there at the last commit that succeeded. */
    private Map<Labels, NavigableMap<Long, Long>> certain = new HashMap<>();

    /** Every value ever offered. */
    private final Map<Labels, Map<Long, Set<Long>>> tried = new HashMap<>();

    private TestSampleStore open;

    Run(long seed) {
      random = new Random(seed);
      files = new ForgetfulFiles(seed + 1);
      open = new TestSampleStore(SMALL, files, 1_000_000);
      for (int i = 0; i < 12; i++) {
        known.add(Labels.of(Labels.NAME, "m" + i % 2, "i", "" + i % 3, "k", "" + i));
      }
    }

    void live() {
      for (int step = 0; step < STEPS; step++) {
        int what = random.nextInt(100);
        if (what < 55) {
          append();
        } else if (what < 65) {
          commit();
        } else if (what < 72) {
          look();
        } else if (what < 80) {
          open.store.keepHouse();
        } else if (what < 90) {
          open.clock.advance(Duration.ofMillis(random.nextInt(9000)));
          if (random.nextInt(8) == 0) {
            open.clock.advance(Duration.ofSeconds(random.nextInt(300)));
          }
        } else if (what < 94) {
          weather();
        } else {
          end();
        }
      }
      look();
      calm();
      open.store.keepHouse();
      commit();
      look();
      files.powerCut(Forget.ALL);
      reopen();
      assertThat(all()).isEqualTo(certain);
      for (long resolution : List.of(1000L, 5000L)) {
        assertCoarse(resolution);
      }
    }

    /** All numbers are counted once, in the second or the five that they stand in. */
    private void assertCoarse(long resolution) {
      Coarse wanted = new Coarse(Coarse.Column.COUNT, resolution, true);
      List<Series> found = open.store.select(0, Long.MAX_VALUE, List.of(), wanted);
      long until = found.stream().mapToLong(Series::coarseUntilMillis).max().orElse(Long.MIN_VALUE);
      Map<Labels, NavigableMap<Long, Long>> counted = new HashMap<>();
      for (Series series : found) {
        SampleIterator iterator = series.iterator();
        NavigableMap<Long, Long> of = new TreeMap<>();
        while (iterator.next()) {
          if (!Staleness.isStale(iterator.value())) {
            of.merge(end(iterator.time(), resolution), (long) iterator.value(), Long::sum);
          }
        }
        if (!of.isEmpty()) {
          counted.put(series.labels(), of);
        }
      }
      Map<Labels, NavigableMap<Long, Long>> expected = new HashMap<>();
      model.forEach(
          (labels, samples) ->
              samples.forEach(
                  (time, bits) -> {
                    boolean histogram = bits >>> 48 == 0x7ffa;
                    if (bits != 0x7ff0000000000002L && !(histogram && time < until)) {
                      expected
                          .computeIfAbsent(labels, l -> new TreeMap<>())
                          .merge(end(time, resolution), 1L, Long::sum);
                    }
                  }));
      assertThat(counted).isEqualTo(expected);
    }

    private static long end(long time, long resolution) {
      return -Math.floorDiv(-time, resolution) * resolution;
    }

    private void append() {
      Labels labels = known.get(random.nextInt(known.size()));
      long now = open.clock.millis();
      int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 300 : 5);
      for (int i = 0; i < count; i++) {
        long time = now - random.nextInt(random.nextBoolean() ? 50 : 12_000);
        Histogram histogram =
            random.nextInt(8) == 0 ? SampleStoreContract.histogram(random.nextInt(3)) : null;
        double value =
            switch (random.nextInt(4)) {
              case 0 -> random.nextInt(4);
              case 1 -> random.nextInt(1000) / 100.0;
              case 2 -> random.nextGaussian();
              default -> Double.longBitsToDouble(0x7ff0000000000002L);
            };
        long bits = bits(value, histogram);
        Long there = model.getOrDefault(labels, new TreeMap<>()).get(time);
        Outcome outcome =
            histogram == null
                ? open.store.appendLate(labels, time, value)
                : open.store.appendLate(labels, time, histogram);
        switch (outcome) {
          case APPENDED -> {
            assertThat(there).isNull();
            model.computeIfAbsent(labels, l -> new TreeMap<>()).put(time, bits);
            tried
                .computeIfAbsent(labels, l -> new HashMap<>())
                .computeIfAbsent(time, t -> new HashSet<>())
                .add(bits);
          }
          case SAME -> assertThat(there).isEqualTo(bits);
          case CONFLICT -> assertThat(there).isNotNull().isNotEqualTo(bits);
          case TOO_OLD -> assertThat(time).isLessThan(now - 5000);
          default -> throw new AssertionError(outcome);
        }
      }
    }

    /** A number for a value; for a histogram one that no value here has. */
    private static long bits(double value, @Nullable Histogram histogram) {
      return histogram == null
          ? Double.doubleToRawLongBits(value)
          : 0x7ffa000000000000L + (long) histogram.count();
    }

    private void commit() {
      try {
        open.store.commit();
        certain = copy(model);
      } catch (UncheckedIOException e) {
        // what was certain stays so
      }
    }

    private static Map<Labels, NavigableMap<Long, Long>> copy(
        Map<Labels, NavigableMap<Long, Long>> all) {
      Map<Labels, NavigableMap<Long, Long>> copy = new HashMap<>();
      all.forEach((labels, samples) -> copy.put(labels, new TreeMap<>(samples)));
      return copy;
    }

    private void look() {
      assertThat(all()).isEqualTo(model);
      long now = open.clock.millis();
      long from = now - random.nextInt(100_000);
      long to = from + random.nextInt(50_000);
      LabelMatcher matcher = LabelMatcher.equal("i", "" + random.nextInt(3));
      Map<Labels, NavigableMap<Long, Long>> expected = new HashMap<>();
      model.forEach(
          (labels, samples) -> {
            NavigableMap<Long, Long> part = samples.subMap(from, true, to, true);
            if (matcher.matches(labels) && !part.isEmpty()) {
              expected.put(labels, part);
            }
          });
      assertThat(read(from, to, matcher)).isEqualTo(expected);
    }

    private Map<Labels, NavigableMap<Long, Long>> all() {
      return read(Long.MIN_VALUE, Long.MAX_VALUE);
    }

    private Map<Labels, NavigableMap<Long, Long>> read(
        long from, long to, LabelMatcher... matchers) {
      Map<Labels, NavigableMap<Long, Long>> found = new HashMap<>();
      for (Series series : open.store.select(from, to, List.of(matchers))) {
        NavigableMap<Long, Long> samples = new TreeMap<>();
        SampleIterator iterator = series.iterator();
        while (iterator.next()) {
          assertThat(samples.isEmpty() || samples.lastKey() < iterator.time()).isTrue();
          samples.put(iterator.time(), bits(iterator.value(), iterator.histogram()));
        }
        assertThat(found.put(series.labels(), samples)).isNull();
      }
      return found;
    }

    private void weather() {
      boolean bad = random.nextBoolean();
      files.setFailingWrites(bad ? random.nextDouble() / 2 : 0);
      files.setFailingSyncs(bad ? random.nextDouble() / 2 : 0);
      files.setSpaceBytes(random.nextInt(4) == 0 ? random.nextInt(50_000) : Long.MAX_VALUE);
    }

    private void calm() {
      files.setFailingWrites(0);
      files.setFailingSyncs(0);
      files.setSpaceBytes(Long.MAX_VALUE);
    }

    private void end() {
      Forget forget = Forget.values()[random.nextInt(3)];
      if (random.nextInt(4) == 0) {
        commit();
        open.store.close();
      }
      files.powerCut(forget);
      calm();
      reopen();
      Map<Labels, NavigableMap<Long, Long>> found = all();
      certain.forEach(
          (labels, samples) ->
              assertThat(found.getOrDefault(labels, new TreeMap<>()))
                  .as("%s after %s", labels, forget)
                  .containsAllEntriesOf(samples));
      found.forEach(
          (labels, samples) ->
              samples.forEach(
                  (time, bits) ->
                      assertThat(tried.getOrDefault(labels, Map.of()).get(time)).contains(bits)));
      model.clear();
      model.putAll(found);
    }

    private void reopen() {
      long now = open.clock.millis() + random.nextInt(2000);
      open = new TestSampleStore(SMALL, files, now);
    }
  }
}
