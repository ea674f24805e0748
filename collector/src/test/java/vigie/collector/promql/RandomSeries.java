package vigie.collector.promql;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;
import vigie.collector.testing.TwinSamples;

/** Random series: resets, gaps, stale markers, NaN, infinities, uneven steps, little series. */
final class RandomSeries {
  static final List<String> METRICS =
      List.of("gauge", "counter_total", "steps", "odd", "gaps", "took_bucket", "rarely");
  static final List<String> HISTOGRAMS =
      List.of("h_counter", "h_gauge", "h_custom", "h_mixed", "h_changing", "h_gaps");
  static final long START = 1_767_225_600_000L;
  private static final int SAMPLES = 200;
  private static final List<Double> ODD =
      List.of(
          Double.NaN,
          Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY,
          -0.0,
          0.0,
          1e300,
          -1e300,
          1e-300,
          1.0,
          -1.0);

  private static final double[] BOUNDS = {0.1, 0.5, 1, 5};

  private final Random random;
  private final TwinSamples samples;

  RandomSeries(Random random, TwinSamples samples) {
    this.random = random;
    this.samples = samples;
  }

  /** Fifty minutes of them. */
  void fill() {
    for (int host = 0; host < 3; host++) {
      for (int a = 0; a < 3; a++) {
        Labels.Builder base =
            Labels.EMPTY.toBuilder().set("instance", "h" + host + ":9").set("a", "" + a);
        if (a != 1) {
          base.set("b", host == 0 ? "x" : "y");
        }
        Labels labels = base.build();
        for (String metric : METRICS) {
          if (!metric.equals("took_bucket")) {
            series(metric, labels);
          }
        }
        buckets(labels);
      }
    }
  }

  /** As long as these: native histograms, and series that have numbers, too. */
  void fillHistograms() {
    for (int host = 0; host < 3; host++) {
      for (int a = 0; a < 2; a++) {
        Labels.Builder base =
            Labels.EMPTY.toBuilder().set("instance", "h" + host + ":9").set("a", "" + a);
        if (a != 1) {
          base.set("b", host == 0 ? "x" : "y");
        }
        for (String metric : HISTOGRAMS) {
          histograms(metric, base.set(Labels.NAME, metric).build());
        }
      }
    }
  }

  private void histograms(String metric, Labels labels) {
    double[] counts = new double[16];
    double[] own = new double[5];
    int schema = random.nextInt(5) - 1;
    double zero = random.nextBoolean() ? 1e-5 : 1e-6;
    double least = 1 << 13;
    Arrays.fill(counts, least);
    Arrays.fill(own, least);
    boolean gone = false;
    for (int i = 0; i < SAMPLES; i++) {
      long time = START + i * 15_000L + random.nextInt(7000);
      if (random.nextInt(50) == 0) {
        // So much stays that no rate is extrapolated to below zero, where releases differ.
        least /= 2;
        Arrays.fill(counts, least);
        Arrays.fill(own, least);
      }
      grow(counts);
      grow(own);
      if (metric.equals("h_changing") && random.nextInt(25) == 0) {
        // Another way round it would be a reset, of everything.
        schema = Math.max(-2, schema - 1);
        zero = Math.min(1e-4, 4 * zero);
      }
      boolean isGap = metric.equals("h_gaps") && i / 25 % 3 == 1;
      if (isGap) {
        if (!gone && random.nextBoolean()) {
          samples.add(labels, time, Staleness.MARKER);
        }
      } else if (metric.equals("h_mixed") && i / 12 % 2 == 1) {
        samples.add(labels, time, random.nextInt(10));
      } else if (random.nextInt(30) != 0) {
        samples.add(
            labels,
            time,
            metric.equals("h_custom")
                ? custom(own)
                : exponential(schema, zero, counts, metric.equals("h_gauge")));
      }
      gone = isGap;
    }
  }

  private void grow(double[] counts) {
    for (int i = 0; i < counts.length; i++) {
      counts[i] += random.nextInt(4) == 0 ? random.nextInt(6) : 0;
    }
  }

  /** The first of the counts is that of the zero bucket, the last five are negative buckets. */
  private static Histogram exponential(int schema, double zero, double[] counts, boolean gauge) {
    double count = 0;
    double sum = 0;
    for (int i = 0; i < counts.length; i++) {
      count += counts[i];
      sum += counts[i] * (i < 11 ? i - 3 : 10.5 - i);
    }
    return Histogram.exponential(
        schema,
        gauge ? Histogram.Hint.GAUGE : Histogram.Hint.UNKNOWN,
        zero,
        counts[0],
        count,
        sum,
        side(-2, Arrays.copyOfRange(counts, 1, 11)),
        side(-1, Arrays.copyOfRange(counts, 11, 16)));
  }

  private static Histogram custom(double[] counts) {
    double count = Arrays.stream(counts).sum();
    return Histogram.custom(
        Histogram.Hint.UNKNOWN, count, count * 0.7, side(0, counts.clone()), BOUNDS);
  }

  private static Buckets side(int offset, double[] counts) {
    return Buckets.ofSpans(List.of(new Buckets.Span(offset, counts.length)), counts);
  }

  private void series(String metric, Labels base) {
    Labels labels = base.toBuilder().set(Labels.NAME, metric).build();
    double value = random.nextInt(20);
    boolean gone = false;
    for (int i = 0; i < SAMPLES; i++) {
      long time = START + i * 15_000L + (metric.equals("steps") ? 0 : random.nextInt(7000));
      switch (metric) {
        case "counter_total" ->
            value = random.nextInt(40) == 0 ? random.nextInt(3) : value + random.nextInt(9);
        case "steps" -> value = random.nextInt(12) == 0 ? random.nextInt(5) : value;
        case "odd" -> value = ODD.get(random.nextInt(ODD.size()));
        default -> value += random.nextGaussian();
      }
      boolean isGap =
          metric.equals("gaps") && i / 25 % 3 == 1 || metric.equals("rarely") && i % 37 != 5;
      if (isGap && !gone && random.nextBoolean()) {
        samples.add(labels, time, Staleness.MARKER);
      } else if (!isGap && random.nextInt(30) != 0) {
        samples.add(labels, time, value);
      }
      gone = isGap;
    }
  }

  private void buckets(Labels base) {
    double[] counts = new double[5];
    String[] bounds = {"0.1", "0.5", "1", "10", "+Inf"};
    for (int i = 0; i < SAMPLES; i++) {
      long time = START + i * 15_000L + random.nextInt(5000);
      double more = 0;
      boolean reset = random.nextInt(60) == 0;
      for (int b = 0; b < bounds.length; b++) {
        more += random.nextInt(4);
        counts[b] = reset ? more : counts[b] + more;
        Labels labels =
            base.toBuilder().set(Labels.NAME, "took_bucket").set("le", bounds[b]).build();
        samples.add(labels, time, counts[b]);
      }
    }
  }
}
