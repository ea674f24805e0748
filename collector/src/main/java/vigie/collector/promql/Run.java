package vigie.collector.promql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.LabelMatcher;
import vigie.collector.sample.Coarse;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;

/** What all parts of one query share: the store, the limits, the annotations. */
final class Run {
  /** The clock is looked at after as much work as reading so many samples is. */
  private static final long CHECK_EVERY = 100_000;

  /** What a series costs besides its samples. */
  private static final int SERIES = 400;

  private final SampleStore store;
  final EngineOptions options;

  /** What {@code @ start()} and {@code @ end()} mean. */
  final long startMillis;

  final long endMillis;

  /** As many of a kind are told, and then how many more there are. */
  private static final int MOST_NOTES = 10;

  /** As many different ones are known: a step of a subquery may each have its own. */
  private static final int MOST_KNOWN_NOTES = 1_000;

  /** By their text, with their place: of the same text at two places, the last one is told. */
  private final Map<String, String> warnings = new LinkedHashMap<>();

  private final Map<String, String> infos = new LinkedHashMap<>();
  private final Clock clock;
  private final long startNanos;
  private final BooleanSupplier abandoned;
  private long held;
  private long peak;
  private long sinceCheck;

  /** How many samples selectors gave to all steps together, a histogram as some. */
  private long read;

  private final Expr query;

  /** The selectors of which only count and sum are read; null until somebody asks. */
  private @Nullable Set<Expr.VectorSelector> counted;

  /**
   * @param startNanos when the query came, in the clock's nanoseconds: its time runs from there
   * @param abandoned whether nobody waits for it any more
   */
  Run(
      Expr query,
      SampleStore store,
      EngineOptions options,
      Clock clock,
      long startNanos,
      BooleanSupplier abandoned,
      long startMillis,
      long endMillis) {
    this.query = query;
    this.store = store;
    this.options = options;
    this.clock = clock;
    this.startMillis = startMillis;
    this.endMillis = endMillis;
    this.startNanos = startNanos;
    this.abandoned = abandoned;
    checkTime();
  }

  /** What the store has for a selector. */
  List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    return checked(store.select(fromMillis, toMillis, matchers, this::warn), matchers);
  }

  /** As above, from down-sampled values where there are any. */
  List<Series> select(long fromMillis, long toMillis, List<LabelMatcher> matchers, Coarse wanted) {
    return checked(store.select(fromMillis, toMillis, matchers, wanted), matchers);
  }

  private List<Series> checked(List<Series> found, List<LabelMatcher> matchers) {
    if (found.size() > options.maxSeries()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.LIMIT,
          "query selects too many series: "
              + found.size()
              + " match "
              + matchers
              + ", at most "
              + options.maxSeries()
              + " may; add a matcher");
    }
    checkTime();
    return found;
  }

  /** Whether this is a query over a time, and the store has down-sampled values for it. */
  boolean hasCoarse(long fromMillis, long toMillis, Coarse wanted) {
    return endMillis > startMillis && store.hasCoarse(fromMillis, toMillis, wanted);
  }

  /** Counts samples that the query now holds. */
  void hold(long samples) {
    held += samples;
    peak = Math.max(peak, held);
    if (held > options.maxSamples()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.LIMIT,
          "query processing would load too many samples into memory in query execution: more than "
              + options.maxSamples()
              + "; select fewer series, a shorter range or a longer step");
    }
    work(SERIES + samples);
  }

  /** Counts samples that a selector gave to one step or several. */
  void read(long samples) {
    read += samples;
  }

  long read() {
    return read;
  }

  /** As many samples as Prometheus counts a histogram as: by what it takes in its memory. */
  static long weight(Histogram histogram) {
    int spans = histogram.positive().spans().size() + histogram.negative().spans().size();
    int buckets = histogram.positive().size() + histogram.negative().size();
    return (176 + 8L * (spans + buckets + histogram.customBounds().length)) / 16;
  }

  void release(long samples) {
    held -= samples;
  }

  /** To be called for every series, or as much work. */
  void tick() {
    work(SERIES);
  }

  /** To be called for what is as much work as reading so many samples. */
  void work(long samples) {
    sinceCheck += samples;
    if (sinceCheck >= CHECK_EVERY) {
      checkTime();
    }
  }

  void checkTime() {
    sinceCheck = 0;
    if (abandoned.getAsBoolean()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.CANCELED, "query was canceled in expression evaluation");
    }
    if (clock.nanos() - startNanos > options.timeout().toNanos()) {
      throw PromqlException.evaluation(
          PromqlException.Kind.TIMEOUT,
          "query timed out in expression evaluation: it took longer than "
              + options.timeout().toMillis()
              + " ms");
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
    note(warnings, what, "PromQL warning: " + what + " (" + span + ")");
  }

  /** What the store says is missing. */
  void warn(String what) {
    note(warnings, what, what);
  }

  void inform(String what, Span span) {
    note(infos, what, "PromQL info: " + what + " (" + span + ")");
  }

  private static void note(Map<String, String> all, String what, String text) {
    if (all.size() < MOST_KNOWN_NOTES || all.containsKey(what)) {
      all.put(what, text);
    }
  }

  QueryResult result(QueryResult.Value value) {
    return new QueryResult(value, notes(warnings, "warning"), notes(infos, "info"), read, peak);
  }

  private static List<String> notes(Map<String, String> all, String kind) {
    List<String> shown = new ArrayList<>(all.values());
    int more = shown.size() - MOST_NOTES;
    if (more > 0) {
      shown.subList(MOST_NOTES, shown.size()).clear();
      String atLeast = all.size() < MOST_KNOWN_NOTES ? "" : "at least ";
      shown.add(atLeast + more + " more " + kind + " annotations omitted");
    }
    return shown;
  }
}
