package vigie.collector.promql;

import vigie.base.time.Clock;
import vigie.collector.sample.SampleStore;

/**
 * Evaluates queries over a store, with the semantics of Prometheus 3. Safe for all threads: a query
 * runs on the thread that asks, and shares nothing with others.
 */
public final class Engine {
  private final SampleStore store;
  private final EngineOptions options;
  private final Clock clock;

  public Engine(SampleStore store, EngineOptions options) {
    this(store, options, Clock.system());
  }

  /** The clock measures only how long a query takes. */
  public Engine(SampleStore store, EngineOptions options, Clock clock) {
    this.store = store;
    this.options = options;
    this.clock = clock;
  }

  /**
   * The value at one time: a vector, a scalar, a string, or a matrix for a range selector.
   *
   * @throws PromqlException if the data don't fit the query, or a limit is hit
   */
  public QueryResult instant(Expr expr, long timeMillis) {
    throw new UnsupportedOperationException("BUG: being written " + store + options + clock);
  }

  /**
   * The values at each step from start to end, both included, as a matrix.
   *
   * @param stepMillis positive
   * @throws PromqlException if the data don't fit the query, or a limit is hit
   */
  public QueryResult range(Expr expr, long startMillis, long endMillis, long stepMillis) {
    throw new UnsupportedOperationException("BUG: being written");
  }
}
