package vigie.collector.promql;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.HistogramShape;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr.Call;

/**
 * Functions of histograms: native ones, and classic ones, which are series that differ only in
 * {@code le}, counting up.
 */
final class Histograms {
  private Histograms() {}

  /** Computes the result from the buckets of one classic histogram at one step. */
  private interface OfClassic {
    double of(ClassicBuckets buckets, int step, String name);
  }

  /** Computes the result from one native histogram at one step. */
  private interface OfNative {
    double of(Histogram histogram, int step, String name, HistogramNotes notes);
  }

  /** A function of each native histogram; there is no result for a number. */
  static Block each(Evaluation evaluation, Call call, ToDoubleFunction<Histogram> function) {
    Block in = evaluation.vector(call.args().get(0));
    Block out = new Block(in.steps(), in.rows());
    for (int row = 0; row < in.rows(); row++) {
      out.add(in.labels(row), in.dropsName(row));
      for (int step = 0; step < in.steps(); step++) {
        Histogram histogram = in.histogram(row, step);
        if (histogram != null) {
          out.set(row, step, function.applyAsDouble(histogram));
        }
      }
    }
    return evaluation.withoutNames(out);
  }

  static Block quantile(Evaluation evaluation, Call call) {
    Expr vector = Evaluation.unwrap(call.args().get(1));
    Block in = evaluation.vector(vector);
    double[] quantiles = quantiles(evaluation, call.args().get(0));
    return evaluation.withoutNames(quantiles(evaluation, vector, in, quantiles));
  }

  /** Several quantiles at once, each with its value as a label. */
  static Block several(Evaluation evaluation, Call call) {
    String label = Evaluation.text(call.args().get(1));
    if (label.isEmpty() || !Strings.isUtf8(label)) {
      throw Evaluation.failed("invalid label name " + Strings.quote(label));
    }
    Expr vector = Evaluation.unwrap(call.args().get(0));
    Block in = evaluation.vector(vector);
    Block out = new Block(in.steps(), in.rows());
    for (Expr argument : call.args().subList(2, call.args().size())) {
      double[] quantiles = quantiles(evaluation, argument);
      Block part = quantiles(evaluation, vector, in, quantiles);
      for (double q : Arrays.stream(quantiles).distinct().toArray()) {
        addLabelled(evaluation, part, quantiles, q, label, out);
      }
    }
    return evaluation.withoutNames(evaluation.merged(out));
  }

  /** Adds the rows of a quantile at the steps at which that was asked for. */
  private static void addLabelled(
      Evaluation evaluation, Block part, double[] quantiles, double q, String label, Block out) {
    String text = Numbers.format(q);
    boolean whole = text.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'));
    evaluation.run.hold((long) part.rows() * part.steps());
    for (int row = 0; row < part.rows(); row++) {
      Labels labels = part.labels(row).with(label, whole ? text + ".0" : text);
      int added = out.add(labels, part.dropsName(row));
      for (int step = 0; step < part.steps(); step++) {
        if (part.has(row, step) && Double.compare(quantiles[step], q) == 0) {
          out.set(added, step, part.get(row, step));
        }
      }
    }
  }

  private static double[] quantiles(Evaluation evaluation, Expr argument) {
    double[] quantiles = evaluation.scalar(argument);
    for (double q : quantiles) {
      if (!Quantile.isValid(q)) {
        Quantile.warn(evaluation.run, q, Evaluation.unwrap(argument).span());
      }
    }
    return quantiles;
  }

  private static Block quantiles(Evaluation evaluation, Expr vector, Block in, double[] quantiles) {
    return over(
        evaluation,
        vector,
        in,
        (buckets, step, name) -> {
          double result = buckets.quantile(quantiles[step]);
          if (buckets.forced) {
            evaluation.run.inform(
                "input to histogram_quantile needed to be fixed for monotonicity (see"
                    + " https://prometheus.io/docs/prometheus/latest/querying/functions/"
                    + "#histogram_quantile)"
                    + forMetric(name),
                vector.span());
          }
          return result;
        },
        (histogram, step, name, notes) -> {
          HistogramShape shape = new HistogramShape(histogram);
          double result = shape.quantile(quantiles[step]);
          if (Quantile.isValid(quantiles[step]) && histogram.count() != 0 && shape.hasNan()) {
            notes.nan(
                "histogram_quantile has NaN observations, result is "
                    + (Double.isNaN(result) ? "NaN" : "skewed higher"),
                name);
          }
          return result;
        });
  }

  static Block fraction(Evaluation evaluation, Call call) {
    double[] lower = evaluation.scalar(call.args().get(0));
    double[] upper = evaluation.scalar(call.args().get(1));
    Expr vector = Evaluation.unwrap(call.args().get(2));
    Block out =
        over(
            evaluation,
            vector,
            evaluation.vector(vector),
            (buckets, step, name) -> buckets.fraction(lower[step], upper[step]),
            (histogram, step, name, notes) -> {
              HistogramShape shape = new HistogramShape(histogram);
              if (histogram.count() != 0 && lower[step] < upper[step] && shape.hasNan()) {
                notes.nan(
                    "histogram_fraction has NaN observations, which are excluded from all"
                        + " fractions",
                    name);
              }
              return shape.fraction(lower[step], upper[step]);
            });
    return evaluation.withoutNames(out);
  }

  private static Block over(
      Evaluation evaluation, Expr vector, Block in, OfClassic classic, OfNative function) {
    double[] bounds = new double[in.rows()];
    Groups groups = new Groups(GroupKey.withoutLe(), in.rows());
    int[] groupOf = new int[in.rows()];
    boolean[] drops = new boolean[in.rows()];
    for (int row = 0; row < in.rows(); row++) {
      Labels labels = in.labels(row);
      bounds[row] = Numbers.bound(labels.get("le"));
      groupOf[row] = -1;
      if (in.hasHistograms() && !in.hasNumber(row)) {
        continue;
      }
      if (!Double.isNaN(bounds[row])) {
        groupOf[row] = groups.of(labels);
        drops[groupOf[row]] |= in.dropsName(row);
      } else if (in.hasAny(row)) {
        evaluation.run.warn(
            "bucket label \"le\" is missing or has a malformed value of "
                + Strings.quote(labels.get("le"))
                + forMetric(labels.metricName()),
            vector.span());
      }
    }
    HistogramNotes notes = new HistogramNotes(evaluation.run, vector.span());
    int[] nativeOf = in.hasHistograms() ? nativeRows(in, groups) : new int[0];
    int[] rows = sortedRows(in.rows(), groupOf, row -> bounds[row]);
    Block out = new Block(in.steps(), in.rows());
    ClassicBuckets buckets = new ClassicBuckets(in.rows());
    int from = 0;
    while (from < rows.length) {
      int group = groupOf[rows[from]];
      int to = from;
      while (to < rows.length && groupOf[rows[to]] == group) {
        to++;
      }
      Labels labels = groups.labels(group);
      String name = evaluation.isDelayed() ? labels.metricName() : "";
      int nativeRow = group < nativeOf.length ? nativeOf[group] : -1;
      int row = out.add(labels, drops[group]);
      for (int step = 0; step < in.steps(); step++) {
        buckets.clear();
        evaluation.run.work(1 + to - from);
        for (int i = from; i < to; i++) {
          if (in.has(rows[i], step) && in.histogram(rows[i], step) == null) {
            buckets.add(bounds[rows[i]], in.get(rows[i], step));
          }
        }
        if (buckets.size > 0 && nativeRow >= 0 && in.histogram(nativeRow, step) != null) {
          // Which of the two is meant nobody can say.
          notes.mixedWithClassic(name);
          in.set(nativeRow, step, Block.ABSENT);
          for (int i = from; i < to; i++) {
            if (in.histogram(rows[i], step) == null) {
              in.set(rows[i], step, Block.ABSENT);
            }
          }
        } else if (buckets.size > 0) {
          out.set(row, step, classic.of(buckets, step, name));
        }
      }
      from = to;
    }
    for (int row = 0; row < in.rows(); row++) {
      if (in.hasHistograms()) {
        addNative(evaluation, in, row, out, function, notes);
      }
    }
    return out;
  }

  /**
   * For each group of classic buckets, the row of native histograms with the same labels, or -1.
   */
  private static int[] nativeRows(Block in, Groups groups) {
    int[] rows = new int[groups.size() + in.rows()];
    Arrays.fill(rows, -1);
    for (int row = 0; row < in.rows(); row++) {
      if (in.labels(row).get("le").isEmpty() && hasHistogram(in, row)) {
        rows[groups.of(in.labels(row))] = row;
      }
    }
    return rows;
  }

  private static boolean hasHistogram(Block in, int row) {
    for (int step = 0; step < in.steps(); step++) {
      if (in.histogram(row, step) != null) {
        return true;
      }
    }
    return false;
  }

  private static void addNative(
      Evaluation evaluation,
      Block in,
      int row,
      Block out,
      OfNative function,
      HistogramNotes notes) {
    int added = -1;
    String name = evaluation.isDelayed() ? in.labels(row).metricName() : "";
    for (int step = 0; step < in.steps(); step++) {
      Histogram histogram = in.histogram(row, step);
      if (histogram != null) {
        added = added < 0 ? out.add(in.labels(row), in.dropsName(row)) : added;
        evaluation.run.work(histogram.size());
        out.set(added, step, function.of(histogram, step, name, notes));
      }
    }
  }

  /** The rows that are of a group, by group and then by bound. */
  private static int[] sortedRows(int count, int[] groupOf, IntToDoubleFunction bound) {
    Integer[] rows = new Integer[count];
    Arrays.setAll(rows, row -> row);
    Arrays.sort(
        rows,
        (one, other) -> {
          int order = Integer.compare(groupOf[one], groupOf[other]);
          return order != 0
              ? order
              : Double.compare(bound.applyAsDouble(one), bound.applyAsDouble(other));
        });
    return Arrays.stream(rows).mapToInt(row -> row).filter(row -> groupOf[row] >= 0).toArray();
  }

  private static String forMetric(String name) {
    return name.isEmpty() ? "" : " for metric name " + Strings.quote(name);
  }
}
