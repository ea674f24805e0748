package vigie.base.remotewrite;

/**
 * Makes one request of remote read: one query, answered with samples.
 *
 * <pre>
 * ReadRequest   1: Query, repeated    2: accepted type of answer; 0, samples, by default
 * Query         1: start, milliseconds    2: end, milliseconds    3: Matcher, repeated
 * Matcher       1: operator, 0 =, 1 !=, 2 =~, 3 !~    2: name    3: value
 * ReadResponse  1: QueryResult, repeated
 * QueryResult   1: TimeSeries, repeated, as in {@link WriteRequest}
 * </pre>
 *
 * Source: Prometheus's prompb/remote.proto.
 */
public final class ReadRequest {
  private final WriteRequest query = new WriteRequest();

  public ReadRequest(long startMillis, long endMillis) {
    query.number(1, startMillis);
    query.number(2, endMillis);
  }

  /**
   * Adds a matcher.
   *
   * @param operator 0 =, 1 !=, 2 =~, 3 !~
   */
  public void matcher(int operator, String name, String value) {
    WriteRequest matcher = new WriteRequest();
    matcher.number(1, operator);
    matcher.text(2, name);
    matcher.text(3, value);
    query.message(3, matcher);
  }

  /** The request packed by snappy, as it goes over the wire. */
  public byte[] take() {
    WriteRequest request = new WriteRequest();
    request.message(1, query);
    return request.take();
  }
}
