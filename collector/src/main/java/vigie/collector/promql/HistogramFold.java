package vigie.collector.promql;

import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.HistogramSum;
import vigie.collector.label.Labels;

/** The running sum or mean of native histograms of every group at every step. */
final class HistogramFold {
  private final boolean mean;
  private final HistogramNotes notes;
  private final @Nullable HistogramSum[] sums;
  private final HistogramRanges.Hints[] hints;

  /** Where exponential buckets met custom bounds: there is no result. */
  private final boolean[] failed;

  HistogramFold(boolean mean, int size, HistogramNotes notes) {
    this.mean = mean;
    this.notes = notes;
    this.sums = new HistogramSum[size];
    this.hints = new HistogramRanges.Hints[size];
    this.failed = new boolean[size];
  }

  void add(int at, Histogram histogram, Labels labels) {
    HistogramSum sum = sums[at];
    if (sum == null) {
      sums[at] = new HistogramSum(histogram);
      hints[at] = new HistogramRanges.Hints();
      hints[at].add(histogram);
      return;
    }
    if (failed[at]) {
      return;
    }
    hints[at].add(histogram);
    if (!sum.takes(histogram)) {
      failed[at] = true;
      notes.of(labels);
      notes.mixedSchemas();
      return;
    }
    if (sum.hasOtherBounds(histogram)) {
      notes.reconciled("aggregation");
    }
    if (mean) {
      sum.addToMean(histogram);
    } else {
      sum.add(histogram);
    }
  }

  boolean has(int at) {
    return sums[at] != null;
  }

  /** The result; null where there is none. */
  @Nullable Histogram result(int at, boolean withNumbers) {
    HistogramSum sum = sums[at];
    if (withNumbers) {
      notes.mixedInAggregation();
      return null;
    }
    if (sum == null || failed[at]) {
      return null;
    }
    if (hints[at].conflict()) {
      notes.conflictingResets("aggregation");
    }
    return mean ? sum.mean() : sum.sum();
  }
}
