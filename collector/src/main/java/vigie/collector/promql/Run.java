package vigie.collector.promql;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.collector.sample.SampleStore;

/** What all parts of one query share: the store, the limits, the annotations. */
final class Run {
  private static final int CHECK_EVERY = 256;

  final SampleStore store;
  final EngineOptions options;

  /** What {@code @ start()} and {@code @ end()} mean. */
  final long startMillis;

  final long endMillis;

  private final Set<String> warnings = new LinkedHashSet<>();
  private final Set<String> infos = new LinkedHashSet<>();
  private final Clock clock;
  private final long startNanos;
  private long held;
  private int sinceCheck;

  private final Expr query;

  /** The selectors of which only count and sum are read; null until somebody asks. */
  private @Nullable Set<Expr.VectorSelector> counted;

  Run(
      Expr query,
      SampleStore store,
      EngineOptions options,
      Clock clock,
      long startMillis,
      long endMillis) {
    this.query = query;
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.startMillis = startMillis;
    this.endMillis = endMillis;
    this.startNanos = clock.nanos();
  }

  /** Counts samples that the query now holds. */
  void hold(long samples) {
    held += samples;
    if (held > options.maxSamples()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.LIMIT,
          "query holds more than "
              + options.maxSamples()
              + " samples at once; select fewer series, a shorter range or a longer step");
    }
    tick();
  }

  void release(long samples) {
    held -= samples;
  }

  /** To be called for every series, or as much work. */
  void tick() {
    if (++sinceCheck >= CHECK_EVERY) {
      checkTime();
    }
  }

  void checkTime() {
    sinceCheck = 0;
    if (clock.nanos() - startNanos > options.timeout().toNanos()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.TIMEOUT,
          "query took longer than its " + options.timeout().toMillis() + " ms");
    }
  }

  /** Whether of the selector's histograms only count and sum are read. */
  boolean readsOnlyCounts(Expr.VectorSelector selector) {
    Set<Expr.VectorSelector> known = counted;
    if (known == null) {
      known = CountedHistograms.in(query);
      counted = known;
    }
    return known.contains(selector);
  }

  void warn(String what, Span span) {
    warnings.add("PromQL warning: " + what + " (" + span + ")");
  }

  /** What the store says is missing. */
  void warn(String what) {
    warnings.add(what);
  }

  void inform(String what, Span span) {
    infos.add("PromQL info: " + what + " (" + span + ")");
  }

  QueryResult result(QueryResult.Value value) {
    return new QueryResult(value, java.util.List.copyOf(warnings), java.util.List.copyOf(infos));
  }
}
