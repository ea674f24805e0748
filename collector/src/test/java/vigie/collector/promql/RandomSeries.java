package vigie.collector.promql;

import java.util.List;
import java.util.Random;
import vigie.collector.label.Labels;
import vigie.collector.sample.Staleness;
import vigie.collector.testing.TwinSamples;

/** Random series: resets, gaps, stale markers, NaN, infinities, uneven steps, little series. */
final class RandomSeries {
  static final List<String> METRICS =
      List.of("gauge", "counter_total", "steps", "odd", "gaps", "took_bucket", "rarely");
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
