package vigie.collector.promql;

import vigie.collector.label.Labels;

/**
 * Tells what of histograms could not be computed, or only by giving something up, in Prometheus's
 * words. Of one argument of a function or an operator, for one series after the other.
 */
final class HistogramNotes {
  private final Run run;
  private final Span span;
  private Labels labels = Labels.EMPTY;

  HistogramNotes(Run run, Span span) {
    this.run = run;
    this.span = span;
  }

  /** The series that is read next. */
  void of(Labels series) {
    labels = series;
  }

  private String metric() {
    return Strings.quote(labels.metricName());
  }

  void mixedWithNumbers() {
    run.warn("encountered a mix of histograms and floats for metric name " + metric(), span);
  }

  void mixedInAggregation() {
    run.warn("encountered a mix of histograms and floats for aggregation", span);
  }

  void mixedSchemas() {
    run.warn(
        "vector contains a mix of histograms with exponential and custom buckets schemas for metric"
            + " name "
            + metric(),
        span);
  }

  void mixedWithClassic(String name) {
    run.warn("vector contains a mix of classic and native histograms" + named(name), span);
  }

  void notCounter() {
    run.warn("this native histogram metric is not a counter: " + metric(), span);
  }

  void notGauge() {
    run.warn("this native histogram metric is not a gauge: " + metric(), span);
  }

  void conflictingResets(String operation) {
    run.warn("conflicting counter resets during histogram " + operation, span);
  }

  void reconciled(String operation) {
    run.inform("mismatched custom buckets were reconciled during " + operation, span);
  }

  void ignoredInRange() {
    run.inform(
        "ignored histograms in a range containing both floats and histograms for metric name "
            + metric(),
        span);
  }

  void ignoredIn(AggregateOp op) {
    run.inform("ignored histogram in " + op.text() + " aggregation", span);
  }

  void incompatibleLayout(BinaryOp op) {
    run.warn("incompatible bucket layout encountered for binary operator " + op.text(), span);
  }

  void incompatibleTypes(BinaryOp op, boolean leftHistogram, boolean rightHistogram) {
    run.inform(
        "incompatible sample types encountered for binary operator "
            + Strings.quote(op.text())
            + ": "
            + (leftHistogram ? "histogram " : "float ")
            + op.text()
            + (rightHistogram ? " histogram" : " float"),
        span);
  }

  /** Observations that are NaN: what that does to a function. */
  void nan(String what, String name) {
    run.inform("input to " + what + named(name), span);
  }

  private static String named(String name) {
    return name.isEmpty() ? "" : " for metric name " + Strings.quote(name);
  }
}
