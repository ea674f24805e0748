package vigie.collector.promql;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.LabelMatcher;

/**
 * A query as a typed tree, made by {@link Parser#parse}: what it holds has passed the type checks.
 * {@code toString} writes it as Prometheus formats queries. Immutable, safe for all threads.
 */
public sealed interface Expr {
  Span span();

  ValueType type();

  /** The expressions directly below, left to right. */
  List<Expr> children();

  /** All selectors of the tree, left to right, each with how far back it looks. */
  default List<SelectorUse> selectors() {
    List<SelectorUse> found = new ArrayList<>();
    SelectorUse.collect(this, 0, 0, found);
    return List.copyOf(found);
  }

  /** As {@code toString}, with what is wider than 100 characters broken into indented lines. */
  default String formatted() {
    return PrettyPrinter.print(this);
  }

  /** A number; {@code duration} says that it was written as one, such as {@code 5m}. */
  record Num(Span span, double value, boolean duration) implements Expr {
    @Override
    public ValueType type() {
      return ValueType.SCALAR;
    }

    @Override
    public List<Expr> children() {
      return List.of();
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  record Text(Span span, String value) implements Expr {
    @Override
    public ValueType type() {
      return ValueType.STRING;
    }

    @Override
    public List<Expr> children() {
      return List.of();
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /**
   * {@code name{…} @ … offset …}.
   *
   * @param name {@code ""} where the selector has none before the brace
   * @param matchers all of them, that of the name included
   */
  record VectorSelector(
      Span span, String name, List<LabelMatcher> matchers, Shift shift, Edges edges)
      implements Expr {
    public VectorSelector {
      matchers = List.copyOf(matchers);
    }

    @Override
    public ValueType type() {
      return ValueType.VECTOR;
    }

    @Override
    public List<Expr> children() {
      return List.of();
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /** What a selector takes from beside its time or range. */
  enum Edges {
    PLAIN,
    ANCHORED,
    SMOOTHED
  }

  /** {@code selector[range]}. The offset and the {@code @} are the selector's. */
  record MatrixSelector(Span span, VectorSelector vector, long rangeMillis) implements Expr {
    @Override
    public ValueType type() {
      return ValueType.MATRIX;
    }

    @Override
    public List<Expr> children() {
      return List.of(vector);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /** {@code expr[range:step]}; {@code stepMillis} is 0 for the engine's default. */
  record Subquery(Span span, Expr expr, long rangeMillis, long stepMillis, Shift shift)
      implements Expr {
    @Override
    public ValueType type() {
      return ValueType.MATRIX;
    }

    @Override
    public List<Expr> children() {
      return List.of(expr);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  record Unary(Span span, boolean negative, Expr expr) implements Expr {
    @Override
    public ValueType type() {
      return expr.type();
    }

    @Override
    public List<Expr> children() {
      return List.of(expr);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /**
   * An operator between two expressions.
   *
   * @param bool whether a comparison gives 0 or 1 instead of dropping elements
   * @param matching null unless both sides are vectors
   */
  record Binary(
      Span span, BinaryOp op, Expr left, Expr right, boolean bool, @Nullable Matching matching)
      implements Expr {
    @Override
    public ValueType type() {
      return left.type() == ValueType.SCALAR && right.type() == ValueType.SCALAR
          ? ValueType.SCALAR
          : ValueType.VECTOR;
    }

    @Override
    public List<Expr> children() {
      return List.of(left, right);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /**
   * An aggregation of a vector by groups.
   *
   * @param grouping the labels of {@code by}, or of {@code without}
   * @param parameter null unless the operator takes one
   */
  record Aggregate(
      Span span,
      AggregateOp op,
      Expr expr,
      @Nullable Expr parameter,
      List<String> grouping,
      boolean without)
      implements Expr {
    public Aggregate {
      grouping = List.copyOf(grouping);
    }

    @Override
    public ValueType type() {
      return ValueType.VECTOR;
    }

    @Override
    public List<Expr> children() {
      return parameter == null ? List.of(expr) : List.of(parameter, expr);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  record Call(Span span, Function function, List<Expr> args) implements Expr {
    public Call {
      args = List.copyOf(args);
    }

    @Override
    public ValueType type() {
      return function.returns();
    }

    @Override
    public List<Expr> children() {
      return args;
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  record Paren(Span span, Expr expr) implements Expr {
    @Override
    public ValueType type() {
      return expr.type();
    }

    @Override
    public List<Expr> children() {
      return List.of(expr);
    }

    @Override
    public String toString() {
      return Printer.print(this);
    }
  }

  /** How two vectors find each other's elements. */
  record Matching(Cardinality cardinality, boolean on, List<String> labels, List<String> include) {
    public Matching {
      labels = List.copyOf(labels);
      include = List.copyOf(include);
    }
  }

  /** Which side may have several elements for one of the other. */
  enum Cardinality {
    ONE_TO_ONE,
    /** {@code group_left}. */
    MANY_TO_ONE,
    /** {@code group_right}. */
    ONE_TO_MANY,
    /** The set operators. */
    MANY_TO_MANY
  }

  /** The time that a selector or subquery reads, against that of the evaluation. */
  record Shift(@Nullable At at, long offsetMillis) {
    static final Shift NONE = new Shift(null, 0);
  }

  /** {@code @ time}, {@code @ start()}, {@code @ end()}; millis mean nothing for the last two. */
  record At(Anchor anchor, long millis) {}

  /** What {@code @} names. */
  enum Anchor {
    TIME,
    START,
    END
  }
}
