package vigie.collector.promql;

import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.Series;

/**
 * Histograms of which only the count and the sum are read, as under {@code histogram_count}: their
 * buckets are left out, and whether the counter was reset is found out before. Prometheus does so
 * to save work, and it shows in annotations: a reset that was found contradicts the hint of a
 * series that goes on.
 */
final class CountedHistograms {
  private static final Set<String> COUNTING =
      Set.of("histogram_count", "histogram_sum", "histogram_avg");
  private static final Set<String> READING =
      Set.of("histogram_quantile", "histogram_quantiles", "histogram_fraction");

  private @Nullable Histogram before;

  /** The selectors of a query to which this applies. */
  static Set<Expr.VectorSelector> in(Expr query) {
    Set<Expr.VectorSelector> found = new HashSet<>();
    collect(query, false, found);
    return found;
  }

  private static void collect(Expr expr, boolean counted, Set<Expr.VectorSelector> found) {
    boolean inside = counted;
    if (expr instanceof Expr.VectorSelector selector) {
      if (counted) {
        found.add(selector);
      }
    } else if (expr instanceof Expr.MatrixSelector matrix) {
      collect(matrix.vector(), counted, found);
      return;
    } else if (expr instanceof Expr.Subquery
        || (expr instanceof Expr.Binary binary && binary.op().isTrim())) {
      // Resets between the steps of a subquery, and trimming, need the buckets.
      return;
    } else if (expr instanceof Expr.Call call) {
      if (READING.contains(call.function().name())) {
        return;
      }
      inside |= COUNTING.contains(call.function().name());
    }
    for (Expr child : expr.children()) {
      collect(child, inside, found);
    }
  }

  /** The next one of a series. */
  Histogram next(Histogram histogram) {
    Histogram previous = before;
    before = histogram;
    if (histogram.hint() != Histogram.Hint.UNKNOWN || previous == null) {
      return histogram.withoutBuckets();
    }
    boolean reset = histogram.isResetAfter(previous);
    return histogram
        .withoutBuckets()
        .withHint(reset ? Histogram.Hint.RESET : Histogram.Hint.NOT_RESET);
  }

  /** The one at a time, where there is one, as after those since another time. */
  static Histogram newest(Series series, long fromMillis, long toMillis) {
    CountedHistograms counted = new CountedHistograms();
    Histogram newest = null;
    SampleIterator samples = series.iterator();
    boolean more = samples.seek(fromMillis);
    while (more && samples.time() <= toMillis) {
      Histogram histogram = Double.isNaN(samples.value()) ? samples.histogram() : null;
      newest = histogram == null ? newest : counted.next(histogram);
      more = samples.next();
    }
    return Objects.requireNonNull(newest);
  }
}
