package vigie.collector.promql;

import java.util.List;

/** Rewrites a query so that it reads the same data whenever it is evaluated. */
final class AtModifier {
  private AtModifier() {}

  /** Puts {@code @ time} on every selector and subquery that has none and is in no subquery. */
  static Expr pin(Expr expr, long millis) {
    if (expr instanceof Expr.VectorSelector v) {
      return new Expr.VectorSelector(
          v.span(), v.name(), v.matchers(), pin(v.shift(), millis), v.edges());
    }
    if (expr instanceof Expr.MatrixSelector m) {
      return new Expr.MatrixSelector(
          m.span(), (Expr.VectorSelector) pin(m.vector(), millis), m.rangeMillis());
    }
    if (expr instanceof Expr.Subquery s) {
      return new Expr.Subquery(
          s.span(), s.expr(), s.rangeMillis(), s.stepMillis(), pin(s.shift(), millis));
    }
    if (expr instanceof Expr.Unary u) {
      return new Expr.Unary(u.span(), u.negative(), pin(u.expr(), millis));
    }
    if (expr instanceof Expr.Binary b) {
      return new Expr.Binary(
          b.span(), b.op(), pin(b.left(), millis), pin(b.right(), millis), b.bool(), b.matching());
    }
    if (expr instanceof Expr.Aggregate a) {
      Expr parameter = a.parameter();
      return new Expr.Aggregate(
          a.span(),
          a.op(),
          pin(a.expr(), millis),
          parameter == null ? null : pin(parameter, millis),
          a.grouping(),
          a.without());
    }
    if (expr instanceof Expr.Call c) {
      List<Expr> args = c.args().stream().map(arg -> pin(arg, millis)).toList();
      return new Expr.Call(c.span(), c.function(), args);
    }
    if (expr instanceof Expr.Paren p) {
      return new Expr.Paren(p.span(), pin(p.expr(), millis));
    }
    return expr;
  }

  private static Expr.Shift pin(Expr.Shift shift, long millis) {
    return shift.at() != null
        ? shift
        : new Expr.Shift(new Expr.At(Expr.Anchor.TIME, millis), shift.offsetMillis());
  }
}
