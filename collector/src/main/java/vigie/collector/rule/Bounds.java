package vigie.collector.rule;

import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.BinaryOp;
import vigie.collector.promql.Expr;
import vigie.collector.promql.ValueType;

/**
 * Which values an expression can have, as far as that is known without data. Everything unknown is
 * from minus to plus infinity.
 *
 * @param never whether it gives no element at all, whatever the data are
 */
record Bounds(double low, double high, boolean never) {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final Bounds ANY = new Bounds(-INF, INF, false);
  private static final Bounds POSITIVE = new Bounds(0, INF, false);
  private static final Bounds COUNTED = new Bounds(1, INF, false);
  private static final Bounds ONE = new Bounds(1, 1, false);
  private static final Bounds FLAG = new Bounds(0, 1, false);
  private static final Set<String> FLAGS =
      Set.of(
          "up",
          "probe_success",
          "vigie_probe_up",
          "vigie_unit_up",
          "vigie_node_up",
          "vigie_node_state");

  /**
   * @param why told, in words, of each part that can never hold
   */
  static Bounds of(Expr expr, Consumer<String> why) {
    if (expr instanceof Expr.Num number) {
      return new Bounds(number.value(), number.value(), false);
    }
    if (expr instanceof Expr.Paren paren) {
      return of(paren.expr(), why);
    }
    if (expr instanceof Expr.Unary unary) {
      Bounds inner = of(unary.expr(), why);
      return unary.negative() ? new Bounds(-inner.high, -inner.low, inner.never) : inner;
    }
    if (expr instanceof Expr.VectorSelector selector) {
      return selector(selector, why);
    }
    if (expr instanceof Expr.MatrixSelector matrix) {
      return of(matrix.vector(), why);
    }
    if (expr instanceof Expr.Subquery subquery) {
      return of(subquery.expr(), why);
    }
    if (expr instanceof Expr.Aggregate aggregate) {
      return aggregate(aggregate, of(aggregate.expr(), why));
    }
    if (expr instanceof Expr.Call call) {
      return call(call, why);
    }
    return expr instanceof Expr.Binary binary ? binary(binary, why) : ANY;
  }

  private static Bounds selector(Expr.VectorSelector selector, Consumer<String> why) {
    List<LabelMatcher> matchers = selector.matchers();
    for (LabelMatcher fixed : matchers) {
      if (fixed.op() != LabelMatcher.Op.EQUAL) {
        continue;
      }
      Labels labels = Labels.EMPTY.with(fixed.name(), fixed.value());
      for (LabelMatcher other : matchers) {
        if (other.name().equals(fixed.name()) && !other.matches(labels)) {
          why.accept("nothing can match both " + fixed + " and " + other);
          return new Bounds(-INF, INF, true);
        }
      }
    }
    String name = selector.name();
    if (FLAGS.contains(name)) {
      return FLAG;
    }
    boolean counts = name.endsWith("_total") || name.endsWith("_bucket") || name.endsWith("_count");
    return counts ? POSITIVE : ANY;
  }

  private static Bounds aggregate(Expr.Aggregate aggregate, Bounds inner) {
    Bounds bounds =
        switch (aggregate.op().text()) {
          case "sum" -> inner.low >= 0 ? POSITIVE : ANY;
          case "count", "count_values" -> COUNTED;
          case "group" -> ONE;
          case "stddev", "stdvar" -> POSITIVE;
          case "avg", "min", "max", "topk", "bottomk" -> inner;
          default -> ANY;
        };
    return bounds.never(inner.never);
  }

  private static Bounds call(Expr.Call call, Consumer<String> why) {
    String name = call.function().name();
    if (name.startsWith("absent")) {
      return ONE;
    }
    Bounds inner = ANY;
    boolean never = false;
    for (Expr arg : call.args()) {
      if (arg.type() == ValueType.VECTOR || arg.type() == ValueType.MATRIX) {
        inner = of(arg, why);
        never = inner.never;
      } else if (name.equals("vector")) {
        inner = of(arg, why);
      }
    }
    return switch (name) {
      case "scalar" -> new Bounds(inner.low, inner.high, false);
      case "vector", "sort", "sort_desc", "sort_by_label", "sort_by_label_desc" -> inner;
      case "label_replace", "label_join", "avg_over_time", "min_over_time" -> inner;
      case "max_over_time", "last_over_time", "first_over_time" -> inner;
      case "sum_over_time" -> (inner.low >= 0 ? POSITIVE : ANY).never(never);
      case "count_over_time" -> COUNTED.never(never);
      case "present_over_time" -> ONE.never(never);
      case "rate", "irate", "increase", "changes", "resets", "abs", "sqrt", "exp" ->
          POSITIVE.never(never);
      case "stddev_over_time", "stdvar_over_time", "time", "timestamp" -> POSITIVE.never(never);
      case "hour" -> new Bounds(0, 23, never);
      case "minute" -> new Bounds(0, 59, never);
      case "month" -> new Bounds(1, 12, never);
      case "day_of_week" -> new Bounds(0, 6, never);
      case "day_of_month", "days_in_month" -> new Bounds(1, 31, never);
      case "day_of_year" -> new Bounds(1, 366, never);
      case "sgn" -> new Bounds(-1, 1, never);
      default -> ANY.never(never);
    };
  }

  private static Bounds binary(Expr.Binary binary, Consumer<String> why) {
    Bounds left = of(binary.left(), why);
    Bounds right = of(binary.right(), why);
    BinaryOp op = binary.op();
    if (op == BinaryOp.OR) {
      double low = Math.min(left.low, right.low);
      return new Bounds(low, Math.max(left.high, right.high), left.never && right.never);
    }
    if (op.isSet()) {
      return left.never(op == BinaryOp.AND && right.never);
    }
    boolean never = left.never || right.never;
    if (!op.isComparison()) {
      return arithmetic(op, left, right).never(never);
    }
    if (binary.bool()) {
      return FLAG.never(never);
    }
    if (!never && !canHold(op, left, right)) {
      why.accept(cannotHold(binary, left, right));
      never = true;
    }
    boolean keepsLeft = binary.left().type() == ValueType.VECTOR;
    Bounds kept = keepsLeft ? left : right;
    return narrowed(op, kept, keepsLeft ? right : left, keepsLeft).never(never);
  }

  private static boolean canHold(BinaryOp op, Bounds a, Bounds b) {
    if (Double.isNaN(a.low) || Double.isNaN(b.low)) {
      return op == BinaryOp.NOT_EQUAL;
    }
    return switch (op) {
      case EQUAL -> Math.max(a.low, b.low) <= Math.min(a.high, b.high);
      case NOT_EQUAL -> a.low != a.high || b.low != b.high || a.low != b.low;
      case LESS -> a.low < b.high;
      case LESS_OR_EQUAL -> a.low <= b.high;
      case GREATER -> a.high > b.low;
      case GREATER_OR_EQUAL -> a.high >= b.low;
      default -> true;
    };
  }

  private static String cannotHold(Expr.Binary binary, Bounds left, Bounds right) {
    Bounds told = binary.left() instanceof Expr.Num ? right : left;
    Expr of = binary.left() instanceof Expr.Num ? binary.right() : binary.left();
    String hint =
        told.low == 1 && told.high == INF ? "; of nothing there is no count, see absent()" : "";
    return binary + " never holds: " + of + " is " + told + hint;
  }

  /** What of the kept side's values passes the comparison. */
  private static Bounds narrowed(BinaryOp op, Bounds kept, Bounds other, boolean keptIsLeft) {
    boolean upper = op == BinaryOp.LESS || op == BinaryOp.LESS_OR_EQUAL;
    boolean lower = op == BinaryOp.GREATER || op == BinaryOp.GREATER_OR_EQUAL;
    if (op == BinaryOp.EQUAL || (keptIsLeft ? lower : upper)) {
      kept = new Bounds(Math.max(kept.low, other.low), kept.high, kept.never);
    }
    if (op == BinaryOp.EQUAL || (keptIsLeft ? upper : lower)) {
      kept = new Bounds(kept.low, Math.min(kept.high, other.high), kept.never);
    }
    return kept.low > kept.high ? ANY : kept;
  }

  private static Bounds arithmetic(BinaryOp op, Bounds a, Bounds b) {
    double[] ends =
        switch (op) {
          case ADD -> new double[] {a.low + b.low, a.high + b.high};
          case SUBTRACT -> new double[] {a.low - b.high, a.high - b.low};
          case MULTIPLY ->
              new double[] {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
          case DIVIDE ->
              b.low > 0
                  ? new double[] {a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high}
                  : a.low >= 0 && b.low >= 0 ? new double[] {0, INF} : new double[] {-INF, INF};
          default -> new double[] {-INF, INF};
        };
    double low = INF;
    double high = -INF;
    for (double end : ends) {
      if (Double.isNaN(end)) {
        return ANY;
      }
      low = Math.min(low, end);
      high = Math.max(high, end);
    }
    return new Bounds(low, high, false);
  }

  private Bounds never(boolean now) {
    return now ? new Bounds(low, high, true) : this;
  }

  @Override
  public String toString() {
    if (low == high) {
      return "always " + shown(low);
    }
    if (high == INF) {
      return low == -INF ? "any number" : shown(low) + " or more";
    }
    return low == -INF ? shown(high) + " or less" : "from " + shown(low) + " to " + shown(high);
  }

  private static String shown(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
