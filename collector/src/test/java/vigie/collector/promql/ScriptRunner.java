package vigie.collector.promql;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.collector.histogram.Buckets;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.store.sample.MemorySampleStore;

/** Runs a script as Prometheus's own runner does, its repetitions included. */
final class ScriptRunner {
  /** What became of an eval. */
  record Outcome(Script.Eval eval, Kind kind, String detail, Set<String> constructs) {
    enum Kind {
      PASSED,
      FAILED,
      ABSENT
    }
  }

  private static final EngineOptions OPTIONS =
      EngineOptions.defaults().withDelayedNameRemoval(true);
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

  private final List<Labels> started = new ArrayList<>();
  private MemorySampleStore store = emptyStore();
  private Engine engine = new Engine(store, OPTIONS);

  private static MemorySampleStore emptyStore() {
    return new MemorySampleStore(Integer.MAX_VALUE);
  }

  List<Outcome> run(Script script) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Script.Command command : script.commands()) {
      if (command instanceof Script.Clear) {
        started.clear();
        store = emptyStore();
        engine = new Engine(store, OPTIONS);
      } else if (command instanceof Script.Load load) {
        load(load);
      } else if (command instanceof Script.Eval eval) {
        outcomes.add(run(eval));
      }
    }
    return outcomes;
  }

  private void load(Script.Load load) {
    started.addAll(load.started());
    for (Script.Line line : load.series()) {
      for (int i = 0; i < line.points().size(); i++) {
        append(line.labels(), i * load.intervalMillis(), line.points().get(i));
      }
    }
    if (load.custom()) {
      ScriptBuckets.of(load)
          .forEach(
              line -> {
                for (int i = 0; i < line.points().size(); i++) {
                  append(line.labels(), i * load.intervalMillis(), line.points().get(i));
                }
              });
    }
  }

  private void append(Labels labels, long time, Script.@Nullable Point point) {
    Histogram histogram = point == null ? null : point.histogram();
    if (histogram != null) {
      store.append(labels, time, histogram);
    } else if (point != null) {
      store.append(labels, time, point.number());
    }
  }

  private Outcome run(Script.Eval eval) {
    Expr expr;
    try {
      expr = Parser.parse(eval.query());
    } catch (PromqlException e) {
      if (e.kind() == PromqlException.Kind.NOT_SUPPORTED) {
        String construct =
            String.valueOf(e.getMessage())
                .replaceFirst(".*parse error: (.*) is not enabled.*", "$1")
                .replace("\"", "");
        return new Outcome(eval, Outcome.Kind.ABSENT, construct, Set.of(construct));
      }
      String wrong = checkFailure(eval.expected(), String.valueOf(e.getMessage()));
      return outcome(eval, Set.of("parse errors"), wrong);
    }
    Set<String> constructs = constructs(expr);
    for (SelectorUse use : expr.selectors()) {
      if (touches(use, started)) {
        return new Outcome(eval, Outcome.Kind.ABSENT, "start timestamps", constructs);
      }
    }
    return outcome(eval, constructs, check(eval, expr));
  }

  private static boolean touches(SelectorUse use, List<Labels> series) {
    return series.stream()
        .anyMatch(labels -> use.matchers().stream().allMatch(m -> m.matches(labels)));
  }

  private static Outcome outcome(Script.Eval eval, Set<String> constructs, @Nullable String wrong) {
    return wrong == null
        ? new Outcome(eval, Outcome.Kind.PASSED, "", constructs)
        : new Outcome(eval, Outcome.Kind.FAILED, wrong, constructs);
  }

  /** What is wrong, null if nothing. */
  private @Nullable String check(Script.Eval eval, Expr expr) {
    if (eval.range()) {
      return check(
          eval,
          () -> engine.range(expr, eval.start(), eval.end(), eval.step()),
          result -> compareMatrix(eval, result));
    }
    String wrong = checkInstant(eval, expr, eval.start());
    boolean fails = !eval.expected().fail.isEmpty();
    boolean timely = usesTime(expr);
    long[] others =
        eval.start() == 0
            ? new long[] {-1000, 1000}
            : new long[] {-10 * eval.start(), 0, eval.start() / 5, eval.start(), 10 * eval.start()};
    Expr pinned = AtModifier.pin(expr, eval.start());
    for (int i = 0; wrong == null && !fails && !timely && i < others.length; i++) {
      wrong = checkInstant(eval, pinned, others[i]);
      wrong = wrong == null ? null : "as " + pinned + " at " + others[i] + " ms: " + wrong;
    }
    return wrong;
  }

  private @Nullable String checkInstant(Script.Eval eval, Expr expr, long at) {
    String wrong =
        check(eval, () -> engine.instant(expr, at), result -> compareInstant(eval, result));
    Script.Expected expected = eval.expected();
    if (wrong != null
        || !expected.fail.isEmpty()
        || expected.ordered
        || expected.text != null
        || expected.rangeVector != null) {
      return wrong;
    }
    QueryResult range;
    try {
      range = engine.range(expr, at - 60_000, at + 60_000, 60_000);
    } catch (PromqlException e) {
      return "as a range query: " + e.getMessage();
    }
    List<QueryResult.Sample> middle = new ArrayList<>();
    for (QueryResult.Row row : ((QueryResult.Matrix) range.value()).rows()) {
      int step = Arrays.binarySearch(row.timesMillis(), at);
      if (step >= 0) {
        middle.add(
            new QueryResult.Sample(row.labels(), at, row.values()[step], row.histogram(step)));
      }
    }
    Double scalar = expected.scalar;
    if (scalar != null) {
      double actual = middle.isEmpty() ? Double.NaN : middle.get(0).value();
      return same(scalar, actual)
          ? null
          : "as a range query: expected " + scalar + " got " + actual;
    }
    wrong = compareVector(eval, middle);
    return wrong == null ? null : "as a range query: " + wrong;
  }

  private interface Query {
    QueryResult run();
  }

  private interface Comparison {
    @Nullable String of(QueryResult.Value value);
  }

  private static @Nullable String check(Script.Eval eval, Query query, Comparison comparison) {
    Script.Expected expected = eval.expected();
    QueryResult result;
    try {
      result = query.run();
    } catch (PromqlException e) {
      return checkFailure(expected, String.valueOf(e.getMessage()));
    }
    if (!expected.fail.isEmpty()) {
      return "expected to fail, got " + describe(result.value());
    }
    String wrong = checkMessages("warning", expected.warn, expected.noWarn, result.warnings());
    wrong =
        wrong != null
            ? wrong
            : checkMessages("info", expected.info, expected.noInfo, result.infos());
    return wrong != null ? wrong : comparison.of(result.value());
  }

  private static @Nullable String checkFailure(Script.Expected expected, String message) {
    if (expected.fail.isEmpty()) {
      return "failed: " + message;
    }
    return expected.fail.stream().anyMatch(m -> m.matches(message))
        ? null
        : "failed with another message: " + message;
  }

  private static @Nullable String checkMessages(
      String kind, List<Script.Message> wanted, boolean none, List<String> actual) {
    if (none && !actual.isEmpty()) {
      return "unexpected " + kind + ": " + actual;
    }
    for (Script.Message message : wanted) {
      if (actual.stream().noneMatch(message::matches)) {
        return "missing " + kind + ": " + message + " got " + actual;
      }
    }
    for (String message : wanted.isEmpty() ? List.<String>of() : actual) {
      if (wanted.stream().noneMatch(m -> m.matches(message))) {
        return "unexpected " + kind + ": " + message;
      }
    }
    return null;
  }

  private static @Nullable String compareInstant(Script.Eval eval, QueryResult.Value value) {
    Script.Expected expected = eval.expected();
    if (value instanceof QueryResult.Text text) {
      return text.text().equals(expected.text) ? null : "got string " + text.text();
    }
    if (value instanceof QueryResult.Scalar scalar) {
      Double wanted = expected.scalar;
      return wanted != null && same(wanted, scalar.value()) ? null : "got scalar " + scalar.value();
    }
    if (value instanceof QueryResult.Matrix matrix) {
      long[] grid = expected.rangeVector;
      return grid == null
          ? "got a matrix"
          : compareRows(expected.series, matrix, grid[0], grid[1], grid[2]);
    }
    if (expected.scalar != null) {
      return "got a vector instead of a scalar: " + describe(value);
    }
    return compareVector(eval, ((QueryResult.Vector) value).samples());
  }

  private static @Nullable String compareVector(
      Script.Eval eval, List<QueryResult.Sample> samples) {
    List<Script.Line> wanted = eval.expected().series;
    Map<Labels, QueryResult.Sample> actual = new HashMap<>();
    samples.forEach(s -> actual.put(s.labels(), s));
    for (int i = 0; i < wanted.size(); i++) {
      Script.Line line = wanted.get(i);
      QueryResult.Sample got = actual.remove(line.labels());
      Script.Point point = line.points().get(0);
      if (got == null) {
        return "missing " + line.labels() + " in " + samples;
      }
      if (point == null || !same(point, got.value(), got.histogram())) {
        return line.labels() + ": expected " + point + " got " + got;
      }
      if (eval.expected().ordered && !samples.get(i).labels().equals(line.labels())) {
        return "wrong order: " + samples;
      }
    }
    return actual.isEmpty() ? null : "unexpected " + actual;
  }

  private static @Nullable String compareMatrix(Script.Eval eval, QueryResult.Value value) {
    return compareRows(
        eval.expected().series, (QueryResult.Matrix) value, eval.start(), eval.end(), eval.step());
  }

  private static @Nullable String compareRows(
      List<Script.Line> wanted, QueryResult.Matrix matrix, long start, long end, long step) {
    Map<Labels, QueryResult.Row> actual = new HashMap<>();
    Labels before = null;
    for (QueryResult.Row row : matrix.rows()) {
      if (before != null && before.compareTo(row.labels()) >= 0) {
        return "not sorted: " + describe(matrix);
      }
      before = row.labels();
      actual.put(row.labels(), row);
    }
    for (Script.Line line : wanted) {
      QueryResult.Row row = actual.remove(line.labels());
      if (row == null) {
        return "missing " + line.labels() + " in " + describe(matrix);
      }
      int at = 0;
      for (int i = 0; start + i * step <= end; i++) {
        Script.Point point = i < line.points().size() ? line.points().get(i) : null;
        long time = start + i * step;
        boolean there = at < row.timesMillis().length && row.timesMillis()[at] == time;
        if (there != (point != null)
            || (there && point != null && !same(point, row.values()[at], row.histogram(at)))) {
          return line.labels() + " at " + time + " ms: expected " + point + " got " + row(row);
        }
        at += there ? 1 : 0;
      }
      if (at < row.values().length) {
        return line.labels() + ": more than expected: " + row(row);
      }
    }
    return actual.isEmpty() ? null : "unexpected " + actual.keySet();
  }

  private static String row(QueryResult.Row row) {
    return Arrays.toString(row.timesMillis())
        + Arrays.toString(row.values())
        + Arrays.toString(row.histograms());
  }

  private static String describe(QueryResult.Value value) {
    StringBuilder out = new StringBuilder();
    if (value instanceof QueryResult.Matrix matrix) {
      matrix.rows().forEach(r -> out.append(r.labels()).append(row(r)).append(' '));
      return out.toString();
    }
    return value.toString();
  }

  private static boolean same(Script.Point point, double value, @Nullable Histogram got) {
    Histogram wanted = point.histogram();
    if (wanted == null || got == null) {
      return wanted == null && got == null && same(point.number(), value);
    }
    Histogram a = wanted.compacted();
    Histogram b = got.compacted();
    return a.schema() == b.schema()
        && (!point.hinted() || a.hint() == b.hint())
        && same(a.count(), b.count())
        && same(a.sum(), b.sum())
        && same(a.zeroCount(), b.zeroCount())
        && a.zeroThreshold() == b.zeroThreshold()
        && Arrays.equals(a.customBounds(), b.customBounds())
        && same(a.positive(), b.positive())
        && same(a.negative(), b.negative());
  }

  private static boolean same(Buckets a, Buckets b) {
    boolean same = a.spans().equals(b.spans());
    for (int i = 0; same && i < a.size(); i++) {
      same = same(a.count(i), b.count(i));
    }
    return same;
  }

  private static boolean same(double a, double b) {
    if (Double.isNaN(a) || Double.isNaN(b)) {
      return Double.isNaN(a) && Double.isNaN(b);
    }
    if (a == b) {
      return true;
    }
    double sum = Math.abs(a) + Math.abs(b);
    double difference = Math.abs(a - b);
    if (a == 0 || b == 0 || sum < Double.MIN_NORMAL) {
      return difference < 1e-6 * Double.MIN_NORMAL;
    }
    return difference / Math.min(sum, Double.MAX_VALUE) < 1e-6;
  }

  private static boolean usesTime(Expr expr) {
    return (expr instanceof Expr.Call call && TIMELY.contains(call.function().name()))
        || expr.children().stream().anyMatch(ScriptRunner::usesTime);
  }

  /** The functions, aggregations, operators and modifiers of a query. */
  static Set<String> constructs(Expr expr) {
    Set<String> found = new TreeSet<>();
    collect(expr, found);
    return found;
  }

  private static void collect(Expr expr, Set<String> found) {
    if (expr instanceof Expr.Call call) {
      found.add("function " + call.function().name());
    } else if (expr instanceof Expr.Aggregate aggregate) {
      found.add("aggregation " + aggregate.op().text());
    } else if (expr instanceof Expr.Binary binary) {
      found.add("operator " + binary.op().text() + (binary.bool() ? " bool" : ""));
      Expr.Matching matching = binary.matching();
      if (matching != null) {
        found.add("matching " + matching.cardinality() + (matching.on() ? " on" : ""));
      }
    } else if (expr instanceof Expr.Subquery subquery) {
      found.add("subquery");
      shift(subquery.shift(), found);
    } else if (expr instanceof Expr.VectorSelector selector) {
      found.add("selector");
      shift(selector.shift(), found);
    } else if (expr instanceof Expr.Unary) {
      found.add("operator unary");
    }
    expr.children().forEach(child -> collect(child, found));
  }

  private static void shift(Expr.Shift shift, Set<String> found) {
    if (shift.at() != null) {
      found.add("modifier @");
    }
    if (shift.offsetMillis() != 0) {
      found.add("modifier offset");
    }
  }
}
