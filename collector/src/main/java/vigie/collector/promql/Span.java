package vigie.collector.promql;

/** Where a node stands in the query: {@code start} included, {@code end} not, in characters. */
public record Span(int start, int end) {
  Span to(Span last) {
    return new Span(start, last.end);
  }
}
