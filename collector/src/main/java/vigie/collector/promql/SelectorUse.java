package vigie.collector.promql;

import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.LabelMatcher;

/**
 * One selector of a query: what it reads, and how far back from the time of the evaluation.
 *
 * @param matchers all of them, that of the name included
 * @param rangeMillis the range in brackets plus those of the subqueries around it, 0 for an instant
 *     selector
 * @param offsetMillis the sum of the offsets, negative for the future
 * @param at null unless the selector has an {@code @} of its own
 */
public record SelectorUse(
    List<LabelMatcher> matchers,
    long rangeMillis,
    long offsetMillis,
    Expr.@Nullable At at,
    Span span) {

  static void collect(Expr expr, long range, long offset, List<SelectorUse> found) {
    if (expr instanceof Expr.VectorSelector v) {
      found.add(
          new SelectorUse(
              v.matchers(), range, offset + v.shift().offsetMillis(), v.shift().at(), v.span()));
    } else if (expr instanceof Expr.MatrixSelector m) {
      collect(m.vector(), range + m.rangeMillis(), offset, found);
    } else if (expr instanceof Expr.Subquery s) {
      collect(s.expr(), range + s.rangeMillis(), offset + s.shift().offsetMillis(), found);
    } else {
      for (Expr child : expr.children()) {
        collect(child, range, offset, found);
      }
    }
  }
}
