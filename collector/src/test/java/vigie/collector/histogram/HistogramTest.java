package vigie.collector.histogram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.collector.histogram.Buckets.Span;
import vigie.collector.histogram.Histogram.Hint;

class HistogramTest {
  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);

  private static Buckets side(int first, double... counts) {
    return Buckets.ofSpans(List.of(new Span(first, counts.length)), counts);
  }

  private static Histogram simple(int schema, double... counts) {
    double count = Arrays.stream(counts).sum();
    return Histogram.exponential(
        schema, Hint.UNKNOWN, 0, 0, count, 5, side(0, counts), Buckets.EMPTY);
  }

  /** Of any schema and zero bucket, with whole counts. */
  private Histogram any() {
    double[] zeros = {0, 1e-9, 0.001, 0.3, 2};
    return any(random.nextInt(13) - 4, -20, zeros[random.nextInt(zeros.length)]);
  }

  /** As clients make them: no bucket is within that of zero. */
  private Histogram sane() {
    return any(random.nextInt(9), -5, 0.001);
  }

  private Histogram any(int schema, int least, double threshold) {
    Buckets up = side(random.nextInt(40) + least, counts());
    Buckets down = side(random.nextInt(40) + least, counts());
    double zero = random.nextInt(5);
    double count = zero + total(up) + total(down);
    return Histogram.exponential(
        schema, Hint.UNKNOWN, threshold, zero, count, random.nextInt(100), up, down);
  }

  private double[] counts() {
    double[] counts = new double[random.nextInt(12)];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = random.nextInt(4);
    }
    return counts;
  }

  private static double total(Buckets buckets) {
    double total = 0;
    for (int i = 0; i < buckets.size(); i++) {
      total += buckets.count(i);
    }
    return total;
  }

  private static double inBuckets(Histogram h) {
    return h.zeroCount() + total(h.positive()) + total(h.negative());
  }

  @Test
  void givenAnyTwo_whenAdded_thenNothingIsLostAndOrderDoesNotCount() {
    for (int i = 0; i < 2000; i++) {
      Histogram a = any();
      Histogram b = any();

      Histogram sum = a.plus(b);

      assertThat(inBuckets(sum)).as("seed %s", seed).isEqualTo(a.count() + b.count());
      assertThat(sum.count()).isEqualTo(a.count() + b.count());
      assertThat(sum.schema()).isEqualTo(Math.min(a.schema(), b.schema()));
      assertThat(sum.zeroThreshold())
          .isGreaterThanOrEqualTo(Math.max(a.zeroThreshold(), b.zeroThreshold()));
      assertThat(sum.compacted()).isEqualTo(b.plus(a).compacted());
      assertThat(sum.minus(b).compacted().count()).isEqualTo(a.count());
      assertThat(inBuckets(sum.minus(b))).isEqualTo(a.count());
    }
  }

  @Test
  void givenMany_whenSummed_thenAsOneAddedToTheOther() {
    for (int i = 0; i < 300; i++) {
      Histogram plain = any();
      HistogramSum sum = new HistogramSum(plain);
      HistogramSum mean = new HistogramSum(plain);
      int count = 1 + random.nextInt(8);
      for (int k = 1; k < count; k++) {
        Histogram next = any();
        plain = plain.plus(next);
        sum.add(next);
        mean.addToMean(next);
      }

      assertThat(sum.sum()).as("seed %s", seed).isEqualTo(plain.compacted());
      assertThat(mean.mean().count()).isCloseTo(plain.count() / count, within(1e-9));
    }
  }

  @Test
  void givenCountsNearTheLargest_whenAveraged_thenFinite() {
    Histogram huge = simple(0, 1e308).times(1.5);
    HistogramSum mean = new HistogramSum(huge);

    mean.addToMean(huge);
    mean.addToMean(huge);

    assertThat(mean.mean().count()).isCloseTo(1.5e308, within(1e295));
    assertThat(mean.mean().positive().count(0)).isCloseTo(1.5e308, within(1e295));
  }

  @Test
  void givenCustomBounds_whenAdded_thenThoseThatBothHaveAreLeft() {
    Histogram fine =
        Histogram.custom(Hint.UNKNOWN, 15, 1, side(0, 1, 2, 3, 4, 5), new double[] {1, 2, 3, 4});
    Histogram coarse = Histogram.custom(Hint.UNKNOWN, 6, 1, side(0, 1, 2, 3), new double[] {2, 5});

    Histogram sum = fine.plus(coarse);

    assertThat(sum.customBounds()).containsExactly(2);
    assertThat(sum.positive()).isEqualTo(side(0, 4, 17));
    assertThat(fine.hasOtherBounds(coarse)).isTrue();
    assertThat(fine.isOfKind(simple(0, 1))).isFalse();
  }

  @Test
  void givenSchemas_whenBoundsAreAsked_thenTheyRiseAndPowersOfTwoAreExact() {
    for (int schema = Histogram.LEAST_SCHEMA; schema <= Histogram.MOST_SCHEMA; schema++) {
      double before = 0;
      for (int index = -60; index <= 60; index++) {
        double bound = Bounds.upper(schema, index);
        assertThat(bound).isGreaterThan(before);
        before = bound;
      }
      assertThat(Bounds.upper(schema, 0)).isEqualTo(1);
    }
    assertThat(Bounds.upper(3, 8)).isEqualTo(2);
    assertThat(Bounds.upper(3, 1)).isEqualTo(1.0905077326652577);
    assertThat(Bounds.upper(8, -256)).isEqualTo(0.5);
    assertThat(Bounds.upper(-4, 1)).isEqualTo(65536);
    assertThat(Bounds.upper(0, 1024)).isEqualTo(Double.MAX_VALUE);
    assertThat(Bounds.upper(0, 1025)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(Bounds.upper(8, Integer.MAX_VALUE)).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(Bounds.upper(-4, Integer.MIN_VALUE)).isZero();
  }

  @Test
  void givenAny_whenQuantileIsTaken_thenItsFractionIsTheQuantile() {
    for (int i = 0; i < 2000; i++) {
      Histogram h = sane();
      double q = random.nextDouble();
      if (h.count() == 0) {
        continue;
      }
      HistogramShape shape = new HistogramShape(h);

      double value = shape.quantile(q);

      assertThat(shape.fraction(Double.NEGATIVE_INFINITY, value))
          .as("seed %s q %s of %s", seed, q, h)
          .isCloseTo(q, within(1e-6));
    }
  }

  @Test
  void givenAny_whenTrimmedAtAValue_thenBothPartsAreTheWhole() {
    for (int i = 0; i < 2000; i++) {
      Histogram h = sane();
      double value = random.nextGaussian() * 3;

      double below = HistogramTrim.below(h, value).count();
      double above = HistogramTrim.above(h, value).count();

      assertThat(below + above)
          .as("seed %s at %s of %s", seed, value, h)
          .isCloseTo(h.count(), within(1e-6));
    }
  }

  @Test
  void givenCounter_whenCountsFallOrLayoutsGetFiner_thenReset() {
    Histogram before = simple(1, 1, 2, 1);

    assertThat(simple(1, 1, 2, 1).isResetAfter(before)).isFalse();
    assertThat(simple(1, 2, 2, 1, 4).isResetAfter(before)).isFalse();
    assertThat(simple(0, 1, 9).isResetAfter(before)).isFalse();
    assertThat(simple(1, 1, 1, 3).isResetAfter(before)).isTrue();
    assertThat(simple(1, 9).isResetAfter(before)).isTrue();
    assertThat(simple(2, 9, 9, 9, 9, 9, 9).isResetAfter(before)).isTrue();
    assertThat(before.withHint(Hint.RESET).isResetAfter(before)).isTrue();
    assertThat(simple(1).withHint(Hint.NOT_RESET).isResetAfter(before)).isFalse();
    assertThat(simple(1, 2, 2, 1).after(before).hint()).isEqualTo(Hint.NOT_RESET);
    assertThat(simple(1, 1).after(before).hint()).isEqualTo(Hint.UNKNOWN);
    assertThat(simple(0, 5, 5).after(before).hint()).isEqualTo(Hint.UNKNOWN);
    assertThat(simple(1).withHint(Hint.GAUGE).after(before).isGauge()).isTrue();
  }

  @Test
  void givenSpans_whenTakenAndGiven_thenTheSameWithoutEmptyOnes() {
    List<Span> spans = List.of(new Span(-3, 2), new Span(0, 1), new Span(4, 0), new Span(1, 2));

    Buckets buckets = Buckets.ofSpans(spans, new double[] {1, 2, 3, 4, 5});

    assertThat(buckets.spans()).containsExactly(new Span(-3, 3), new Span(5, 2));
    assertThat(Buckets.ofSpans(buckets.spans(), buckets.counts())).isEqualTo(buckets);
  }

  @Test
  void givenSpansThatDoNotFit_whenTaken_thenRefused() {
    List<Supplier<Buckets>> wrong = new ArrayList<>();
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(0, 2)), new double[1]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(0, 1)), new double[2]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(0, -1)), new double[0]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(0, 1), new Span(-1, 1)), new double[2]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(Integer.MAX_VALUE, 1)), new double[1]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(Integer.MIN_VALUE, 1)), new double[1]));
    wrong.add(() -> Buckets.ofSpans(List.of(new Span(0, 10_001)), new double[10_001]));

    for (Supplier<Buckets> taken : wrong) {
      assertThatThrownBy(taken::get).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-5, 9, -52, 100})
  void givenUnknownSchema_whenValidated_thenRefused(int schema) {
    Histogram histogram =
        Histogram.exponential(schema, Hint.UNKNOWN, 0, 0, 1, 1, side(0, 1), Buckets.EMPTY);
    assertThatThrownBy(histogram::validate).hasMessageContaining("schema " + schema);
  }

  @Test
  void givenWrongHistograms_whenValidated_thenEachIsRefused() {
    simple(0, 1).validate();
    any().validate();
    double[] bounds = {1, 2};
    List<Histogram> wrong =
        List.of(
            simple(0, 1, -2),
            Histogram.exponential(0, Hint.GAUGE, -1, 0, 0, 0, Buckets.EMPTY, Buckets.EMPTY),
            Histogram.exponential(0, Hint.GAUGE, 0, -1, 0, 0, Buckets.EMPTY, Buckets.EMPTY),
            Histogram.exponential(0, Hint.GAUGE, 0, 0, -1, 0, Buckets.EMPTY, Buckets.EMPTY),
            Histogram.custom(Hint.GAUGE, 1, 0, side(3, 1), bounds),
            Histogram.custom(Hint.GAUGE, 1, 0, side(-1, 1), bounds),
            Histogram.custom(Hint.GAUGE, 1, 0, side(0, 1), new double[] {2, 2}),
            Histogram.custom(Hint.GAUGE, 1, 0, side(0, 1), new double[] {Double.NaN}),
            Histogram.custom(
                Hint.GAUGE, 1, 0, side(0, 1), new double[] {Double.POSITIVE_INFINITY}));
    for (Histogram histogram : wrong) {
      assertThatThrownBy(histogram::validate)
          .as("%s", histogram)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void givenHistogram_whenWritten_thenAsPrometheusDoes() {
    Histogram h =
        Histogram.exponential(
            0, Hint.UNKNOWN, 0.5, 2, 1e7, 1234567, side(1, 1, 0, 2.5), side(0, 3));

    assertThat(h)
        .hasToString(
            "{count:1e+07, sum:1.234567e+06, [-1,-0.5):3, [-0.5,0.5]:2, (1,2]:1, (4,8]:2.5}");
  }
}
