package vigie.agent.metric;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.Quantile;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The samples of {@code /metrics} one by one, for what sends them elsewhere. Each series is
 * something of the caller's, made once when it first appears and told of when it is gone. One
 * thread at a time.
 *
 * @param <T> what the caller keeps for a series
 */
public final class EachSeries<T> {
  private final PrometheusRegistry registry;
  private final Function<NavigableMap<String, String>, T> make;
  private final Map<Key, Entry<T>> known = new HashMap<>();
  private long round;

  /** Takes what is told. */
  public interface Sink<T> {
    /** A sample of now. */
    void sample(T series, double value);

    /** There was a sample the last time, and now there is none. */
    void ended(T series);
  }

  private record Key(String name, String suffix, Labels labels, String extra, double bound) {}

  private static final class Entry<T> {
    private final T series;
    private long round;

    Entry(T series) {
      this.series = series;
    }
  }

  /**
   * @param make given the labels in order, {@code __name__} among them
   */
  public EachSeries(PrometheusRegistry registry, Function<NavigableMap<String, String>, T> make) {
    this.registry = registry;
    this.make = make;
  }

  /** Reads everything once. */
  public void tell(Sink<T> sink) {
    round++;
    for (MetricSnapshot snapshot : registry.scrape()) {
      tell(snapshot, snapshot.getMetadata().getPrometheusName(), sink);
    }
    for (Iterator<Entry<T>> entries = known.values().iterator(); entries.hasNext(); ) {
      Entry<T> entry = entries.next();
      if (entry.round != round) {
        entries.remove();
        sink.ended(entry.series);
      }
    }
  }

  /** Tells that all have ended. */
  public void end(Sink<T> sink) {
    known.values().forEach(entry -> sink.ended(entry.series));
    known.clear();
  }

  private void tell(MetricSnapshot snapshot, String name, Sink<T> sink) {
    if (snapshot instanceof CounterSnapshot counter) {
      String base = without(name, "_total");
      for (CounterDataPointSnapshot point : counter.getDataPoints()) {
        tell(sink, base, "_total", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof GaugeSnapshot gauge) {
      for (GaugeDataPointSnapshot point : gauge.getDataPoints()) {
        tell(sink, name, "", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof UnknownSnapshot unknown) {
      for (UnknownDataPointSnapshot point : unknown.getDataPoints()) {
        tell(sink, name, "", point.getLabels(), point.getValue());
      }
    } else if (snapshot instanceof InfoSnapshot info) {
      for (InfoDataPointSnapshot point : info.getDataPoints()) {
        tell(sink, without(name, "_info"), "_info", point.getLabels(), 1);
      }
    } else if (snapshot instanceof SummarySnapshot summary) {
      for (SummaryDataPointSnapshot point : summary.getDataPoints()) {
        for (Quantile quantile : point.getQuantiles()) {
          Key key = new Key(name, "", point.getLabels(), "quantile", quantile.getQuantile());
          tell(sink, key, quantile.getValue());
        }
        if (point.hasCount()) {
          tell(sink, name, "_count", point.getLabels(), (double) point.getCount());
        }
        if (point.hasSum()) {
          tell(sink, name, "_sum", point.getLabels(), point.getSum());
        }
      }
    } else if (snapshot instanceof HistogramSnapshot histogram) {
      histogram.getDataPoints().forEach(point -> tell(sink, name, point));
    } else {
      throw new IllegalStateException("BUG: no samples for " + snapshot.getClass());
    }
  }

  private void tell(Sink<T> sink, String name, HistogramDataPointSnapshot point) {
    ClassicHistogramBuckets buckets = point.getClassicBuckets();
    long below = 0;
    for (int i = 0; i < buckets.size(); i++) {
      below += buckets.getCount(i);
      Key key = new Key(name, "_bucket", point.getLabels(), "le", buckets.getUpperBound(i));
      tell(sink, key, (double) below);
    }
    tell(sink, name, "_count", point.getLabels(), (double) point.getCount());
    if (point.hasSum()) {
      tell(sink, name, "_sum", point.getLabels(), point.getSum());
    }
  }

  private void tell(Sink<T> sink, String name, String suffix, Labels labels, double value) {
    tell(sink, new Key(name, suffix, labels, "", 0), value);
  }

  private void tell(Sink<T> sink, Key key, double value) {
    Entry<T> entry = known.get(key);
    if (entry == null) {
      entry = new Entry<>(make.apply(labels(key)));
      known.put(key, entry);
    }
    entry.round = round;
    sink.sample(entry.series, value);
  }

  private static NavigableMap<String, String> labels(Key key) {
    NavigableMap<String, String> all = new TreeMap<>();
    for (int i = 0; i < key.labels.size(); i++) {
      all.put(key.labels.getPrometheusName(i), key.labels.getValue(i));
    }
    if (!key.extra.isEmpty()) {
      all.put(key.extra, bound(key.bound));
    }
    all.put("__name__", key.name + key.suffix);
    return all;
  }

  /** As it is written on {@code /metrics}: {@code 5.0}, {@code 0.25}, {@code +Inf}. */
  private static String bound(double bound) {
    if (Double.isInfinite(bound)) {
      return bound > 0 ? "+Inf" : "-Inf";
    }
    String plain = BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    return plain.indexOf('.') < 0 ? plain + ".0" : plain;
  }

  private static String without(String name, String suffix) {
    return name.endsWith(suffix) ? name.substring(0, name.length() - suffix.length()) : name;
  }
}
