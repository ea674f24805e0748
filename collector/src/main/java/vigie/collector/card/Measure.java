package vigie.collector.card;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.graph.Unit;
import vigie.collector.promql.AggregateOp;
import vigie.collector.promql.BinaryOp;
import vigie.collector.promql.Expr;
import vigie.collector.promql.SelectorUse;

/**
 * What a rule compares with what: {@code expr OP number}, also on the left of {@code and} and
 * {@code unless}.
 *
 * @param graphed what changes over time: the expression without the comparison
 * @param op null where nothing is compared with a number
 * @param limit the number; NaN where there is none
 * @param unit of the value, as the metrics' names tell it
 */
record Measure(Expr graphed, @Nullable BinaryOp op, double limit, Unit unit) {
  private static final Set<String> KEEPS_UNIT =
      Set.of(
          "abs",
          "avg_over_time",
          "ceil",
          "clamp",
          "clamp_max",
          "clamp_min",
          "floor",
          "increase",
          "delta",
          "idelta",
          "last_over_time",
          "max_over_time",
          "min_over_time",
          "predict_linear",
          "quantile_over_time",
          "round",
          "sort",
          "sort_desc",
          "stddev_over_time",
          "sum_over_time",
          "label_replace",
          "label_join",
          "scalar",
          "vector",
          "double_exponential_smoothing");

  static Measure of(Expr whole) {
    Expr expr = strip(whole);
    if (expr instanceof Expr.Binary set
        && (set.op() == BinaryOp.AND || set.op() == BinaryOp.UNLESS)) {
      return of(set.left());
    }
    if (expr instanceof Expr.Binary compared && compared.op().isComparison() && !compared.bool()) {
      Optional<Double> right = number(compared.right());
      Optional<Double> left = number(compared.left());
      if (right.isPresent() && left.isEmpty()) {
        return new Measure(compared.left(), compared.op(), right.get(), unitOf(compared.left()));
      }
      if (left.isPresent() && right.isEmpty()) {
        return new Measure(
            compared.right(), turned(compared.op()), left.get(), unitOf(compared.right()));
      }
      return new Measure(compared.left(), null, Double.NaN, unitOf(compared.left()));
    }
    return new Measure(expr, null, Double.NaN, unitOf(expr));
  }

  /** Whether there is a limit that a value passes by growing or by falling. */
  boolean hasLimit() {
    return isAbove() || isBelow();
  }

  /** Whether it is bad above the limit. */
  boolean isAbove() {
    return op == BinaryOp.GREATER || op == BinaryOp.GREATER_OR_EQUAL;
  }

  boolean isBelow() {
    return op == BinaryOp.LESS || op == BinaryOp.LESS_OR_EQUAL;
  }

  Measure withUnit(Unit other) {
    return new Measure(graphed, op, limit, other);
  }

  private static BinaryOp turned(BinaryOp op) {
    return switch (op) {
      case LESS -> BinaryOp.GREATER;
      case LESS_OR_EQUAL -> BinaryOp.GREATER_OR_EQUAL;
      case GREATER -> BinaryOp.LESS;
      case GREATER_OR_EQUAL -> BinaryOp.LESS_OR_EQUAL;
      default -> op;
    };
  }

  private static Expr strip(Expr expr) {
    return expr instanceof Expr.Paren paren ? strip(paren.expr()) : expr;
  }

  /** The value of what is written as numbers only, such as {@code -5} or {@code 24 * 3600}. */
  private static Optional<Double> number(Expr whole) {
    Expr expr = strip(whole);
    if (expr instanceof Expr.Num num) {
      return Optional.of(num.value());
    }
    if (expr instanceof Expr.Unary unary) {
      return number(unary.expr()).map(value -> unary.negative() ? -value : value);
    }
    if (expr instanceof Expr.Binary binary) {
      Optional<Double> left = number(binary.left());
      Optional<Double> right = number(binary.right());
      if (left.isEmpty() || right.isEmpty()) {
        return Optional.empty();
      }
      return switch (binary.op()) {
        case ADD -> Optional.of(left.get() + right.get());
        case SUBTRACT -> Optional.of(left.get() - right.get());
        case MULTIPLY -> Optional.of(left.get() * right.get());
        case DIVIDE -> Optional.of(left.get() / right.get());
        case POWER -> Optional.of(Math.pow(left.get(), right.get()));
        default -> Optional.empty();
      };
    }
    return Optional.empty();
  }

  private static Unit unitOf(Expr whole) {
    Expr expr = strip(whole);
    if (expr instanceof Expr.VectorSelector selector) {
      return ofMetric(selector.name());
    }
    if (expr instanceof Expr.MatrixSelector matrix) {
      return ofMetric(matrix.vector().name());
    }
    if (expr instanceof Expr.Subquery subquery) {
      return unitOf(subquery.expr());
    }
    if (expr instanceof Expr.Unary unary) {
      return unitOf(unary.expr());
    }
    if (expr instanceof Expr.Aggregate aggregate) {
      boolean counts =
          aggregate.op() == AggregateOp.COUNT
              || aggregate.op() == AggregateOp.COUNT_VALUES
              || aggregate.op() == AggregateOp.GROUP;
      return counts ? Unit.NONE : unitOf(aggregate.expr());
    }
    if (expr instanceof Expr.Call call) {
      return ofCall(call);
    }
    return expr instanceof Expr.Binary binary ? ofBinary(binary) : Unit.NONE;
  }

  private static Unit ofCall(Expr.Call call) {
    List<Expr> args = call.args();
    String name = call.function().name();
    switch (name) {
      case "time", "timestamp" -> {
        return Unit.SECONDS;
      }
      case "rate", "irate", "deriv" -> {
        Unit of = unitOf(args.get(0));
        // Seconds of work in a second: a share.
        return of.equals(Unit.SECONDS)
            ? Unit.RATIO
            : of.equals(Unit.BYTES) ? Unit.BYTES_PER_SECOND : Unit.NONE;
      }
      case "histogram_quantile", "histogram_avg" -> {
        List<SelectorUse> selectors = args.get(args.size() - 1).selectors();
        return selectors.isEmpty() ? Unit.NONE : ofMetric(name(selectors.get(0)));
      }
      default -> {
        boolean keeps = KEEPS_UNIT.contains(name) && !args.isEmpty();
        Expr first = keeps ? args.get(name.equals("quantile_over_time") ? 1 : 0) : call;
        return keeps ? unitOf(first) : Unit.NONE;
      }
    }
  }

  private static String name(SelectorUse selector) {
    return selector.matchers().stream()
        .filter(matcher -> matcher.name().equals("__name__"))
        .map(matcher -> matcher.value())
        .findFirst()
        .orElse("");
  }

  private static Unit ofBinary(Expr.Binary binary) {
    Optional<Double> leftNumber = number(binary.left());
    Optional<Double> rightNumber = number(binary.right());
    Unit left = unitOf(binary.left());
    Unit right = unitOf(binary.right());
    Unit either = leftNumber.isPresent() ? right : left;
    boolean hundred =
        leftNumber.filter(value -> value == 100).isPresent()
            || rightNumber.filter(value -> value == 100).isPresent();
    switch (binary.op()) {
      case MULTIPLY -> {
        if (hundred) {
          return either.equals(Unit.RATIO) || either.equals(Unit.NONE) ? Unit.PERCENT : Unit.NONE;
        }
        return Unit.NONE;
      }
      case DIVIDE -> {
        boolean both = leftNumber.isEmpty() && rightNumber.isEmpty();
        return both && left.equals(right) ? Unit.RATIO : Unit.NONE;
      }
      case ADD, SUBTRACT -> {
        return leftNumber.isPresent() || rightNumber.isPresent() || left.equals(right)
            ? either
            : Unit.NONE;
      }
      default -> {
        return binary.op().isComparison() || binary.op().isSet() ? left : Unit.NONE;
      }
    }
  }

  /** Prometheus's naming: the unit is the last word, before {@code _total} and its like. */
  static Unit ofMetric(String metric) {
    String name = metric.toLowerCase(Locale.ROOT).replaceFirst("_(total|bucket|sum|created)$", "");
    String last = name.substring(name.lastIndexOf('_') + 1);
    return switch (last) {
      case "bytes" -> Unit.BYTES;
      case "seconds" -> Unit.SECONDS;
      case "ratio" -> Unit.RATIO;
      case "percent" -> Unit.PERCENT;
      case "celsius", "volts", "amperes", "watts", "hertz" -> Unit.named(last);
      default -> Unit.NONE;
    };
  }
}
