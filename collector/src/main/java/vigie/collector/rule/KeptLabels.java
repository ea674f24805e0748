package vigie.collector.rule;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.promql.BinaryOp;
import vigie.collector.promql.Expr;
import vigie.collector.promql.ValueType;

/** Which labels the result of an expression can have, where its aggregations and joins say so. */
final class KeptLabels {
  private static final Set<String> PICKING = Set.of("topk", "bottomk", "limitk", "limit_ratio");

  private KeptLabels() {}

  /** Null where it may have any. */
  static @Nullable Set<String> of(Expr expr) {
    if (expr instanceof Expr.Paren paren) {
      return of(paren.expr());
    }
    if (expr instanceof Expr.Unary unary) {
      return of(unary.expr());
    }
    if (expr instanceof Expr.Subquery subquery) {
      return of(subquery.expr());
    }
    if (expr instanceof Expr.Aggregate aggregate) {
      return aggregate(aggregate);
    }
    if (expr instanceof Expr.Call call) {
      return call(call);
    }
    if (expr instanceof Expr.Binary binary) {
      return binary(binary);
    }
    return expr.type() == ValueType.SCALAR ? Set.of() : null;
  }

  private static @Nullable Set<String> aggregate(Expr.Aggregate aggregate) {
    Set<String> inner = of(aggregate.expr());
    if (PICKING.contains(aggregate.op().text())) {
      return inner;
    }
    Set<String> kept = aggregate.without() ? minus(inner, aggregate.grouping()) : null;
    if (!aggregate.without()) {
      kept = new TreeSet<>(aggregate.grouping());
      if (inner != null) {
        kept.retainAll(inner);
      }
    }
    if (kept != null && aggregate.parameter() instanceof Expr.Text label) {
      kept = plus(kept, List.of(label.value()));
    }
    return kept;
  }

  private static @Nullable Set<String> call(Expr.Call call) {
    String name = call.function().name();
    if (name.startsWith("absent")) {
      return absent(call.args().get(0));
    }
    for (Expr arg : call.args()) {
      if (arg.type() == ValueType.VECTOR || arg.type() == ValueType.MATRIX) {
        Set<String> inner = of(arg);
        boolean sets = name.equals("label_replace") || name.equals("label_join");
        return inner != null && sets && call.args().get(1) instanceof Expr.Text label
            ? plus(inner, List.of(label.value()))
            : inner;
      }
    }
    return Set.of();
  }

  /** As {@code absent} makes them: of the matchers for one value. */
  private static Set<String> absent(Expr of) {
    Set<String> labels = new TreeSet<>();
    Expr.VectorSelector selector =
        of instanceof Expr.VectorSelector vector
            ? vector
            : of instanceof Expr.MatrixSelector matrix ? matrix.vector() : null;
    if (selector != null) {
      for (LabelMatcher matcher : selector.matchers()) {
        if (matcher.op() == LabelMatcher.Op.EQUAL && !matcher.name().equals(Labels.NAME)) {
          labels.add(matcher.name());
        }
      }
    }
    return labels;
  }

  private static @Nullable Set<String> binary(Expr.Binary binary) {
    Set<String> left = of(binary.left());
    Set<String> right = of(binary.right());
    if (binary.op() == BinaryOp.OR) {
      return left == null || right == null ? null : plus(left, right);
    }
    Expr.Matching matching = binary.matching();
    if (binary.op().isSet() || matching == null) {
      return binary.left().type() == ValueType.SCALAR ? right : left;
    }
    return switch (matching.cardinality()) {
      case MANY_TO_ONE -> left == null ? null : plus(left, matching.include());
      case ONE_TO_MANY -> right == null ? null : plus(right, matching.include());
      default -> matching.on() ? new TreeSet<>(matching.labels()) : minus(left, matching.labels());
    };
  }

  /** The labels that the expression names: those that its series are likely to have. */
  static Set<String> named(Expr expr) {
    Set<String> names = new TreeSet<>();
    if (expr instanceof Expr.VectorSelector selector) {
      selector.matchers().stream()
          .filter(m -> !m.matches(Labels.EMPTY))
          .forEach(m -> names.add(m.name()));
    } else if (expr instanceof Expr.Aggregate aggregate && !aggregate.without()) {
      names.addAll(aggregate.grouping());
    } else if (expr instanceof Expr.Binary binary) {
      Expr.Matching matching = binary.matching();
      if (matching != null && matching.on()) {
        names.addAll(matching.labels());
        names.addAll(matching.include());
      }
    }
    expr.children().forEach(child -> names.addAll(named(child)));
    return names;
  }

  private static Set<String> plus(Set<String> some, Collection<String> more) {
    Set<String> all = new TreeSet<>(some);
    all.addAll(more);
    return all;
  }

  private static @Nullable Set<String> minus(@Nullable Set<String> all, List<String> without) {
    if (all == null) {
      return null;
    }
    Set<String> left = new TreeSet<>(all);
    without.forEach(left::remove);
    return left;
  }
}
