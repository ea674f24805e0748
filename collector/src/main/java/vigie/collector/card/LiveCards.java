package vigie.collector.card;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.event.Event;
import vigie.collector.graph.PngGraph;
import vigie.collector.graph.Unit;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.EngineOptions;
import vigie.collector.promql.Expr;
import vigie.collector.promql.QueryResult;
import vigie.collector.rule.Rule;
import vigie.collector.rule.RuleGroup;

/**
 * Gathers from the running collector: the rules that alerts are of, what changed on nodes, and a
 * picture drawn of the samples. What takes too long is left out. Safe for all threads.
 */
public final class LiveCards implements CardSource {
  private static final Logger log = LoggerFactory.getLogger(LiveCards.class);
  private static final Duration PATIENCE = Duration.ofMillis(500);
  private static final Duration LEAST_SPAN = Duration.ofHours(3);
  private static final Duration MOST_SPAN = Duration.ofHours(24);
  private static final Duration BESIDE = Duration.ofMinutes(45);
  private static final int POINTS = 360;
  private static final int MOST_SAMPLES = 2_000_000;
  private static final int MOST_SERIES = 2_000;

  private final Engine engine;
  private final EngineOptions limits;
  private final Changes changes;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final MeterRegistry meters;
  private final ZoneId zone;
  private volatile Map<String, List<Ruled>> rules = Map.of();

  /** An alerting rule and what it measures. */
  private record Ruled(Labels fixed, Measure measure) {}

  /**
   * @param engine over what pictures are drawn of
   * @param executor draws; may refuse
   * @param zone of the times in pictures
   */
  public LiveCards(
      Engine engine,
      Changes changes,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters,
      ZoneId zone) {
    this.engine = engine;
    this.limits =
        engine
            .options()
            .withMaxSamples(MOST_SAMPLES)
            .withMaxSeries(MOST_SERIES)
            .withTimeout(PATIENCE);
    this.changes = changes;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.meters = meters;
    this.zone = zone;
  }

  /** Takes the rules that alerts are of from now on. */
  public void load(List<RuleGroup> groups) {
    Map<String, List<Ruled>> next = new HashMap<>();
    for (RuleGroup group : groups) {
      for (Rule rule : group.rules()) {
        if (rule instanceof Rule.Alerting alerting) {
          next.computeIfAbsent(group.name() + "/" + alerting.name(), key -> new ArrayList<>())
              .add(new Ruled(alerting.fixedLabels(), Measure.of(alerting.expr())));
        }
      }
    }
    rules = Map.copyOf(next);
  }

  /** Draws a picture for nobody: the first one takes ten times as long as those after it. */
  public void warm() {
    executor.execute(
        () ->
            PngGraph.draw(
                List.of(new PngGraph.Line("", new long[] {0, 1, 2}, new double[] {0, 2, 1})),
                new PngGraph.Options("warm", Unit.PERCENT, 0, 2, 1, 1, 1, zone)));
  }

  /**
   * The picture of an expression, all its series, with the limit that it names.
   *
   * @throws RuntimeException that says why there is none
   */
  byte[] draw(Expr expr, Instant from, Instant to) {
    Measure measure = Measure.of(expr);
    long step = Math.max(1_000, Duration.between(from, to).toMillis() / POINTS);
    long begin = from.toEpochMilli();
    long end = to.toEpochMilli();
    List<QueryResult.Row> rows = rows(measure, begin, end, step);
    return PngGraph.draw(named(rows), options(measure, begin, end, step, 0));
  }

  /** What the alert's rule measures; empty where the rule is gone or of another server. */
  public Optional<Measure> measure(Alert alert) {
    for (Ruled ruled : rules.getOrDefault(alert.rule(), List.of())) {
      if (fits(ruled.fixed, alert.labels())) {
        String unit = alert.annotations().get("unit");
        return Optional.of(
            unit.isEmpty() ? ruled.measure : ruled.measure.withUnit(Unit.named(unit)));
      }
    }
    return Optional.empty();
  }

  @Override
  public CardContext facts(Notification wanted) {
    return new CardContext(this::measure, before(wanted), null);
  }

  @Override
  public CompletionStage<CardContext> gather(Notification wanted, boolean edit) {
    CardContext plain = facts(wanted);
    Alert first = first(wanted);
    Measure measure = measure(first).orElse(null);
    // What is up or down says little in a picture: the first card does not wait for it.
    if (measure == null || !(measure.hasLimit() || edit)) {
      return CompletableFuture.completedFuture(plain);
    }
    CompletableFuture<CardContext> gathered = new CompletableFuture<>();
    Scheduler.Task late =
        scheduler.after(
            PATIENCE,
            () -> {
              if (gathered.complete(plain)) {
                count("late");
              }
            });
    try {
      executor.execute(
          () -> {
            if (!gathered.isDone()) {
              Picture picture = picture(wanted, first, measure);
              late.cancel();
              gathered.complete(new CardContext(this::measure, plain.before(), picture));
            }
          });
    } catch (RejectedExecutionException busy) {
      late.cancel();
      count("busy");
      gathered.complete(plain);
    }
    return gathered;
  }

  private static Alert first(Notification wanted) {
    List<Alert> firing = wanted.in(AlertState.FIRING);
    return firing.isEmpty() ? wanted.alerts().get(0) : firing.get(0);
  }

  private List<Event> before(Notification wanted) {
    List<String> nodes = wanted.alerts().stream().map(Alert::node).distinct().toList();
    return nodes.size() == 1 ? changes.before(nodes.get(0), first(wanted).activeAt()) : List.of();
  }

  private @Nullable Picture picture(Notification wanted, Alert first, Measure measure) {
    try {
      Instant now = clock.now();
      Instant end = first.resolvedAt();
      Instant to = end == null || end.plus(BESIDE).isAfter(now) ? now : end.plus(BESIDE);
      Instant from = first.activeAt().minus(BESIDE);
      from = from.isBefore(to.minus(MOST_SPAN)) ? to.minus(MOST_SPAN) : from;
      from = from.isAfter(to.minus(LEAST_SPAN)) ? to.minus(LEAST_SPAN) : from;
      long step = Math.max(1_000, Duration.between(from, to).toMillis() / POINTS);
      List<PngGraph.Line> lines =
          lines(wanted, first, measure, from.toEpochMilli(), to.toEpochMilli(), step);
      if (lines.isEmpty()) {
        count("empty");
        return null;
      }
      byte[] png =
          PngGraph.draw(
              lines,
              options(
                  measure,
                  from.toEpochMilli(),
                  to.toEpochMilli(),
                  step,
                  first.activeAt().toEpochMilli()));
      count("drawn");
      return new Picture(png);
    } catch (RuntimeException e) {
      // A picture is never worth a card: a query that takes too long, say.
      log.debug("no picture for a card rule={} cause={}", first.rule(), e.getMessage());
      count("failed");
      return null;
    }
  }

  private List<PngGraph.Line> lines(
      Notification wanted, Alert first, Measure measure, long from, long to, long step) {
    List<Alert> alerts =
        wanted.alerts().stream().filter(alert -> alert.rule().equals(first.rule())).toList();
    List<QueryResult.Row> rows = new ArrayList<>();
    for (QueryResult.Row row : rows(measure, from, to, step)) {
      Labels labels = row.labels().without(Labels.NAME);
      if (alerts.stream().anyMatch(alert -> fits(labels, alert.labels()))) {
        rows.add(row);
      }
    }
    return named(rows);
  }

  private List<QueryResult.Row> rows(Measure measure, long from, long to, long step) {
    Engine bounded = engine.with(limits, clock.nanos());
    QueryResult.Value value = bounded.range(measure.graphed(), from, to, step).value();
    return value instanceof QueryResult.Matrix matrix ? matrix.rows() : List.of();
  }

  private PngGraph.Options options(Measure measure, long from, long to, long step, long event) {
    return new PngGraph.Options(
        measure.graphed().toString(),
        measure.unit(),
        from,
        to,
        step,
        measure.hasLimit() ? measure.limit() : Double.NaN,
        event,
        zone);
  }

  private static List<PngGraph.Line> named(List<QueryResult.Row> rows) {
    List<PngGraph.Line> lines = new ArrayList<>();
    for (QueryResult.Row row : rows) {
      // Of more the legend only says how many: their names are not needed.
      boolean shown = rows.size() > 1 && lines.size() < PngGraph.MOST_SERIES;
      String name = shown ? name(row.labels(), rows) : "";
      lines.add(new PngGraph.Line(name, row.timesMillis(), row.values()));
    }
    return lines;
  }

  /** The labels by which the rows differ. */
  private static String name(Labels labels, List<QueryResult.Row> rows) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < labels.size(); i++) {
      String label = labels.name(i);
      String value = labels.value(i);
      if (rows.stream().anyMatch(row -> !row.labels().get(label).equals(value))) {
        name.append(name.isEmpty() ? "" : " ").append(label).append('=').append(value);
      }
    }
    return name.toString();
  }

  /** Whether the alert has all these labels. */
  private static boolean fits(Labels labels, Labels alert) {
    for (int i = 0; i < labels.size(); i++) {
      if (!alert.get(labels.name(i)).equals(labels.value(i))) {
        return false;
      }
    }
    return true;
  }

  private void count(String result) {
    meters.counter("vigie.card.pictures", "result", result).increment();
  }
}
