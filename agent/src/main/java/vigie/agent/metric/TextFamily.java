package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.Quantiles;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The metrics of one name from all text files, put together as one snapshot. */
final class TextFamily {
  private final String name;
  private final List<TextFormat.Sample> samples = new ArrayList<>();
  private final List<String> files = new ArrayList<>();
  private @Nullable String help;
  private @Nullable String type;

  TextFamily(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /**
   * Adds what one file has under the name. The first type and the first help hold; what comes with
   * another is left out.
   *
   * @return why it was left out, or nothing
   */
  String add(TextFormat.Metric metric, Path file) {
    String given = metric.type == null ? "untyped" : metric.type;
    if (type != null && !type.equals(given)) {
      return "it is a " + type + " in " + files.get(0) + ", not a " + given;
    }
    if (help != null && metric.help != null && !help.equals(metric.help)) {
      return "its help differs from that in " + files.get(0);
    }
    type = given;
    help = help == null ? metric.help : help;
    files.add(file.toString());
    samples.addAll(metric.samples);
    return "";
  }

  /**
   * All of it.
   *
   * @throws IllegalArgumentException if two samples have the same labels, or a histogram or summary
   *     does not make sense
   */
  MetricSnapshot snapshot() {
    String text = help == null ? "Metric read from " + String.join(", ", files) : help;
    MetricMetadata metadata = new MetricMetadata(name, text);
    return switch (Objects.requireNonNullElse(type, "untyped")) {
      case "counter" ->
          new PlainCounterSnapshot(
              metadata,
              samples.stream()
                  .map(s -> new CounterDataPointSnapshot(s.value(), s.labels(), null, 0))
                  .toList());
      case "gauge" ->
          new GaugeSnapshot(
              metadata,
              samples.stream()
                  .map(s -> new GaugeDataPointSnapshot(s.value(), s.labels(), null))
                  .toList());
      case "histogram" ->
          new HistogramSnapshot(
              metadata, points("le").values().stream().map(Point::histogram).toList());
      case "summary" ->
          new SummarySnapshot(
              metadata, points("quantile").values().stream().map(Point::summary).toList());
      default ->
          new UnknownSnapshot(
              metadata,
              samples.stream()
                  .map(s -> new UnknownDataPointSnapshot(s.value(), s.labels(), null))
                  .toList());
    };
  }

  /** The samples of a histogram or summary by their labels without the one that parts them. */
  private Map<Labels, Point> points(String parting) {
    Map<Labels, Point> points = new LinkedHashMap<>();
    for (TextFormat.Sample sample : samples) {
      List<String> names = new ArrayList<>();
      List<String> values = new ArrayList<>();
      sample
          .labels()
          .forEach(
              label -> {
                if (!label.getName().equals(parting)) {
                  names.add(label.getName());
                  values.add(label.getValue());
                }
              });
      Labels labels = Labels.of(names, values);
      Point point = points.computeIfAbsent(labels, Point::new);
      String part = sample.labels().get(parting);
      if (sample.name().equals(name + "_sum")) {
        point.sum = once(point.sum, sample.value());
      } else if (sample.name().equals(name + "_count")) {
        point.count = once(point.count, sample.value());
      } else if (part == null || point.parts.put(bound(part), sample.value()) != null) {
        throw new IllegalArgumentException("a sample without " + parting + ", or one twice");
      }
    }
    return points;
  }

  private static double once(double before, double now) {
    if (!Double.isNaN(before)) {
      throw new IllegalArgumentException("a sum or count twice");
    }
    return now;
  }

  private static double bound(String text) {
    return switch (text) {
      case "+Inf", "Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  /** A histogram or summary while its samples come together. */
  private static final class Point {
    private final Labels labels;
    private final TreeMap<Double, Double> parts = new TreeMap<>();
    private double sum = Double.NaN;
    private double count = Double.NaN;

    Point(Labels labels) {
      this.labels = labels;
    }

    /** The library counts each bucket alone, the text all below its bound. */
    HistogramDataPointSnapshot histogram() {
      if (!Double.isNaN(count)) {
        parts.put(Double.POSITIVE_INFINITY, count);
      }
      if (!parts.containsKey(Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("a histogram without _count and without le=\"+Inf\"");
      }
      List<Double> bounds = new ArrayList<>();
      List<Long> counts = new ArrayList<>();
      long below = 0;
      for (Map.Entry<Double, Double> part : parts.entrySet()) {
        long upTo = part.getValue().longValue();
        if (upTo < below) {
          throw new IllegalArgumentException("a bucket that counts less than the one below it");
        }
        bounds.add(part.getKey());
        counts.add(upTo - below);
        below = upTo;
      }
      return new HistogramDataPointSnapshot(
          ClassicHistogramBuckets.of(bounds, counts), sum, labels, Exemplars.EMPTY, 0);
    }

    SummaryDataPointSnapshot summary() {
      List<Quantile> quantiles = new ArrayList<>();
      parts.forEach((quantile, value) -> quantiles.add(new Quantile(quantile, value)));
      long total = Double.isNaN(count) ? 0 : (long) count;
      return new SummaryDataPointSnapshot(
          total, Double.isNaN(sum) ? 0 : sum, Quantiles.of(quantiles), labels, Exemplars.EMPTY, 0);
    }
  }

  /** A counter that need not end in {@code _total}. */
  private static final class PlainCounterSnapshot extends CounterSnapshot implements PlainName {
    PlainCounterSnapshot(MetricMetadata metadata, List<CounterDataPointSnapshot> points) {
      super(metadata, points);
    }
  }
}
