package vigie.collector.promql;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import vigie.collector.label.Labels;
import vigie.collector.promql.Expr.Call;

/** Functions of classic histograms: series that differ only in {@code le}, counting up. */
final class ClassicHistograms {
  /** Differences this small, of the count, are rounding. */
  private static final double TOLERANCE = 1e-12;

  private ClassicHistograms() {}

  /** Computes the result from the buckets of one histogram at one step. */
  private interface Of {
    double of(Buckets buckets, int step, Labels labels);
  }

  static Block quantile(Evaluation evaluation, Call call) {
    double[] quantiles = evaluation.scalar(call.args().get(0));
    for (double q : quantiles) {
      if (!Quantile.isValid(q)) {
        Quantile.warn(evaluation.run, q, Evaluation.unwrap(call.args().get(0)).span());
      }
    }
    Expr vector = Evaluation.unwrap(call.args().get(1));
    return over(
        evaluation,
        vector,
        (buckets, step, labels) -> {
          double result = buckets.quantile(quantiles[step]);
          if (buckets.forced) {
            String name = evaluation.isDelayed() ? labels.metricName() : "";
            evaluation.run.inform(
                "input to histogram_quantile needed to be fixed for monotonicity (see"
                    + " https://prometheus.io/docs/prometheus/latest/querying/functions/"
                    + "#histogram_quantile)"
                    + forMetric(name),
                vector.span());
          }
          return result;
        });
  }

  static Block fraction(Evaluation evaluation, Call call) {
    double[] lower = evaluation.scalar(call.args().get(0));
    double[] upper = evaluation.scalar(call.args().get(1));
    return over(
        evaluation,
        Evaluation.unwrap(call.args().get(2)),
        (buckets, step, labels) -> buckets.fraction(lower[step], upper[step]));
  }

  private static Block over(Evaluation evaluation, Expr vector, Of function) {
    Block in = evaluation.vector(vector);
    double[] bounds = new double[in.rows()];
    Groups groups = new Groups(GroupKey.withoutLe(), in.rows());
    int[] groupOf = new int[in.rows()];
    boolean[] drops = new boolean[in.rows()];
    for (int row = 0; row < in.rows(); row++) {
      Labels labels = in.labels(row);
      bounds[row] = Numbers.bound(labels.get("le"));
      groupOf[row] = -1;
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
    int[] rows = sortedRows(in.rows(), groupOf, row -> bounds[row]);
    Block out = new Block(in.steps(), groups.size());
    Buckets buckets = new Buckets(in.rows());
    int from = 0;
    while (from < rows.length) {
      int group = groupOf[rows[from]];
      int to = from;
      while (to < rows.length && groupOf[rows[to]] == group) {
        to++;
      }
      Labels labels = groups.labels(group);
      int row = out.add(labels, drops[group]);
      for (int step = 0; step < in.steps(); step++) {
        buckets.clear();
        for (int i = from; i < to; i++) {
          if (in.has(rows[i], step)) {
            buckets.add(bounds[rows[i]], in.get(rows[i], step));
          }
        }
        if (buckets.size > 0) {
          out.set(row, step, function.of(buckets, step, labels));
        }
      }
      from = to;
    }
    return evaluation.withoutNames(out);
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

  /** The buckets of one histogram, by rising bound; those with the same bound are one. */
  private static final class Buckets {
    private final double[] bounds;
    private final double[] counts;
    private int size;

    /** Whether the last quantile needed a count raised so that counts don't fall. */
    private boolean forced;

    Buckets(int capacity) {
      bounds = new double[capacity];
      counts = new double[capacity];
    }

    void clear() {
      size = 0;
      forced = false;
    }

    void add(double bound, double count) {
      if (size > 0 && bounds[size - 1] == bound) {
        counts[size - 1] += count;
        return;
      }
      bounds[size] = bound;
      counts[size++] = count;
    }

    /** Where the quantile lies, taking each bucket's observations as spread evenly. */
    double quantile(double q) {
      if (Double.isNaN(q)) {
        return Double.NaN;
      }
      if (q < 0 || q > 1) {
        return q < 0 ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      }
      int last = size - 1;
      if (bounds[last] != Double.POSITIVE_INFINITY) {
        return Double.NaN;
      }
      smooth();
      if (size < 2 || counts[last] == 0 || Double.isNaN(counts[last])) {
        return Double.NaN;
      }
      double rank = q * counts[last];
      int at = 0;
      while (at < last && !(counts[at] >= rank)) {
        at++;
      }
      if (at == last) {
        return bounds[last - 1];
      }
      if (at == 0) {
        return bounds[0] <= 0 ? bounds[0] : bounds[0] * (rank / counts[0]);
      }
      double inBucket = counts[at] - counts[at - 1];
      double width = bounds[at] - bounds[at - 1];
      return bounds[at - 1] + width * ((rank - counts[at - 1]) / inBucket);
    }

    /** Takes rounding out of the counts and then raises those that are below an earlier one. */
    private void smooth() {
      double before = counts[0];
      for (int i = 1; i < size; i++) {
        if (counts[i] != before && Math.abs(counts[i] - before) / counts[i] <= TOLERANCE) {
          counts[i] = before;
        } else {
          before = counts[i];
        }
      }
      double most = counts[0];
      for (int i = 1; i < size; i++) {
        if (counts[i] < most) {
          counts[i] = most;
          forced = true;
        } else if (counts[i] > most) {
          most = counts[i];
        }
      }
    }

    /** The share of the observations between two values. */
    double fraction(double lower, double upper) {
      double all = counts[size - 1];
      if (bounds[size - 1] != Double.POSITIVE_INFINITY
          || all == 0
          || Double.isNaN(lower)
          || Double.isNaN(upper)) {
        return Double.NaN;
      }
      // Buckets that don't count up could say that more are below than there are.
      double between = Math.min(all, below(upper)) - Math.min(all, below(lower));
      return lower >= upper ? 0 : between / all;
    }

    /** How many observations are below a value; none are taken from within an endless bucket. */
    private double below(double value) {
      double start = bounds[0] > 0 ? 0 : Double.NEGATIVE_INFINITY;
      double counted = 0;
      for (int i = 0; i < size; i++) {
        if (start >= value) {
          return counted;
        }
        if (bounds[i] > value) {
          if (start == Double.NEGATIVE_INFINITY) {
            return counts[i];
          }
          return counted + (counts[i] - counted) * (value - start) / (bounds[i] - start);
        }
        counted = counts[i];
        start = bounds[i];
      }
      return counts[size - 1];
    }
  }
}
