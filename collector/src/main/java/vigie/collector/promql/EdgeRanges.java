package vigie.collector.promql;

import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;

/**
 * Selectors that say what is at the edges of a range: {@code anchored} begins with the last sample
 * before it, {@code smoothed} puts in at both ends what lies on the line between the samples around
 * it. The window holds what the look-back finds before the range and, smoothed, behind it.
 */
final class EdgeRanges {
  private static final List<String> ANCHORED =
      List.of("changes", "delta", "increase", "rate", "resets");
  private static final List<String> SMOOTHED = List.of("delta", "increase", "rate");

  private EdgeRanges() {}

  /** What the argument says of its edges. */
  static Expr.Edges of(Expr argument) {
    return Evaluation.unwrap(argument) instanceof Expr.MatrixSelector matrix
        ? matrix.vector().edges()
        : Expr.Edges.PLAIN;
  }

  /**
   * @throws PromqlException if an argument says of its edges what the function cannot do
   */
  static void check(Expr.Call call) {
    for (Expr argument : call.args()) {
      Expr.Edges edges = of(argument);
      List<String> able = edges == Expr.Edges.ANCHORED ? ANCHORED : SMOOTHED;
      if (edges != Expr.Edges.PLAIN && !able.contains(call.function().name())) {
        throw Evaluation.failed(
            edges.name().toLowerCase(Locale.ROOT)
                + " modifier can only be used with: "
                + String.join(", ", able)
                + " - not with "
                + call.function().name());
      }
    }
  }

  /** The function with these edges, of numbers as of histograms. */
  static HistogramRanges.Of function(String name, Expr.Edges edges, HistogramRanges.Of plain) {
    boolean smoothed = edges == Expr.Edges.SMOOTHED;
    return switch (name) {
      case "rate" -> (w, p, notes) -> change(w, smoothed, true, true, notes);
      case "increase" -> (w, p, notes) -> change(w, smoothed, true, false, notes);
      case "delta" -> (w, p, notes) -> change(w, smoothed, false, false, notes);
      default -> (w, p, notes) -> anchored(w, p, plain, notes);
    };
  }

  /** The function of the last sample before the range and those in it. */
  private static double anchored(
      Window w, double parameter, HistogramRanges.Of plain, HistogramNotes notes) {
    int from = w.from;
    int first = from;
    while (first < w.to && w.times[first] <= w.start) {
      first++;
    }
    if (first == w.to) {
      return Block.ABSENT;
    }
    w.from = Math.max(from, first - 1);
    double result = plain.of(w, parameter, notes);
    w.from = from;
    return result;
  }

  private static double change(
      Window w, boolean smoothed, boolean counter, boolean perSecond, HistogramNotes notes) {
    if (w.histograms() > 0 && w.histograms() < w.size()) {
      notes.mixedWithNumbers();
      return Block.ABSENT;
    }
    int last = w.to - 1;
    int first = w.from;
    while (first < last && w.times[first] <= w.start) {
      first++;
    }
    first = Math.max(w.from, first - 1);
    if (smoothed) {
      last = w.from;
      while (last < w.to - 1 && w.times[last] < w.end) {
        last++;
      }
    }
    if (w.times[last] <= w.start || (smoothed && w.times[first] > w.end)) {
      return Block.ABSENT;
    }
    double seconds = perSecond ? w.rangeSeconds() : 1;
    if (w.histograms() == 0) {
      return numberChange(w, first, last, smoothed, counter) / seconds;
    }
    Histogram change = histogramChange(w, first, last, smoothed, counter, notes);
    if (change == null) {
      return Block.ABSENT;
    }
    Histogram result = perSecond ? change.dividedBy(seconds) : change;
    w.result = result.withHint(Histogram.Hint.GAUGE).compacted();
    return Block.HISTOGRAM;
  }

  private static double numberChange(
      Window w, int first, int last, boolean smoothed, boolean counter) {
    double left =
        smoothed && w.times[first] < w.start
            ? between(w, first, first + 1, w.start, counter)
            : w.values[first];
    double right =
        smoothed && last > w.from && w.times[last] > w.end
            ? between(w, last - 1, last, w.end, counter)
            : w.values[last];
    double change = right - left;
    if (!counter) {
      return change;
    }
    // What is at an edge already stands for the samples around it.
    double before = left;
    int to = w.times[last] >= w.end ? last : last + 1;
    for (int i = w.times[first] <= w.start ? first + 1 : first; i < to; i++) {
      change += w.values[i] < before ? before : 0;
      before = w.values[i];
    }
    return right < before ? change + before : change;
  }

  private static double between(Window w, int one, int other, long time, boolean counter) {
    return between(w.values[one], w.times[one], w.values[other], w.times[other], time, counter);
  }

  /** What is on the line between two samples; a counter that was reset began at 0. */
  private static double between(
      double one, long oneTime, double other, long otherTime, long time, boolean counter) {
    double start = counter && other < one ? 0 : one;
    return start + (other - start) * (time - oneTime) / (otherTime - oneTime);
  }

  private static @Nullable Histogram histogramChange(
      Window w, int first, int last, boolean smoothed, boolean counter, HistogramNotes notes) {
    for (int i = first; i <= last; i++) {
      if (!histogram(w, i).isOfKind(histogram(w, first))) {
        notes.mixedSchemas();
        return null;
      }
      if (counter && histogram(w, i).isGauge()) {
        notes.notCounter();
      }
    }
    Histogram left =
        smoothed && w.times[first] < w.start
            ? between(w, first, first + 1, w.start, counter, notes)
            : histogram(w, first);
    Histogram right =
        smoothed && last > w.from && w.times[last] > w.end
            ? between(w, last - 1, last, w.end, counter, notes)
            : histogram(w, last);
    if (left == null || right == null) {
      return null;
    }
    if (!counter && (!left.isGauge() || !right.isGauge())) {
      notes.notGauge();
    }
    Histogram change = minus(right, left, notes);
    if (!counter) {
      return change;
    }
    Histogram before = left;
    int next = first + 1;
    if (smoothed
        && w.times[first] < w.start
        && histogram(w, next).isResetAfter(histogram(w, first))) {
      // The left edge is past this reset already.
      before = histogram(w, next++);
    }
    if (next > last) {
      return change;
    }
    for (int i = next; i < last; i++) {
      Histogram now = histogram(w, i);
      change = now.isResetAfter(before) ? plus(change, before, notes) : change;
      before = now;
    }
    return right.isResetAfter(before) ? plus(change, before, notes) : change;
  }

  private static @Nullable Histogram between(
      Window w, int one, int other, long time, boolean counter, HistogramNotes notes) {
    return between(
        histogram(w, one), w.times[one], histogram(w, other), w.times[other], time, counter, notes);
  }

  /** As of numbers; null where one has exponential buckets and the other has not. */
  static @Nullable Histogram between(
      Histogram one,
      long oneTime,
      Histogram other,
      long otherTime,
      long time,
      boolean counter,
      HistogramNotes notes) {
    if (time == oneTime || time == otherTime) {
      return time == oneTime ? one : other;
    }
    double share = (double) (time - oneTime) / (otherTime - oneTime);
    if (counter && other.isResetAfter(one)) {
      return other.times(share);
    }
    if (!one.isOfKind(other)) {
      notes.mixedSchemas();
      return null;
    }
    return plus(minus(other, one, notes).times(share), one, notes);
  }

  private static Histogram minus(Histogram one, Histogram other, HistogramNotes notes) {
    if (one.hasOtherBounds(other)) {
      notes.reconciled("subtraction");
    }
    return one.minus(other);
  }

  private static Histogram plus(Histogram one, Histogram other, HistogramNotes notes) {
    if (one.hasOtherBounds(other)) {
      notes.reconciled("addition");
    }
    return one.plus(other);
  }

  private static Histogram histogram(Window w, int at) {
    return Objects.requireNonNull(w.histogram(at));
  }

  /**
   * The value at the window's evaluated time, which is the middle of its range: a sample of that
   * time, else what is on the line between those around it, else the last one.
   */
  static double at(Window w, HistogramNotes notes) {
    if (w.histograms() > 0 && w.histograms() < w.size()) {
      notes.mixedWithNumbers();
      return Block.ABSENT;
    }
    long time = w.evaluation;
    int next = w.from;
    while (next < w.to && w.times[next] < time) {
      next++;
    }
    boolean exact = next < w.to && w.times[next] == time;
    if (!exact && next == w.from) {
      return Block.ABSENT;
    }
    if (exact || next == w.to) {
      int at = exact ? next : next - 1;
      Histogram histogram = w.histogram(at);
      w.result =
          histogram == null || exact ? histogram : histogram.withHint(Histogram.Hint.UNKNOWN);
      return w.values[at];
    }
    if (w.histograms() == 0) {
      return between(w, next - 1, next, time, false);
    }
    Histogram before = histogram(w, next - 1);
    Histogram after = histogram(w, next);
    if (!before.isOfKind(after)) {
      notes.mixedSchemas();
      return Block.ABSENT;
    }
    boolean counter = !before.isGauge() || !after.isGauge();
    w.result = between(w, next - 1, next, time, counter, notes);
    return Block.HISTOGRAM;
  }
}
