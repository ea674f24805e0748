package vigie.collector.promql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/** Makes native histograms with custom buckets of classic ones: {@code load_with_nhcb}. */
final class ScriptBuckets {
  /** What is known of one histogram at one time. */
  private static final class Classic {
    private final TreeMap<Double, Double> buckets = new TreeMap<>();
    private @Nullable Double count;
    private double sum;
  }

  private ScriptBuckets() {}

  static List<Script.Line> of(Script.Load load) {
    Map<Labels, List<Classic>> all = new TreeMap<>();
    for (Script.Line line : load.series()) {
      String name = line.labels().metricName();
      String base = name.replaceFirst("_(bucket|sum|count)$", "");
      String le = line.labels().get("le");
      if (base.equals(name) || (name.endsWith("_bucket") && Double.isNaN(Numbers.bound(le)))) {
        continue;
      }
      Labels labels = line.labels().without("le").with(Labels.NAME, base);
      List<Classic> times = all.computeIfAbsent(labels, l -> new ArrayList<>());
      for (int i = 0; i < line.points().size(); i++) {
        Script.Point point = line.points().get(i);
        if (i == times.size()) {
          times.add(new Classic());
        }
        Classic at = times.get(i);
        if (point == null || point.histogram() != null) {
          continue;
        }
        if (name.endsWith("_bucket")) {
          at.buckets.put(Numbers.bound(le), point.number());
        } else if (name.endsWith("_count")) {
          at.count = point.number();
        } else {
          at.sum = point.number();
        }
      }
    }
    List<Script.Line> lines = new ArrayList<>();
    all.forEach(
        (labels, times) -> {
          List<Script.@Nullable Point> points = new ArrayList<>();
          times.forEach(at -> points.add(point(at)));
          lines.add(new Script.Line(labels, points));
        });
    return lines;
  }

  private static Script.@Nullable Point point(Classic at) {
    if (at.buckets.isEmpty() && at.count == null) {
      return null;
    }
    double count = at.count == null ? at.buckets.lastEntry().getValue() : at.count;
    at.buckets.putIfAbsent(Double.POSITIVE_INFINITY, count);
    double[] counts = new double[at.buckets.size()];
    double[] bounds = new double[counts.length - 1];
    double before = 0;
    int i = 0;
    for (Map.Entry<Double, Double> bucket : at.buckets.entrySet()) {
      if (i < bounds.length) {
        bounds[i] = bucket.getKey();
      }
      counts[i++] = bucket.getValue() - before;
      before = bucket.getValue();
      if (counts[i - 1] < 0 || Double.isNaN(counts[i - 1])) {
        return null;
      }
    }
    Histogram histogram =
        Histogram.custom(
            Histogram.Hint.UNKNOWN,
            count,
            at.sum,
            Buckets.ofSpans(List.of(new Buckets.Span(0, counts.length)), counts),
            bounds);
    return new Script.Point(Double.NaN, histogram.compacted(), false);
  }
}
