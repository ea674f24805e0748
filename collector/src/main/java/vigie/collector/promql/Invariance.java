package vigie.collector.promql;

import java.util.Set;

/** Which expressions have the same value at every step, because {@code @} pins all they read. */
final class Invariance {
  /** Functions that use the time of the evaluation besides their arguments. */
  private static final Set<String> TIMELY =
      Set.of(
          "time",
          "timestamp",
          "predict_linear",
          "year",
          "month",
          "day_of_month",
          "day_of_week",
          "day_of_year",
          "days_in_month",
          "hour",
          "minute");

  private Invariance() {}

  static boolean holds(Expr expr) {
    if (expr instanceof Expr.VectorSelector selector) {
      return selector.shift().at() != null;
    }
    if (expr instanceof Expr.Subquery subquery) {
      return subquery.shift().at() != null;
    }
    if (expr instanceof Expr.Call call && TIMELY.contains(call.function().name())) {
      return false;
    }
    for (Expr child : expr.children()) {
      if (!holds(child)) {
        return false;
      }
    }
    return true;
  }
}
