package vigie.collector.promql;

/** Offsets in a query as people count: lines and columns from 1. */
final class Position {
  private Position() {}

  static String of(String query, int offset) {
    return line(query, offset) + ":" + column(query, offset);
  }

  static int line(String query, int offset) {
    int line = 1;
    for (int i = 0; i < Math.min(offset, query.length()); i++) {
      line += query.charAt(i) == '\n' ? 1 : 0;
    }
    return line;
  }

  static int column(String query, int offset) {
    int at = Math.min(offset, query.length());
    return at - query.lastIndexOf('\n', at - 1);
  }
}
