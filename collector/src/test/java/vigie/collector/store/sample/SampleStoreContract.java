package vigie.collector.store.sample;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.Outcome;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;

/** What every sample store does; each implementation extends it. */
abstract class SampleStoreContract {
  static final Labels UP_A = Labels.of(Labels.NAME, "up", "instance", "a", "job", "node");
  static final Labels UP_B = Labels.of(Labels.NAME, "up", "instance", "b");
  static final Labels LOAD = Labels.of(Labels.NAME, "load", "instance", "a");

  /** A store that is empty and keeps samples from the epoch on. */
  abstract SampleStore store();

  @Test
  void givenSamples_whenSelected_thenBothEndsAreIncluded() {
    SampleStore store = store();
    for (int i = 1; i <= 5; i++) {
      store.append(UP_A, i * 10L, i);
    }

    assertThat(samples(store, 20, 40)).containsExactly("20=2.0", "30=3.0", "40=4.0");
    assertThat(samples(store, 21, 29)).isEmpty();
    assertThat(samples(store, 51, 90)).isEmpty();
    assertThat(samples(store, 40, 20)).isEmpty();
    assertThat(samples(store, Long.MIN_VALUE, Long.MAX_VALUE)).hasSize(5);
  }

  @Test
  void givenSeries_whenSelected_thenMatchersAllCountAndOrderIsByLabels() {
    SampleStore store = store();
    for (Labels labels : List.of(UP_B, UP_A, LOAD)) {
      store.append(labels, 10, 1);
    }

    assertThat(labels(store, name("up"))).containsExactly(UP_A, UP_B);
    assertThat(labels(store, name("up"), equal("instance", "b"))).containsExactly(UP_B);
    assertThat(labels(store, equal("instance", "a"))).containsExactly(LOAD, UP_A);
    assertThat(labels(store, matcher(LabelMatcher.Op.REGEX, "instance", "[ab]")))
        .containsExactly(LOAD, UP_A, UP_B);
    assertThat(labels(store, name("up"), equal("job", ""))).containsExactly(UP_B);
    assertThat(labels(store, matcher(LabelMatcher.Op.NOT_EQUAL, "job", "node")))
        .containsExactly(LOAD, UP_B);
    assertThat(labels(store, matcher(LabelMatcher.Op.NOT_REGEX, "job", ".+")))
        .containsExactly(LOAD, UP_B);
    assertThat(labels(store, name("down"))).isEmpty();
  }

  @Test
  void givenSelectorAskedBefore_whenSeriesComes_thenItIsFound() {
    SampleStore store = store();
    store.append(UP_A, 10, 1);
    assertThat(labels(store, name("up"))).containsExactly(UP_A);
    assertThat(labels(store, equal("instance", "b"))).isEmpty();

    store.append(UP_B, 10, 1);

    assertThat(labels(store, name("up"))).containsExactly(UP_A, UP_B);
    assertThat(labels(store, equal("instance", "b"))).containsExactly(UP_B);
  }

  @Test
  void givenSampleNotNewer_whenAppended_thenDropped() {
    SampleStore store = store();
    store.append(UP_A, 20, 1);
    store.append(UP_A, 20, 2);
    store.append(UP_A, 10, 3);
    store.append(UP_A, 30, 4);

    assertThat(samples(store, 0, 100)).containsExactly("20=1.0", "30=4.0");
  }

  @Test
  void givenLateSamples_whenAppended_thenTheyStandInTheirPlace() {
    SampleStore store = store();
    NavigableMap<Long, Double> model = new TreeMap<>();
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 3000; i++) {
      long time = 1 + random.nextInt(2500);
      double value = random.nextInt(3);
      Double known = model.putIfAbsent(time, value);
      Outcome expected =
          known == null ? Outcome.APPENDED : known == value ? Outcome.SAME : Outcome.CONFLICT;
      assertThat(store.appendLate(UP_A, time, value)).as("seed %s", seed).isEqualTo(expected);
    }

    List<String> expected = new ArrayList<>();
    model.forEach((time, value) -> expected.add(time + "=" + value));
    assertThat(samples(store, 0, Long.MAX_VALUE)).as("seed %s", seed).isEqualTo(expected);
  }

  @Test
  void givenPatternsOfAnyKind_whenSelected_thenAsTheMatcherSaysOfEach() {
    SampleStore store = store();
    List<Labels> all = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Labels.Builder labels = new Labels.Builder().set(Labels.NAME, "m" + i % 3);
      labels.set("node", i % 5 == 0 ? "" : "n" + i % 7).set("id", "" + i).set("a|b", "10.0." + i);
      all.add(labels.build());
      store.append(all.get(i), 10, i);
    }
    for (String pattern :
        List.of(
            "n1|n2",
            "n1|",
            "|",
            "n.*",
            "n.+",
            ".*",
            ".+",
            "n[12]",
            "n1",
            "",
            "10\\.0\\.1.*",
            "10\\.0\\.1",
            "10\\.0\\.(1|2)",
            "n1|n2|n1",
            "m\\d",
            "(?i)N1")) {
      for (LabelMatcher.Op op : LabelMatcher.Op.values()) {
        for (String name : List.of("node", "a|b", "absent", Labels.NAME)) {
          LabelMatcher matcher = matcher(op, name, pattern);
          for (LabelMatcher other : List.of(name("m1"), matcher, equal("id", "7"))) {
            assertThat(labels(store, matcher, other))
                .as("%s %s", matcher, other)
                .isEqualTo(
                    all.stream()
                        .filter(l -> matcher.matches(l) && other.matches(l))
                        .sorted()
                        .toList());
          }
        }
      }
    }
  }

  @Test
  void givenSeries_whenLabelsAreAskedFor_thenThoseOfWhatMatches() {
    SampleStore store = store();
    Labels other = Labels.of(Labels.NAME, "other", "ünïcode", "ä", "zone", "eu");
    for (Labels labels : List.of(UP_B, UP_A, LOAD, other)) {
      store.append(labels, 10, 1);
    }
    for (List<LabelMatcher> matchers :
        List.of(
            List.<LabelMatcher>of(),
            List.of(name("up")),
            List.of(matcher(LabelMatcher.Op.REGEX, "instance", ".+")),
            List.of(equal("instance", "c")))) {
      List<Labels> found =
          select(store, 0, 100, matchers.toArray(LabelMatcher[]::new)).stream()
              .map(Series::labels)
              .toList();
      assertThat(store.labelSets(0, 100, matchers)).containsExactlyElementsOf(found);
      assertThat(store.labelNames(0, 100, matchers)).containsExactlyElementsOf(Labels.names(found));
      for (String name : List.of(Labels.NAME, "instance", "job", "zone", "none", "ünïcode")) {
        assertThat(store.labelValues(name, 0, 100, matchers))
            .containsExactlyElementsOf(
                found.stream()
                    .map(labels -> labels.get(name))
                    .filter(value -> !value.isEmpty())
                    .collect(java.util.stream.Collectors.toCollection(java.util.TreeSet::new)));
      }
      assertThat(store.labelNames(Long.MIN_VALUE, -1, matchers)).isEmpty();
      assertThat(store.labelValues("instance", Long.MIN_VALUE, -1, matchers)).isEmpty();
    }
  }

  @Test
  void givenStaleMarkerAndOtherNan_whenRead_thenToldApart() {
    SampleStore store = store();
    store.append(UP_A, 10, Double.NaN);
    store.append(UP_A, 20, Staleness.MARKER);

    SampleIterator samples = select(store, 0, 100, name("up")).get(0).iterator();

    assertThat(samples.next()).isTrue();
    assertThat(Staleness.isStale(samples.value())).isFalse();
    assertThat(samples.next()).isTrue();
    assertThat(Staleness.isStale(samples.value())).isTrue();
    assertThat(samples.next()).isFalse();
  }

  @Test
  void givenIterator_whenMoreIsAppended_thenItStillEnds() {
    SampleStore store = store();
    for (int i = 0; i < 1000; i++) {
      store.append(UP_A, i, i);
    }
    SampleIterator samples = select(store, 0, 5000, name("up")).get(0).iterator();

    for (int i = 1000; i < 2000; i++) {
      store.append(UP_A, i, i);
    }

    int count = 0;
    while (samples.next()) {
      assertThat(samples.value()).isEqualTo(count++);
    }
    assertThat(count).isBetween(1000, 2000);
  }

  @Test
  void givenRandomSamples_whenReadInAnyWay_thenAsAPlainList() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    SampleStore store = store();
    NavigableMap<Long, Double> model = new TreeMap<>();
    long time = 1000;
    double value = 0;
    for (int i = 0; i < 2000; i++) {
      time += random.nextInt(10) == 0 ? 1 + random.nextInt(1_000_000) : 15_000;
      value =
          switch (random.nextInt(4)) {
            case 0 -> random.nextGaussian() * 1e9;
            case 1 -> value + 1;
            case 2 -> Double.longBitsToDouble(random.nextLong() | 1L);
            default -> value;
          };
      value = Double.isNaN(value) ? Double.NaN : value;
      store.append(UP_A, time, value);
      model.put(time, value);
    }

    List<Long> times = new ArrayList<>(model.keySet());
    for (int i = 0; i < 300; i++) {
      long from = times.get(random.nextInt(times.size())) - random.nextInt(2);
      long to = times.get(random.nextInt(times.size())) + random.nextInt(2);
      List<String> expected = new ArrayList<>();
      if (from <= to) {
        model.subMap(from, true, to, true).forEach((t, v) -> expected.add(t + "=" + v));
      }
      assertThat(samples(store, from, to)).as("seed %s", seed).isEqualTo(expected);
      checkJumps(store, model, from, to, random, seed);
    }
  }

  private static void checkJumps(
      SampleStore store,
      NavigableMap<Long, Double> model,
      long from,
      long to,
      Random random,
      long seed) {
    for (Series series : select(store, from, to, name("up"))) {
      SampleIterator last = series.iterator();
      SampleIterator seek = series.iterator();
      long at = from - 20_000;
      while (at <= to + 20_000) {
        Long before = model.floorKey(Math.min(at, to));
        boolean there = before != null && before >= from;
        assertThat(last.last(at)).as("last %s seed %s", at, seed).isEqualTo(there);
        if (there) {
          assertThat(last.time()).isEqualTo(before);
          assertThat(last.value()).isEqualTo(model.get(before));
        }
        Long after = model.ceilingKey(Math.max(at, from));
        boolean ahead = after != null && after <= to;
        assertThat(seek.seek(at)).as("seek %s seed %s", at, seed).isEqualTo(ahead);
        if (ahead) {
          assertThat(seek.time()).isEqualTo(after);
        }
        at += 1 + random.nextInt(5_000_000);
      }
    }
  }

  @Test
  void givenHistogramsAmongNumbers_whenRead_thenEachIsWhatItWas() {
    SampleStore store = store();
    double[] bounds = {0.1, 1};
    Histogram custom = Histogram.custom(Histogram.Hint.UNKNOWN, 3, 2.5, buckets(0, 1, 2), bounds);
    Histogram gauge = histogram(5).withHint(Histogram.Hint.GAUGE);
    store.append(UP_A, 10, 1.5);
    store.append(UP_A, 20, histogram(1));
    store.append(UP_A, 30, histogram(2));
    store.append(UP_A, 40, histogram(1));
    store.append(UP_A, 50, Double.NaN);
    store.append(UP_A, 60, histogram(3));
    store.append(UP_A, 70, Staleness.MARKER);
    store.append(UP_A, 80, histogram(3));
    store.append(UP_A, 90, custom);
    store.append(UP_A, 100, gauge);
    store.append(UP_B, 10, 7);

    SampleIterator samples = select(store, 0, 200, name("up")).get(0).iterator();
    List<String> read = new ArrayList<>();
    List<Histogram> histograms = new ArrayList<>();
    while (samples.next()) {
      Histogram histogram = samples.histogram();
      if (histogram != null) {
        assertThat(samples.value()).isNaN();
        histograms.add(histogram);
      }
      String value = Staleness.isStale(samples.value()) ? "stale" : samples.value() + "";
      read.add(samples.time() + "=" + (histogram == null ? value : histogram.hint()));
    }

    assertThat(read)
        .containsExactly(
            "10=1.5",
            "20=UNKNOWN",
            "30=NOT_RESET",
            "40=UNKNOWN",
            "50=NaN",
            "60=UNKNOWN",
            "70=stale",
            "80=UNKNOWN",
            "90=UNKNOWN",
            "100=GAUGE");
    assertThat(histograms)
        .containsExactly(
            histogram(1), histogram(2), histogram(1), histogram(3), histogram(3), custom, gauge);
    assertThat(histograms.get(5).customBounds()).containsExactly(0.1, 1);
  }

  @Test
  void givenLateHistograms_whenAppended_thenOutcomesAreThoseOfNumbers() {
    SampleStore store = store();
    store.append(UP_A, 20, histogram(1));
    store.append(UP_A, 40, histogram(2));
    store.append(UP_A, 30, histogram(9));

    assertThat(store.appendLate(UP_A, 30, histogram(2))).isEqualTo(Outcome.APPENDED);
    assertThat(store.appendLate(UP_A, 30, histogram(2))).isEqualTo(Outcome.SAME);
    assertThat(store.appendLate(UP_A, 30, histogram(3))).isEqualTo(Outcome.CONFLICT);
    assertThat(store.appendLate(UP_A, 30, 3)).isEqualTo(Outcome.CONFLICT);
    assertThat(store.appendLate(UP_A, 25, 3)).isEqualTo(Outcome.APPENDED);
    assertThat(store.appendLate(UP_A, 25, histogram(3))).isEqualTo(Outcome.CONFLICT);
    assertThat(store.appendLate(UP_A, 50, histogram(3))).isEqualTo(Outcome.APPENDED);

    assertThat(histograms(store, 0, 100))
        .containsExactly("20=1.0 UNKNOWN", "30=2.0 UNKNOWN", "40=2.0 UNKNOWN", "50=3.0 NOT_RESET");
  }

  @Test
  void givenManyHistograms_whenReadInAnyWay_thenAsAPlainList() {
    SampleStore store = store();
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    NavigableMap<Long, Histogram> model = new TreeMap<>();
    double[] counts = new double[random.nextInt(30)];
    int offset = random.nextInt(100) - 50;
    for (int i = 0; i < 400; i++) {
      long time = 15_000L * i;
      if (random.nextInt(100) == 0) {
        java.util.Arrays.fill(counts, 0);
      }
      double count = 0;
      for (int k = 0; k < counts.length; k++) {
        counts[k] += random.nextInt(3) == 0 ? random.nextInt(10) : 0;
        count += counts[k];
      }
      Buckets side =
          Buckets.ofSpans(List.of(new Buckets.Span(offset, counts.length)), counts.clone());
      Histogram histogram =
          Histogram.exponential(
              3, Histogram.Hint.UNKNOWN, 1e-9, i % 7, count, random.nextGaussian(), side, side);
      store.append(UP_A, time, histogram);
      model.put(time, histogram);
    }

    for (int i = 0; i < 50; i++) {
      long from = random.nextInt(400 * 15_000);
      long to = from + random.nextInt(400 * 15_000);
      List<Histogram> read = new ArrayList<>();
      for (Series series : select(store, from, to, name("up"))) {
        SampleIterator samples = series.iterator();
        while (samples.next()) {
          read.add(samples.histogram());
        }
        SampleIterator last = series.iterator();
        long at = from + (to - from) / 2;
        boolean there = !model.subMap(from, true, at, true).isEmpty();
        assertThat(last.last(at)).as("seed %s", seed).isEqualTo(there);
        if (there) {
          assertThat(last.histogram()).isEqualTo(model.floorEntry(at).getValue());
        }
      }
      assertThat(read)
          .as("seed %s", seed)
          .containsExactlyElementsOf(model.subMap(from, true, to, true).values());
    }
  }

  /** A counter's with as many observations, of 1 each. */
  static Histogram histogram(double count) {
    Histogram.Hint hint = Histogram.Hint.UNKNOWN;
    return Histogram.exponential(0, hint, 0, 0, count, count, buckets(0, count), Buckets.EMPTY);
  }

  private static Buckets buckets(int first, double... counts) {
    return Buckets.ofSpans(List.of(new Buckets.Span(first, counts.length)), counts);
  }

  /** The histograms of {@code up}, as time=count hint. */
  static List<String> histograms(SampleStore store, long from, long to) {
    List<String> found = new ArrayList<>();
    for (Series series : select(store, from, to, name("up"))) {
      SampleIterator samples = series.iterator();
      while (samples.next()) {
        Histogram histogram = samples.histogram();
        if (histogram != null) {
          found.add(samples.time() + "=" + histogram.count() + " " + histogram.hint());
        }
      }
    }
    return found;
  }

  static LabelMatcher name(String name) {
    return equal(Labels.NAME, name);
  }

  static LabelMatcher equal(String name, String value) {
    return LabelMatcher.equal(name, value);
  }

  static LabelMatcher matcher(LabelMatcher.Op op, String name, String value) {
    return new LabelMatcher(op, name, value);
  }

  static List<Series> select(SampleStore store, long from, long to, LabelMatcher... matchers) {
    return store.select(from, to, List.of(matchers));
  }

  static List<Labels> labels(SampleStore store, LabelMatcher... matchers) {
    return select(store, 0, Long.MAX_VALUE, matchers).stream().map(Series::labels).toList();
  }

  /** The samples of {@code up}, as time=value. */
  static List<String> samples(SampleStore store, long from, long to) {
    List<String> found = new ArrayList<>();
    for (Series series : select(store, from, to, name("up"))) {
      SampleIterator samples = series.iterator();
      while (samples.next()) {
        found.add(samples.time() + "=" + samples.value());
      }
    }
    return found;
  }
}
