package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import vigie.base.segment.ForgetfulFiles;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.promql.Parser;
import vigie.collector.promql.QueryResult;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;

/** Down-sampled series, and queries that are answered from them, beside the same over samples. */
class CoarseSamplesTest {
  private static final Labels GAUGE = Labels.of(Labels.NAME, "temp", "kind", "gauge", "node", "a");
  private static final Labels COUNTER =
      Labels.of(Labels.NAME, "requests_total", "kind", "counter", "node", "a");
  private static final Labels GONE =
      Labels.of(Labels.NAME, "temp", "kind", "gauge", "node", "gone");
  private static final long HOUR = 3_600_000;
  private static final long START = 1_700_000_000_000L / (24 * HOUR) * 24 * HOUR;
  private static final Logger QUIET = (Logger) LoggerFactory.getLogger("vigie");

  private final ForgetfulFiles files = new ForgetfulFiles(1);
  private final MemorySampleStore samples = new MemorySampleStore(10);
  private final Random random = new Random(7);
  private TestSampleStore open = new TestSampleStore(options(Duration.ofDays(15)), files, START);
  private double counter;
  private double growth;

  @BeforeEach
  void silenceExpectedFaults() {
    QUIET.setLevel(Level.OFF);
  }

  @AfterEach
  void speakAgain() {
    QUIET.setLevel(null);
  }

  private static SampleStoreOptions options(Duration retention) {
    return new SampleStoreOptions(
            retention,
            1L << 30,
            Duration.ofHours(2),
            Duration.ofMinutes(5),
            1000,
            1L << 30,
            64 << 10)
        .withCoarse(
            List.of(
                new SampleStoreOptions.Resolution(Duration.ofHours(1), Duration.ofDays(700)),
                new SampleStoreOptions.Resolution(Duration.ofMinutes(5), Duration.ofDays(60))));
  }

  /** A sample of each series every 50 s, so that some stand on the ends of five minutes. */
  private void live(int hours) {
    for (int i = 0; i < hours * 72; i++) {
      long now = open.clock.millis();
      both(GAUGE, now, random.nextInt(1000) / 10.0);
      double step = random.nextInt(5);
      boolean restarted = random.nextInt(50) == 0;
      growth += counter == 0 && growth == 0 ? 0 : restarted ? 1 : step;
      counter = restarted ? 1 : counter + step;
      both(COUNTER, now, counter);
      if (now < START + 5 * HOUR) {
        both(GONE, now, 1);
      } else if (now == START + 5 * HOUR) {
        both(GONE, now, Staleness.MARKER);
      }
      open.clock.advance(Duration.ofSeconds(50));
    }
  }

  private void both(Labels labels, long time, double value) {
    open.store.append(labels, time, value);
    samples.append(labels, time, value);
  }

  private void reopen(SampleStoreOptions options) {
    long now = open.clock.millis();
    open.store.close();
    open = new TestSampleStore(options, files, now);
  }

  private static Map<Labels, Map<Long, Double>> range(
      SampleStore store, String query, long from, long to, Duration step, List<String> infos) {
    QueryResult result =
        new Engine(store, EngineOptions.defaults())
            .range(Parser.parse(query), from, to, step.toMillis());
    infos.addAll(result.infos());
    Map<Labels, Map<Long, Double>> all = new TreeMap<>();
    for (QueryResult.Row row : ((QueryResult.Matrix) result.value()).rows()) {
      Map<Long, Double> values = new TreeMap<>();
      for (int i = 0; i < row.timesMillis().length; i++) {
        values.put(row.timesMillis()[i], row.values()[i]);
      }
      all.put(row.labels(), values);
    }
    return all;
  }

  private void assertAlike(String query, Duration step, double tolerance) {
    assertThat(compared(query, START + 2 * HOUR, step, tolerance))
        .as(query)
        .anyMatch(info -> info.contains("answered from values for each"));
  }

  /** Answers of the store and of samples alone are the same; the infos of the store's. */
  private List<String> compared(String query, long from, Duration step, double tolerance) {
    long to = START + 20 * HOUR;
    List<String> infos = new ArrayList<>();
    Map<Labels, Map<Long, Double>> found = range(open.store, query, from, to, step, infos);
    List<String> none = new ArrayList<>();
    Map<Labels, Map<Long, Double>> expected = range(samples, query, from, to, step, none);
    assertThat(none).noneMatch(info -> info.contains("answered from"));
    assertThat(expected).as(query).isNotEmpty();
    assertThat(found.keySet()).as(query).isEqualTo(expected.keySet());
    expected.forEach(
        (labels, values) -> {
          assertThat(found.get(labels).keySet()).as(query).isEqualTo(values.keySet());
          values.forEach(
              (time, value) ->
                  assertThat(found.get(labels).get(time))
                      .as("%s of %s at %s", query, labels, time)
                      .isCloseTo(value, within(tolerance)));
        });
    return infos;
  }

  @Test
  void givenHistograms_whenQueriedWithLongSteps_thenTheirSamplesAnswer() {
    Labels labels = Labels.of(Labels.NAME, "took_seconds", "node", "a");
    Buckets none = Buckets.ofSpans(List.of(), new double[0]);
    for (int i = 0; i < 20 * 72; i++) {
      long now = open.clock.millis();
      both(GAUGE, now, i);
      Buckets some = Buckets.ofSpans(List.of(new Buckets.Span(0, 2)), new double[] {i, 2 * i});
      Histogram histogram =
          Histogram.exponential(3, Histogram.Hint.UNKNOWN, 0.001, i, 4 * i, 10 * i, some, none);
      open.store.append(labels, now, histogram);
      samples.append(labels, now, histogram);
      open.clock.advance(Duration.ofSeconds(50));
    }
    for (Duration step : List.of(Duration.ofMinutes(10), Duration.ofHours(1))) {
      long from = START + 2 * HOUR;
      compared("histogram_count(took_seconds)", from, step, 0);
      compared("histogram_sum(rate(took_seconds[1h]))", from, step, 1e-9);
      compared("histogram_quantile(0.5, increase(took_seconds[2h]))", from, step, 1e-9);
      compared("histogram_sum(avg_over_time(took_seconds[1h]))", from, step, 1e-9);
      compared("count_over_time({node='a'}[1h])", from, step, 0);
    }
  }

  @Test
  void givenHistogramsAlone_whenDownSampled_thenTheyAreReadOnce() {
    Labels labels = Labels.of(Labels.NAME, "took_seconds", "node", "a");
    Buckets none = Buckets.ofSpans(List.of(), new double[0]);
    for (int i = 0; i < 10 * 72; i++) {
      open.store.append(
          labels,
          open.clock.millis(),
          Histogram.exponential(3, Histogram.Hint.UNKNOWN, 0.001, i, 4 * i, 10 * i, none, none));
      open.clock.advance(Duration.ofSeconds(50));
    }
    open.clock.advance(Duration.ofMinutes(10)); // the last block is cut
    long read = files.reads();
    open.clock.advance(Duration.ofMinutes(10));
    assertThat(files.reads() - read).isZero();
  }

  @Test
  void givenStepsThatAreNotAligned_whenCountersAreQueried_thenEachRangeHasItsGrowth() {
    live(20);
    for (int minutes : List.of(7, 30)) {
      long from = START + 2 * HOUR + minutes * 60_000L;
      assertThat(compared("increase(requests_total[1h])", from, Duration.ofHours(1), 20))
          .anyMatch(info -> info.contains("answered from values for each 5m"));
      compared("increase(requests_total[5m])", from, Duration.ofMinutes(6), 20);
    }
  }

  @Test
  void givenSamplesKeptForNoLongerThanABlock_whenQueried_thenNoneIsMissingInTheirValues() {
    reopen(options(Duration.ofHours(2)));
    live(20);
    assertThat(open.gauge("vigie.samples.oldest.timestamp") * 1000)
        .isGreaterThan(START + 13 * HOUR);
    assertAlike("count_over_time(temp[1h])", Duration.ofHours(1), 0);
    assertAlike("sum_over_time(temp[30m])", Duration.ofMinutes(10), 1e-6);
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 1000})
  void givenValuesKeptForLessTime_whenQueried_thenNothingFinerIsHidden(int hoursOfFinerValues) {
    reopen(
        options(Duration.ofDays(15))
            .withCoarse(
                List.of(
                    new SampleStoreOptions.Resolution(Duration.ofHours(1), Duration.ofHours(4)),
                    new SampleStoreOptions.Resolution(
                        Duration.ofMinutes(5), Duration.ofHours(hoursOfFinerValues)))));
    live(20);
    compared("max_over_time(temp[2h])", START + 2 * HOUR, Duration.ofHours(1), 0);
    compared("temp", START + 2 * HOUR, Duration.ofHours(1), 0);
  }

  @Test
  void givenLongSteps_whenQueried_thenExactFunctionsAnswerAsFromSamples() {
    live(20);
    for (Duration step :
        List.of(Duration.ofMinutes(5), Duration.ofMinutes(30), Duration.ofHours(2))) {
      for (String function : List.of("min", "max", "sum", "count", "avg", "last", "present")) {
        assertAlike(function + "_over_time({kind!=''}[2h])", step, 1e-6);
      }
      assertAlike("temp", step, 0);
      assertAlike("sum(max_over_time(temp[1h])) - min(min_over_time(temp[1h]))", step, 1e-9);
      // Extrapolated from samples that stand elsewhere: within one step of the counter each side.
      assertAlike("increase(requests_total[2h])", step, 8);
    }
    reopen(options(Duration.ofDays(15)));
    assertAlike("avg_over_time(temp[2h])", Duration.ofHours(1), 1e-9);
  }

  @Test
  void givenShortStepsOrRangesOrInstants_whenQueried_thenFromSamples() {
    live(6);
    List<String> infos = new ArrayList<>();
    long from = START + 2 * HOUR;
    long to = START + 5 * HOUR;
    range(open.store, "max_over_time(temp[2h])", from, to, Duration.ofMinutes(4), infos);
    range(open.store, "max_over_time(temp[4m])", from, to, Duration.ofHours(1), infos);
    range(open.store, "stddev_over_time(temp[2h])", from, to, Duration.ofHours(1), infos);
    new Engine(open.store, EngineOptions.defaults())
        .instant(Parser.parse("max_over_time(temp[5h])"), to)
        .infos()
        .forEach(infos::add);
    assertThat(infos).noneMatch(info -> info.contains("answered from"));
  }

  @Test
  void givenCounterWithResets_whenGrowthIsRead_thenNothingIsLostAtAnyResolution() {
    live(20);
    for (long resolution : List.of(300_000L, HOUR)) {
      Coarse wanted = new Coarse(Coarse.Column.COUNTER, resolution, true);
      List<Series> found =
          open.store.select(
              START, Long.MAX_VALUE, List.of(SampleStoreContract.name("requests_total")), wanted);
      assertThat(found).hasSize(1);
      assertThat(found.get(0).resolutionMillis()).isEqualTo(resolution);
      SampleIterator values = found.get(0).iterator();
      double first = Double.NaN;
      double last = Double.NaN;
      while (values.next()) {
        first = Double.isNaN(first) ? values.value() : first;
        assertThat(values.value()).isGreaterThanOrEqualTo(Double.isNaN(last) ? 0 : last);
        last = values.value();
      }
      // The first value stands behind the growth of its own five minutes or hour.
      assertThat(last - first).isBetween(growth - 5 * 73, growth);
    }
  }

  @Test
  void givenAGapWhereABlockEnds_whenGrowthIsRead_thenThatWithinTheGapIsInIt() {
    long gapFrom = START + 2 * HOUR - 660_000;
    long gapTo = START + 2 * HOUR + 660_000;
    for (int i = 0; i < 5 * 72; i++) {
      long now = open.clock.millis();
      if (now < gapFrom || now > gapTo) {
        both(COUNTER, now, i + (now > gapTo ? 5000 : 0));
      }
      open.clock.advance(Duration.ofSeconds(50));
    }
    Coarse wanted = new Coarse(Coarse.Column.COUNTER, 300_000, true);
    List<LabelMatcher> named = List.of(SampleStoreContract.name("requests_total"));
    SampleIterator values =
        open.store.select(START, Long.MAX_VALUE, named, wanted).get(0).iterator();
    double last = 0;
    while (values.next()) {
      last = values.value();
    }
    assertThat(last).isEqualTo(5000 + 5 * 72 - 1);
  }

  @Test
  void givenSamplesThatAreNoLongerKept_whenQueried_thenTheirValuesStandForThem() {
    reopen(options(Duration.ofHours(8)));
    live(30);
    long from = START + HOUR;
    long to = START + 29 * HOUR;
    assertThat(open.gauge("vigie.samples.oldest.timestamp") * 1000)
        .isGreaterThan(START + 15 * HOUR);
    List<String> infos = new ArrayList<>();
    Map<Labels, Map<Long, Double>> all =
        range(open.store, "stddev_over_time(temp[2h])", from, to, Duration.ofHours(1), infos);
    assertThat(all.get(GAUGE.without(Labels.NAME))).hasSize(29);
    assertThat(infos).anyMatch(info -> info.contains("approximately: answered from values"));
    assertThat(open.store.labelValues("node", START, START + HOUR, List.of()))
        .containsExactly("a", "gone");
    assertThat(
            range(open.store, "temp", from, to, Duration.ofHours(1), infos)
                .get(Labels.of(Labels.NAME, "temp", "kind", "gauge", "node", "a")))
        .hasSize(29);
  }

  @Test
  void givenAnyByteOfACoarseBlockChanged_whenRead_thenSamplesAreThereAndItIsCounted()
      throws IOException {
    live(7);
    open.store.close();
    Path folder = TestSampleStore.FOLDER.resolve("blocks_1h");
    Path block =
        files.list(folder).stream().sorted().findFirst().map(folder::resolve).orElseThrow();
    byte[] good = files.get(block);
    long now = open.clock.millis();
    for (int at = 0; at < good.length; at += 3) {
      byte[] bad = good.clone();
      bad[at] ^= 0x10;
      files.put(block, bad);
      open = new TestSampleStore(options(Duration.ofDays(15)), files, now);
      Coarse wanted = new Coarse(Coarse.Column.SUM, HOUR, true);
      for (Series series : open.store.select(START, now, List.of(), wanted)) {
        SampleIterator values = series.iterator();
        while (values.next()) {
          assertThat(values.time()).isBetween(START, now);
        }
      }
      assertThat(open.store.select(START, now, List.of())).hasSize(3);
      assertThat(open.meters.get("vigie.samples.damage").functionCounter().count())
          .as("byte %d", at)
          .isPositive();
      open.store.close();
      for (String name : files.list(folder)) {
        if (name.endsWith(".damaged")) {
          files.delete(folder.resolve(name));
        }
      }
      files.put(block, good);
    }
  }
}
