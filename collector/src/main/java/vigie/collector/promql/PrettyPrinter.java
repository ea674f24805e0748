package vigie.collector.promql;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Writes a tree in lines and indents them, as Prometheus formats queries for people. */
final class PrettyPrinter {
  /** What takes more bytes on one line is broken up. */
  private static final int WIDEST = 100;

  private static final String INDENT = "  ";

  private PrettyPrinter() {}

  static String print(Expr expr) {
    return print(expr, 0);
  }

  private static String print(Expr expr, int level) {
    String indent = INDENT.repeat(level);
    if (expr instanceof Expr.Unary unary) {
      return indent + (unary.negative() ? "-" : "+") + print(unary.expr(), level).strip();
    }
    String line = Printer.print(expr);
    if (line.getBytes(StandardCharsets.UTF_8).length <= WIDEST) {
      // Prometheus forgets to indent a short subquery, and people compare.
      return expr instanceof Expr.Subquery ? line : indent + line;
    }
    if (expr instanceof Expr.Binary binary) {
      String operator = Printer.operator(binary);
      String left = print(binary.left(), level + 1);
      return left + "\n" + indent + operator + "\n" + print(binary.right(), level + 1);
    }
    if (expr instanceof Expr.Aggregate aggregate) {
      return indent + Printer.head(aggregate) + inParentheses(aggregate.children(), level);
    }
    if (expr instanceof Expr.Call call) {
      return indent + call.function().name() + inParentheses(call.args(), level);
    }
    if (expr instanceof Expr.Paren paren) {
      return indent + inParentheses(List.of(paren.expr()), level);
    }
    if (expr instanceof Expr.Subquery subquery) {
      return print(subquery.expr(), level) + Printer.tail(subquery);
    }
    return indent + line;
  }

  private static String inParentheses(List<Expr> parts, int level) {
    StringBuilder out = new StringBuilder("(\n");
    for (int i = 0; i < parts.size(); i++) {
      out.append(i == 0 ? "" : ",\n").append(print(parts.get(i), level + 1));
    }
    return out.append('\n').append(INDENT.repeat(level)).append(')').toString();
  }
}
