package vigie.collector.promql;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.HistogramSum;

/** Functions of windows in which some samples, or all, are histograms. */
final class HistogramRanges {
  /** As {@link RangeFunctions.Of}, with what there is to tell. */
  interface Of {
    /**
     * The result, {@link Block#ABSENT} for none, {@link Block#HISTOGRAM} for what is then in the
     * window's {@code result}.
     */
    double of(Window window, double parameter, HistogramNotes notes);
  }

  private HistogramRanges() {}

  /** The function of the numbers alone. */
  static Of ignoring(RangeFunctions.Of function) {
    return (w, parameter, notes) -> {
      Window numbers = w.numbers();
      if (numbers.size() == 0) {
        return Block.ABSENT;
      }
      notes.ignoredInRange();
      return function.of(numbers, parameter);
    };
  }

  static double first(Window w, double unused, HistogramNotes notes) {
    return at(w, w.from);
  }

  static double last(Window w, double unused, HistogramNotes notes) {
    return at(w, w.to - 1);
  }

  private static double at(Window w, int at) {
    w.result = w.histogram(at);
    return w.values[at];
  }

  private static double result(Window w, Histogram histogram) {
    w.result = histogram;
    return Block.HISTOGRAM;
  }

  private static Histogram histogram(Window w, int at) {
    return Objects.requireNonNull(w.histogram(at));
  }

  private static boolean isMixed(Window w, HistogramNotes notes) {
    boolean mixed = w.histograms() < w.size();
    if (mixed) {
      notes.mixedWithNumbers();
    }
    return mixed;
  }

  static double sum(Window w, double unused, HistogramNotes notes) {
    return folded(w, false, notes);
  }

  static double avg(Window w, double unused, HistogramNotes notes) {
    return folded(w, true, notes);
  }

  private static double folded(Window w, boolean mean, HistogramNotes notes) {
    if (isMixed(w, notes)) {
      return Block.ABSENT;
    }
    Histogram first = histogram(w, w.from);
    HistogramSum sum = new HistogramSum(first);
    Hints hints = new Hints();
    hints.add(first);
    boolean reconciled = false;
    for (int i = w.from + 1; i < w.to; i++) {
      Histogram next = histogram(w, i);
      if (!sum.takes(next)) {
        notes.mixedSchemas();
        return Block.ABSENT;
      }
      hints.add(next);
      reconciled |= sum.hasOtherBounds(next);
      if (mean) {
        sum.addToMean(next);
      } else {
        sum.add(next);
      }
    }
    if (hints.conflict()) {
      notes.conflictingResets("aggregation");
    }
    if (reconciled) {
      notes.reconciled("aggregation");
    }
    return result(w, mean ? sum.mean() : sum.sum());
  }

  /** Whether some of several histograms say reset and some not reset. */
  static final class Hints {
    private boolean reset;
    private boolean notReset;

    void add(Histogram histogram) {
      reset |= histogram.hint() == Histogram.Hint.RESET;
      notReset |= histogram.hint() == Histogram.Hint.NOT_RESET;
    }

    boolean conflict() {
      return reset && notReset;
    }
  }

  static double changes(Window w, double unused, HistogramNotes notes) {
    int changes = 0;
    for (int i = w.from + 1; i < w.to; i++) {
      Histogram before = w.histogram(i - 1);
      Histogram now = w.histogram(i);
      if (before == null && now == null) {
        double a = w.values[i - 1];
        double b = w.values[i];
        changes += a != b && !(Double.isNaN(a) && Double.isNaN(b)) ? 1 : 0;
      } else {
        changes += before == null || now == null || !before.equals(now) ? 1 : 0;
      }
    }
    return changes;
  }

  static double resets(Window w, double unused, HistogramNotes notes) {
    int resets = 0;
    for (int i = w.from + 1; i < w.to; i++) {
      Histogram before = w.histogram(i - 1);
      Histogram now = w.histogram(i);
      if (before == null && now == null) {
        resets += w.values[i] < w.values[i - 1] ? 1 : 0;
      } else {
        // A change between numbers and histograms is a new start.
        resets += before == null || now == null || now.isResetAfter(before) ? 1 : 0;
      }
    }
    return resets;
  }

  /** The change over the range, extrapolated as numbers are, by the count of observations. */
  static double extrapolated(Window w, boolean counter, boolean perSecond, HistogramNotes notes) {
    if (isMixed(w, notes) || w.size() < 2) {
      return Block.ABSENT;
    }
    Histogram change = change(w, counter, notes);
    if (change == null) {
      return Block.ABSENT;
    }
    double first = histogram(w, w.from).count();
    double factor = RangeFunctions.extrapolation(w, first, change.count(), counter, perSecond);
    return result(w, change.times(factor));
  }

  private static @Nullable Histogram change(Window w, boolean counter, HistogramNotes notes) {
    Histogram first = histogram(w, w.from);
    Histogram last = histogram(w, w.to - 1);
    if (counter && (first.isGauge() || last.isGauge())) {
      notes.notCounter();
    }
    Histogram second = histogram(w, w.from + 1);
    if (counter && second.isResetAfter(first)) {
      // What was before the reset is over: it need not even have the same kind of buckets.
      first = second.emptied();
    }
    if (!last.isOfKind(first)) {
      notes.mixedSchemas();
      return null;
    }
    int schema = Math.min(first.schema(), last.schema());
    for (int i = w.from + 1; counter && i < w.to - 1; i++) {
      Histogram between = histogram(w, i);
      if (between.isGauge()) {
        notes.notCounter();
      }
      if (!between.isOfKind(first)) {
        notes.mixedSchemas();
        return null;
      }
      schema = Math.min(schema, between.schema());
    }
    if (last.hasOtherBounds(first)) {
      notes.reconciled("subtraction");
    }
    Histogram change = last.toSchema(schema).minus(first);
    if (!counter) {
      if (!histogram(w, w.from).isGauge() || !last.isGauge()) {
        notes.notGauge();
      }
      return change.withHint(Histogram.Hint.GAUGE).compacted();
    }
    Histogram before = first;
    for (int i = w.from + 1; i < w.to; i++) {
      Histogram now = histogram(w, i);
      if (now.isResetAfter(before)) {
        if (change.hasOtherBounds(before)) {
          notes.reconciled("addition");
        }
        change = change.plus(before);
      }
      before = now;
    }
    return change.withHint(Histogram.Hint.GAUGE).compacted();
  }

  /** The change between the last two samples, per second as of a counter. */
  static double lastTwo(Window w, boolean rate, HistogramNotes notes) {
    if (w.size() < 2) {
      return Block.ABSENT;
    }
    Histogram last = w.histogram(w.to - 1);
    Histogram before = w.histogram(w.to - 2);
    if (last == null && before == null) {
      return RangeFunctions.lastTwo(w, rate);
    }
    if (last == null || before == null) {
      notes.mixedWithNumbers();
      return Block.ABSENT;
    }
    if (rate && (last.isGauge() || before.isGauge())) {
      notes.notCounter();
    } else if (!rate && (!last.isGauge() || !before.isGauge())) {
      notes.notGauge();
    }
    Histogram change = last;
    if (!rate || !last.isResetAfter(before)) {
      if (!last.isOfKind(before)) {
        notes.mixedSchemas();
        return Block.ABSENT;
      }
      if (last.hasOtherBounds(before)) {
        notes.reconciled("subtraction");
      }
      change = last.minus(before);
    }
    change = change.withHint(Histogram.Hint.GAUGE).compacted();
    double seconds = (w.times[w.to - 1] - w.times[w.to - 2]) / 1000.0;
    return result(w, rate ? change.dividedBy(seconds) : change);
  }
}
