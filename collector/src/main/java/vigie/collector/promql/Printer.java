package vigie.collector.promql;

final class Printer {
  private Printer() {}

  static String print(Expr expr) {
    return expr.getClass().getSimpleName();
  }
}
