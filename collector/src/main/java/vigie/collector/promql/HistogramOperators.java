package vigie.collector.promql;

import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Histogram;
import vigie.collector.histogram.HistogramTrim;

/**
 * Operators between two elements of which at least one is a native histogram, and the trim
 * operators. Of one step's annotations the last one is told, as Prometheus does.
 */
final class HistogramOperators {
  /**
   * What an operator gave.
   *
   * @param fails the two don't go together, so that even {@code bool} gives nothing
   * @param keeps whether a comparison holds; true of everything else
   * @param histogram null where the result is no histogram
   */
  record Outcome(boolean fails, boolean keeps, @Nullable Histogram histogram) {
    static final Outcome FAILED = new Outcome(true, false, null);
  }

  private final BinaryOp op;
  private final HistogramNotes notes;
  private @Nullable Runnable note;

  HistogramOperators(Run run, Expr.Binary binary) {
    this.op = binary.op();
    this.notes = new HistogramNotes(run, binary.span());
  }

  /** Tells what there is to tell of the elements since the last call. */
  void tell() {
    Runnable last = note;
    if (last != null) {
      last.run();
      note = null;
    }
  }

  /** The values count where there is no histogram. */
  Outcome apply(
      @Nullable Histogram left, double leftValue, @Nullable Histogram right, double rightValue) {
    if (left != null && right != null) {
      return ofTwo(left, right);
    }
    if (left != null) {
      switch (op) {
        case MULTIPLY:
          return of(left.times(rightValue).compacted());
        case DIVIDE:
          return of(left.dividedBy(rightValue).compacted());
        case TRIM_UPPER:
          return of(HistogramTrim.below(left, rightValue));
        case TRIM_LOWER:
          return of(HistogramTrim.above(left, rightValue));
        default:
          break;
      }
    } else if (right != null && op == BinaryOp.MULTIPLY) {
      return of(right.times(leftValue).compacted());
    }
    note = () -> notes.incompatibleTypes(op, left != null, right != null);
    return Outcome.FAILED;
  }

  private Outcome ofTwo(Histogram left, Histogram right) {
    switch (op) {
      case ADD, SUBTRACT:
        return combined(left, right);
      case EQUAL:
        return new Outcome(false, left.equals(right), left);
      case NOT_EQUAL:
        return new Outcome(false, !left.equals(right), left);
      default:
        note = () -> notes.incompatibleTypes(op, true, true);
        return Outcome.FAILED;
    }
  }

  private Outcome combined(Histogram left, Histogram right) {
    String operation = op == BinaryOp.ADD ? "addition" : "subtraction";
    if (!left.isOfKind(right)) {
      note = () -> notes.incompatibleLayout(op);
      return Outcome.FAILED;
    }
    if (left.contradicts(right)) {
      note = () -> notes.conflictingResets(operation);
      return Outcome.FAILED;
    }
    if (left.hasOtherBounds(right)) {
      note = () -> notes.reconciled(operation);
    }
    Histogram result =
        op == BinaryOp.ADD ? left.plus(right) : left.minus(right).withHint(Histogram.Hint.GAUGE);
    return of(result.compacted());
  }

  private static Outcome of(Histogram histogram) {
    return new Outcome(false, true, histogram);
  }
}
