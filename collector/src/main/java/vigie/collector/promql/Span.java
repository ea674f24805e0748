package vigie.collector.promql;

/**
 * Where a node stands in the query.
 *
 * @param start its first character, from 0
 * @param end the character after its last
 * @param line of its first character, from 1
 * @param column of its first character, from 1
 */
public record Span(int start, int end, int line, int column) {
  Span to(int newEnd) {
    return new Span(start, newEnd, line, column);
  }

  /** As annotations end: {@code line:column}. */
  @Override
  public String toString() {
    return line + ":" + column;
  }
}
