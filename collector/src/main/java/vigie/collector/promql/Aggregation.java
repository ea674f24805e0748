package vigie.collector.promql;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;

/** Aggregates the rows of a block by groups, every group at every step on its own. */
final class Aggregation {
  private final Evaluation evaluation;
  private final Expr.Aggregate aggregate;
  private final Block in;
  private final Groups groups;

  /** The group of each row. */
  private final int[] groupOf;

  private Aggregation(Evaluation evaluation, Expr.Aggregate aggregate, Block in) {
    this.evaluation = evaluation;
    this.aggregate = aggregate;
    this.in = in;
    List<String> grouping = aggregate.grouping();
    GroupKey key = aggregate.without() ? GroupKey.without(grouping) : GroupKey.by(grouping);
    this.groups = new Groups(key, grouping.isEmpty() && !aggregate.without() ? 1 : in.rows());
    this.groupOf = new int[in.rows()];
    for (int row = 0; row < in.rows(); row++) {
      groupOf[row] = groups.of(in.labels(row));
    }
  }

  static Block of(Evaluation evaluation, Expr.Aggregate aggregate) {
    Expr parameter = aggregate.parameter();
    if (parameter == null) {
      Block in = evaluation.vector(aggregate.expr());
      return new Aggregation(evaluation, aggregate, in).simple();
    }
    if (aggregate.op() == AggregateOp.COUNT_VALUES) {
      return CountValues.of(evaluation, aggregate, Evaluation.text(parameter));
    }
    double[] parameters = evaluation.scalar(parameter);
    if (aggregate.op() == AggregateOp.QUANTILE) {
      Block in = evaluation.vector(aggregate.expr());
      for (double q : parameters) {
        if (!Quantile.isValid(q)) {
          Quantile.warn(evaluation.run, q, Evaluation.unwrap(parameter).span());
        }
      }
      return new Aggregation(evaluation, aggregate, in).quantile(parameters);
    }
    boolean ratio = aggregate.op() == AggregateOp.LIMIT_RATIO;
    for (double k : parameters) {
      if (Double.isNaN(k)) {
        throw Evaluation.failed((ratio ? "Ratio" : "Parameter") + " value is NaN");
      }
      if (ratio) {
        continue;
      }
      if (Math.abs(k) >= 0x1p63) {
        throw Evaluation.failed(
            "Scalar value "
                + Numbers.format(k)
                + (k > 0 ? " overflows int64" : " underflows int64"));
      }
    }
    if (ratio) {
      Block in = evaluation.vector(aggregate.expr());
      return limitRatio(evaluation, in, parameters, Evaluation.unwrap(parameter).span());
    }
    if (aggregate.op() == AggregateOp.LIMITK) {
      Block in = evaluation.vector(aggregate.expr());
      return new Aggregation(evaluation, aggregate, in).limit(parameters);
    }
    return TopK.of(evaluation, aggregate, evaluation.vector(aggregate.expr()), parameters);
  }

  /** The operators that fold one value after the other. */
  private Block simple() {
    int steps = in.steps();
    int size = groups.size() * steps;
    Fold fold = new Fold(aggregate.op(), size);
    HistogramFold histograms = null;
    boolean[] drops = new boolean[groups.size()];
    for (int row = 0; row < in.rows(); row++) {
      evaluation.run.tick();
      int base = groupOf[row] * steps;
      for (int step = 0; step < steps; step++) {
        double value = in.get(row, step);
        if (Block.isHistogram(value)) {
          histograms = addHistogram(fold, histograms, base + step, row, step);
        } else if (!Block.isAbsent(value)) {
          fold.add(base + step, value);
        }
      }
      drops[groupOf[row]] |= in.dropsName(row);
    }
    Block out = new Block(steps, groups.size());
    for (int group = 0; group < groups.size(); group++) {
      out.add(groups.labels(group), drops[group]);
      for (int step = 0; step < steps; step++) {
        int at = group * steps + step;
        if (histograms == null || !histograms.has(at)) {
          out.set(group, step, fold.result(at));
          continue;
        }
        Histogram result = histograms.result(at, fold.counts[at] > 0);
        if (result != null) {
          evaluation.run.hold(result.size());
          out.set(group, step, result);
        }
      }
    }
    return out;
  }

  /** Adds a histogram to those there are, or does without it. */
  private @Nullable HistogramFold addHistogram(
      Fold fold, @Nullable HistogramFold histograms, int at, int row, int step) {
    AggregateOp op = aggregate.op();
    if (op == AggregateOp.COUNT || op == AggregateOp.GROUP) {
      fold.add(at, 1);
      return histograms;
    }
    HistogramNotes notes = notes();
    if (op != AggregateOp.SUM && op != AggregateOp.AVG) {
      notes.ignoredIn(op);
      return histograms;
    }
    HistogramFold all =
        histograms == null
            ? new HistogramFold(op == AggregateOp.AVG, groups.size() * in.steps(), notes)
            : histograms;
    Histogram histogram = in.histogram(row, step);
    if (histogram != null) {
      all.add(at, histogram, in.labels(row));
    }
    return all;
  }

  private HistogramNotes notes() {
    // As Prometheus does it: of those that pick elements, the annotation is at the whole.
    boolean whole = aggregate.op().isSelection();
    Span span = whole ? aggregate.span() : aggregate.expr().span();
    return new HistogramNotes(evaluation.run, span);
  }

  /** The input without histograms, which are told of. */
  private Block numbers() {
    for (int row = 0; in.hasHistograms() && row < in.rows(); row++) {
      for (int step = 0; step < in.steps(); step++) {
        if (in.histogram(row, step) != null) {
          notes().ignoredIn(aggregate.op());
        }
      }
    }
    return in.numbers();
  }

  /** The first few elements of each group. */
  private Block limit(double[] wanted) {
    int[] taken = new int[groups.size()];
    for (int step = 0; step < in.steps(); step++) {
      Arrays.fill(taken, 0);
      for (int row = 0; row < in.rows(); row++) {
        if (in.has(row, step) && ++taken[groupOf[row]] > Math.max(0, (long) wanted[step])) {
          in.set(row, step, Block.ABSENT);
        }
      }
    }
    return in;
  }

  /** The series whose hash is below the ratio; for a negative one, all that 1 plus it leaves. */
  private static Block limitRatio(Evaluation evaluation, Block in, double[] ratios, Span span) {
    double most = Arrays.stream(ratios).max().orElse(0);
    double least = Arrays.stream(ratios).min().orElse(0);
    if (most > 1) {
      warnOfRatio(evaluation, most, 1, span);
    }
    if (least < -1) {
      warnOfRatio(evaluation, least, -1, span);
    }
    for (int row = 0; row < in.rows(); row++) {
      double share = LabelsHash.share(in.labels(row));
      for (int step = 0; step < in.steps(); step++) {
        double ratio = Math.max(-1, Math.min(1, ratios[step]));
        if (ratio >= 0 ? share >= ratio : share < 1 + ratio) {
          in.set(row, step, Block.ABSENT);
        }
      }
    }
    return in;
  }

  private static void warnOfRatio(Evaluation evaluation, double ratio, int capped, Span span) {
    evaluation.run.warn(
        "ratio value should be between -1 and 1, got "
            + Numbers.format(ratio)
            + ", capping to "
            + capped,
        span);
  }

  private Block quantile(double[] quantiles) {
    numbers();
    int[] rows = rowsByGroup(groupOf, groups.size());
    double[] values = new double[in.rows()];
    Block out = new Block(in.steps(), groups.size());
    int from = 0;
    for (int group = 0; group < groups.size(); group++) {
      int to = from;
      boolean drops = false;
      while (to < rows.length && groupOf[rows[to]] == group) {
        drops |= in.dropsName(rows[to++]);
      }
      out.add(groups.labels(group), drops);
      for (int step = 0; step < in.steps(); step++) {
        int count = 0;
        for (int i = from; i < to; i++) {
          double value = in.get(rows[i], step);
          if (!Block.isAbsent(value)) {
            values[count++] = value;
          }
        }
        evaluation.run.work(1 + to - from);
        if (count > 0) {
          Quantile.sort(values, count);
          out.set(group, step, Quantile.of(quantiles[step], values, count));
        }
      }
      from = to;
    }
    return out;
  }

  /** The rows, those of group 0 first. */
  static int[] rowsByGroup(int[] groupOf, int groups) {
    int[] next = new int[groups + 1];
    for (int group : groupOf) {
      next[group + 1]++;
    }
    for (int group = 0; group < groups; group++) {
      next[group + 1] += next[group];
    }
    int[] rows = new int[groupOf.length];
    for (int row = 0; row < groupOf.length; row++) {
      rows[next[groupOf[row]]++] = row;
    }
    return rows;
  }

  /** The running state of every group at every step, each at its own index. */
  private static final class Fold {
    private final AggregateOp op;
    private final int[] counts;
    private final double[] values;
    private final double[] second;

    /** Averages whose sum overflowed and which are a running mean since. */
    private boolean[] running = new boolean[0];

    Fold(AggregateOp op, int size) {
      this.op = op;
      this.counts = new int[size];
      boolean counting = op == AggregateOp.COUNT || op == AggregateOp.GROUP;
      this.values = new double[counting ? 0 : size];
      boolean plain = counting || op == AggregateOp.MIN || op == AggregateOp.MAX;
      this.second = new double[plain ? 0 : size];
    }

    void add(int at, double value) {
      int count = ++counts[at];
      switch (op) {
        case COUNT, GROUP -> {}
        case SUM -> addKahan(at, value);
        case AVG -> addToMean(at, value, count);
        case MIN -> {
          if (count == 1 || value < values[at] || Double.isNaN(values[at])) {
            values[at] = value;
          }
        }
        case MAX -> {
          if (count == 1 || value > values[at] || Double.isNaN(values[at])) {
            values[at] = value;
          }
        }
        case STDDEV, STDVAR -> addToVariance(at, value, count);
        default -> throw new AssertionError(op);
      }
    }

    double result(int at) {
      int count = counts[at];
      if (count == 0) {
        return Block.ABSENT;
      }
      return switch (op) {
        case COUNT -> count;
        case GROUP -> 1;
        case SUM -> values[at] + second[at];
        case AVG ->
            running.length > 0 && running[at]
                ? values[at] + second[at]
                : values[at] / count + second[at] / count;
        case MIN, MAX -> values[at];
        case STDVAR -> values[at] / count;
        case STDDEV -> Math.sqrt(values[at] / count);
        default -> throw new AssertionError(op);
      };
    }

    private void addKahan(int at, double value) {
      double next = values[at] + value;
      second[at] = Kahan.compensation(values[at], second[at], value, next);
      values[at] = next;
    }

    private void addToMean(int at, double value, int count) {
      if (running.length == 0 || !running[at]) {
        double next = values[at] + value;
        if (!Double.isInfinite(next) || count == 1) {
          addKahan(at, value);
          return;
        }
        if (running.length == 0) {
          running = new boolean[counts.length];
        }
        running[at] = true;
        values[at] /= count - 1;
        second[at] /= count - 1;
      }
      double share = (count - 1.0) / count;
      values[at] *= share;
      second[at] *= share;
      addKahan(at, value / count);
    }

    /**
     * Welford's method: the first array holds the sum of squared distances, the second the mean.
     */
    private void addToVariance(int at, double value, int count) {
      if (count == 1) {
        values[at] = Double.isNaN(value) || Double.isInfinite(value) ? Double.NaN : 0;
        second[at] = value;
        return;
      }
      double delta = value - second[at];
      second[at] += delta / count;
      values[at] += delta * (value - second[at]);
    }
  }

  /** {@code count_values}: as many rows for a group as it has values. */
  private static final class CountValues {
    static Block of(Evaluation evaluation, Expr.Aggregate aggregate, String label) {
      if (label.isEmpty() || !Strings.isUtf8(label)) {
        throw Evaluation.failed("invalid label name " + Strings.quote(label));
      }
      Block in = evaluation.vector(aggregate.expr());
      List<String> grouping = aggregate.grouping();
      if (!aggregate.without()) {
        grouping = new java.util.ArrayList<>(grouping);
        grouping.add(label);
      }
      GroupKey key = aggregate.without() ? GroupKey.without(grouping) : GroupKey.by(grouping);
      Groups groups = new Groups(key, in.rows());
      Block out = new Block(in.steps(), in.rows());
      for (int row = 0; row < in.rows(); row++) {
        evaluation.run.tick();
        double known = Block.ABSENT;
        int group = 0;
        for (int step = 0; step < in.steps(); step++) {
          if (!in.has(row, step)) {
            continue;
          }
          Histogram histogram = in.histogram(row, step);
          if (histogram != null) {
            known = Block.ABSENT;
            group = groups.of(in.labels(row).with(label, histogram.toString()));
            if (group == out.rows()) {
              evaluation.run.hold(in.steps());
              out.add(groups.labels(group), false);
            }
            out.set(group, step, out.has(group, step) ? out.get(group, step) + 1 : 1);
            continue;
          }
          double value = in.get(row, step);
          if (Block.isAbsent(known)
              || Double.doubleToLongBits(known) != Double.doubleToLongBits(value)) {
            known = value;
            Labels labels = in.labels(row).with(label, Numbers.plain(value));
            group = groups.of(labels);
            if (group == out.rows()) {
              evaluation.run.hold(in.steps());
              out.add(groups.labels(group), false);
            }
          }
          out.set(group, step, out.has(group, step) ? out.get(group, step) + 1 : 1);
        }
      }
      return out;
    }
  }

  /** {@code topk} and {@code bottomk}: whole elements of each group, best first. */
  private static final class TopK {
    static Block of(Evaluation evaluation, Expr.Aggregate aggregate, Block in, double[] wanted) {
      Aggregation grouped = new Aggregation(evaluation, aggregate, in);
      grouped.numbers();
      int[] rows = rowsByGroup(grouped.groupOf, grouped.groups.size());
      boolean top = aggregate.op() == AggregateOp.TOPK;
      boolean single = in.steps() == 1;
      // Of several steps all rows stay, with holes; of one, the picked rows in their order.
      Block out = new Block(in.steps(), in.rows());
      for (int row = 0; !single && row < in.rows(); row++) {
        out.add(in.labels(row), in.dropsName(row));
      }
      int[] picked = new int[rows.length];
      int from = 0;
      while (from < rows.length) {
        int to = from;
        while (to < rows.length && grouped.groupOf[rows[to]] == grouped.groupOf[rows[from]]) {
          to++;
        }
        for (int step = 0; step < in.steps(); step++) {
          int k = (int) Math.max(0, Math.min(wanted[step], in.rows()));
          int count = pick(in, rows, from, to, step, k, top, picked);
          for (int i = 0; i < count; i++) {
            int row = single ? out.add(in.labels(picked[i]), in.dropsName(picked[i])) : picked[i];
            out.set(row, step, in.get(picked[i], step));
          }
          evaluation.run.work(1 + to - from);
        }
        from = to;
      }
      return out;
    }

    /** Puts the best {@code k} rows into {@code picked}, best first; how many there are. */
    private static int pick(
        Block in, int[] rows, int from, int to, int step, int k, boolean top, int[] picked) {
      // A heap with the worst of the picked at its root.
      int size = 0;
      for (int i = from; i < to; i++) {
        double value = in.get(rows[i], step);
        if (k == 0 || Block.isAbsent(value)) {
          continue;
        }
        if (size < k) {
          int at = size++;
          while (at > 0 && better(in.get(picked[(at - 1) / 2], step), value, top)) {
            picked[at] = picked[(at - 1) / 2];
            at = (at - 1) / 2;
          }
          picked[at] = rows[i];
        } else if (better(value, in.get(picked[0], step), top)) {
          sink(in, picked, size, rows[i], step, top);
        }
      }
      for (int left = size - 1; left > 0; left--) {
        int worst = picked[0];
        sink(in, picked, left, picked[left], step, top);
        picked[left] = worst;
      }
      return size;
    }

    /** Replaces the root. */
    private static void sink(Block in, int[] heap, int size, int row, int step, boolean top) {
      double value = in.get(row, step);
      int at = 0;
      while (2 * at + 1 < size) {
        int child = 2 * at + 1;
        if (child + 1 < size
            && better(in.get(heap[child], step), in.get(heap[child + 1], step), top)) {
          child++;
        }
        if (!better(value, in.get(heap[child], step), top)) {
          break;
        }
        heap[at] = heap[child];
        at = child;
      }
      heap[at] = row;
    }

    /** NaN is the worst, whichever way. */
    private static boolean better(double one, double other, boolean top) {
      if (Double.isNaN(one) || Double.isNaN(other)) {
        return !Double.isNaN(one);
      }
      return top ? one > other : one < other;
    }
  }
}
