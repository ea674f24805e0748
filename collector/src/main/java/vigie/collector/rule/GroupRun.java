package vigie.collector.rule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.ClockSteps;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertStore;
import vigie.collector.event.Event;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.promql.Expr;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;
import vigie.collector.promql.QueryResult;
import vigie.collector.promql.SelectorUse;
import vigie.collector.sample.SampleIterator;
import vigie.collector.sample.SampleStore;
import vigie.collector.sample.Series;
import vigie.collector.sample.Staleness;
import vigie.collector.template.Query;
import vigie.collector.template.Template;
import vigie.collector.template.TemplateException;

/**
 * One group at work: evaluates its rules in order and holds their state. One evaluation at a time,
 * under this object's lock; {@link #status} and {@link #alerts} read a copy without it.
 */
final class GroupRun {
  private static final Logger log = LoggerFactory.getLogger(GroupRun.class);
  private static final int MOST_WAITING_EVENTS = 1_000;
  private static final int MOST_RECENT_EVENTS = 200;
  private static final Duration RECENT = Duration.ofMinutes(15);

  /** What all groups share. */
  record Shared(
      Engine engine,
      SampleStore samples,
      AlertSink sink,
      AlertStore store,
      Clock clock,
      RuleMeters meters,
      RuleOptions options) {}

  private final RuleGroup group;
  private final Shared shared;
  private final List<RuleRun> rules = new ArrayList<>();

  /** Since when samples are of the clock as it is now: the start, or its last step. */
  private long startedMillis;

  private final RuleReads reads;

  /** Guarded by itself. */
  private final Deque<Told> waiting = new ArrayDeque<>();

  /** The rules that somebody wants to be evaluated now. Guarded by {@code waiting}. */
  private final BitSet asked = new BitSet();

  private final Deque<Told> recent = new ArrayDeque<>();

  private long lastTime = Long.MIN_VALUE;
  private ClockSteps steps;
  private boolean unsaved;

  /** A reload gave the state to another, or ended it. */
  private boolean retired;

  private volatile GroupStatus status;

  /** An event, and the rules that its series can change. */
  private record Told(Event event, Labels series, BitSet rules) {}

  /** One rule and how it went last. */
  private static final class RuleRun {
    private final Rule rule;
    private final @Nullable AlertingState alerting;
    private Set<Labels> series = Set.of();
    private GroupStatus.Health health = GroupStatus.Health.UNKNOWN;
    private String error = "";
    private @Nullable Instant at;
    private Duration took = Duration.ZERO;
    private long lastTime = Long.MIN_VALUE;

    RuleRun(String group, Rule rule) {
      this.rule = rule;
      this.alerting = rule instanceof Rule.Alerting a ? new AlertingState(group, a) : null;
    }
  }

  GroupRun(RuleGroup group, Shared shared) {
    this.group = group;
    this.shared = shared;
    for (Rule rule : group.rules()) {
      rules.add(new RuleRun(group.name(), rule));
    }
    this.reads = new RuleReads(group.rules());
    this.startedMillis = shared.clock().millis();
    this.steps = new ClockSteps(shared.clock());
    this.status = statusNow(null, Duration.ZERO);
  }

  RuleGroup group() {
    return group;
  }

  GroupStatus status() {
    return status;
  }

  /** All alerts as they stand after the last evaluation. */
  List<Alert> alerts() {
    List<Alert> all = new ArrayList<>();
    for (GroupStatus.RuleStatus rule : status.rules()) {
      all.addAll(rule.alerts());
    }
    return all;
  }

  /** Takes alerts from before a restart; gives those that no rule here can have made. */
  synchronized List<Alert> restore(List<Alert> kept) {
    List<Alert> foreign = new ArrayList<>();
    for (Alert alert : kept) {
      AlertingState owner = null;
      for (RuleRun rule : rules) {
        if (rule.alerting != null && rule.alerting.owns(alert)) {
          owner = rule.alerting;
          break;
        }
      }
      if (owner == null) {
        foreign.add(alert);
      } else {
        owner.restore(alert);
      }
    }
    unsaved = !foreign.isEmpty();
    status = statusNow(null, Duration.ZERO);
    return foreign;
  }

  /**
   * Takes over the state of the rules that the group had before a reload; what has no successor is
   * ended: its series get stale markers, its firing alerts are given as resolved.
   */
  synchronized List<Alert> adopt(GroupRun before) {
    synchronized (before) {
      Map<String, Deque<RuleRun>> old = new HashMap<>();
      for (RuleRun rule : before.rules) {
        old.computeIfAbsent(rule.rule.identity(), k -> new ArrayDeque<>()).add(rule);
      }
      for (RuleRun rule : rules) {
        RuleRun match = old.getOrDefault(rule.rule.identity(), new ArrayDeque<>()).pollFirst();
        if (match != null) {
          rule.series = match.series;
          rule.health = match.health;
          rule.error = match.error;
          rule.at = match.at;
          rule.took = match.took;
          rule.lastTime = match.lastTime;
          if (rule.alerting != null && match.alerting != null) {
            rule.alerting.adopt(match.alerting);
          }
        }
      }
      takeWaitingOf(before);
      for (Told told : before.recent) {
        recent.add(new Told(told.event(), told.series(), reads.changedBy(told.series())));
      }
      before.retired = true;
      lastTime = before.lastTime;
      steps = before.steps;
      List<RuleRun> ended = new ArrayList<>();
      old.values().forEach(ended::addAll);
      status = statusNow(before.status.lastEvaluation(), before.status.took());
      List<Alert> resolved = end(ended);
      unsaved = before.unsaved || !resolved.isEmpty();
      return resolved;
    }
  }

  /** Ends all rules: the group is no longer in the configuration. */
  synchronized List<Alert> end() {
    retired = true;
    return end(rules);
  }

  private List<Alert> end(List<RuleRun> ended) {
    Instant now = shared.clock().now();
    long time = Math.max(now.toEpochMilli(), lastTime + 1);
    List<Alert> resolved = new ArrayList<>();
    for (RuleRun rule : ended) {
      for (Labels series : rule.series) {
        shared.samples().append(series, time, Staleness.MARKER);
      }
      if (rule.alerting != null) {
        resolved.addAll(rule.alerting.end(time, now));
      }
    }
    return resolved;
  }

  /**
   * Asks for the evaluation of the alerts that a new sample of the series can change; false where
   * there are none. Cheap from the second time on that it is the same series.
   */
  boolean ask(Labels series) {
    BitSet changed = reads.changedBy(series);
    if (changed.isEmpty()) {
      return false;
    }
    synchronized (waiting) {
      asked.or(changed);
    }
    return true;
  }

  /**
   * Asks likewise, and keeps the event for the next evaluation, to be attached to what these rules
   * make of it.
   */
  boolean offer(Event event, Labels series) {
    BitSet changed = reads.changedBy(series);
    if (changed.isEmpty()) {
      return false;
    }
    synchronized (waiting) {
      asked.or(changed);
      if (waiting.size() >= MOST_WAITING_EVENTS) {
        waiting.pollFirst();
        shared.meters().eventsDropped.increment();
      }
      waiting.addLast(new Told(event, series, changed));
    }
    return true;
  }

  /** Takes what was asked of the group this one replaces and that it left undone. */
  void takeWaitingOf(GroupRun before) {
    List<Told> left;
    boolean all;
    synchronized (before.waiting) {
      left = List.copyOf(before.waiting);
      before.waiting.clear();
      all = !before.asked.isEmpty();
      before.asked.clear();
    }
    left.forEach(told -> offer(told.event(), told.series()));
    if (all) {
      synchronized (waiting) {
        asked.or(reads.alerts());
      }
    }
  }

  boolean isAsked() {
    synchronized (waiting) {
      return !asked.isEmpty();
    }
  }

  /**
   * Evaluates now what was asked for. The other rules keep to their turns, so that what they record
   * has the samples that it would have without.
   */
  synchronized void evaluateNow() {
    if (retired) {
      return; // what is asked for is the successor's to take
    }
    noticeStep();
    BitSet now;
    synchronized (waiting) {
      now = (BitSet) asked.clone();
      asked.clear();
    }
    if (now.isEmpty()) {
      return;
    }
    // Later than the evaluation before even within its millisecond: that one may have missed it.
    evaluate(Math.max(shared.clock().millis(), lastTime + 1), now);
  }

  /** Evaluates for a turn of the interval; a rule that was evaluated later already is left out. */
  synchronized void evaluateAt(long timeMillis) {
    noticeStep();
    BitSet due = new BitSet();
    for (int i = 0; i < rules.size(); i++) {
      due.set(i, timeMillis > rules.get(i).lastTime);
    }
    if (!due.isEmpty()) {
      evaluate(timeMillis, due);
    }
  }

  /** What was waited for stays waited for when the wall clock jumps. */
  private void noticeStep() {
    long stepped = steps.take();
    if (stepped == 0) {
      return;
    }
    lastTime = lastTime == Long.MIN_VALUE ? lastTime : lastTime + stepped;
    startedMillis = shared.clock().millis();
    for (RuleRun rule : rules) {
      rule.lastTime = rule.lastTime == Long.MIN_VALUE ? rule.lastTime : rule.lastTime + stepped;
      if (rule.alerting != null) {
        rule.alerting.step(stepped);
      }
    }
  }

  private void evaluate(long timeMillis, BitSet due) {
    if (retired) {
      return;
    }
    long began = shared.clock().nanos();
    Instant now = shared.clock().now();
    lastTime = Math.max(lastTime, timeMillis);
    List<Told> fresh = takeWaiting(now);
    for (int i = 0; i < rules.size(); i++) {
      RuleRun rule = rules.get(i);
      if (due.get(i)) {
        rule.lastTime = timeMillis;
        evaluate(rule, timeMillis, now);
      }
      if (rule.alerting != null) {
        rule.alerting.attach(of(fresh, i), of(recent, i));
      }
    }
    settle();
    Duration took = Duration.ofNanos(shared.clock().nanos() - began);
    shared.meters().groupDuration.record(took);
    status = statusNow(now, took);
  }

  private List<Told> takeWaiting(Instant now) {
    List<Told> fresh;
    synchronized (waiting) {
      fresh = List.copyOf(waiting);
      waiting.clear();
    }
    recent.addAll(fresh);
    while (!recent.isEmpty()
        && (recent.size() > MOST_RECENT_EVENTS
            || recent.getFirst().event().received().isBefore(now.minus(RECENT)))) {
      recent.removeFirst();
    }
    return fresh;
  }

  private static List<Event> of(Iterable<Told> all, int rule) {
    List<Event> events = new ArrayList<>();
    for (Told told : all) {
      if (told.rules().get(rule)) {
        events.add(told.event());
      }
    }
    return events;
  }

  private void evaluate(RuleRun rule, long timeMillis, Instant now) {
    long began = shared.clock().nanos();
    shared.meters().evaluations.increment();
    try {
      long queryMillis = timeMillis - group.queryOffset().toMillis();
      List<QueryResult.Sample> samples = vector(rule.rule.expr(), queryMillis);
      Set<Labels> series =
          rule.rule instanceof Rule.Recording recording
              ? record(recording, samples, queryMillis)
              : alert(rule, samples, timeMillis, now);
      for (Labels before : rule.series) {
        if (!series.contains(before)) {
          shared.samples().append(before, queryMillis, Staleness.MARKER);
        }
      }
      rule.series = series;
      if (rule.health == GroupStatus.Health.ERR) {
        log.info("rule works again group={} rule={}", group.name(), rule.rule.name());
      }
      rule.health = GroupStatus.Health.OK;
      rule.error = "";
    } catch (PromqlException | RuleException e) {
      failed(rule, String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      // One broken rule must not stop the others; this one is ours to mend.
      log.error("rule evaluation broke group={} rule={}", group.name(), rule.rule.name(), e);
      failed(rule, "BUG: " + e);
    }
    rule.at = now;
    rule.took = Duration.ofNanos(shared.clock().nanos() - began);
  }

  private void failed(RuleRun rule, String why) {
    shared.meters().evaluationFailures.increment();
    if (rule.health != GroupStatus.Health.ERR) {
      log.warn(
          "rule fails group={} rule={} at={} cause={}",
          group.name(),
          rule.rule.name(),
          rule.rule.position(),
          why);
    }
    rule.health = GroupStatus.Health.ERR;
    rule.error = why;
  }

  private List<QueryResult.Sample> vector(Expr expr, long timeMillis) {
    QueryResult.Value value = shared.engine().instant(expr, timeMillis).value();
    if (value instanceof QueryResult.Vector vector) {
      return vector.samples();
    }
    if (value instanceof QueryResult.Scalar scalar) {
      return List.of(new QueryResult.Sample(Labels.EMPTY, timeMillis, scalar.value()));
    }
    throw new RuleException("the expression gives a " + value.type().text() + ", not a vector");
  }

  private Set<Labels> record(
      Rule.Recording rule, List<QueryResult.Sample> samples, long timeMillis) {
    Map<Labels, QueryResult.Sample> named = new LinkedHashMap<>();
    for (QueryResult.Sample sample : samples) {
      Labels.Builder labels = sample.labels().toBuilder().set(Labels.NAME, rule.name());
      for (int i = 0; i < rule.labels().size(); i++) {
        labels.set(rule.labels().name(i), rule.labels().value(i));
      }
      if (named.put(labels.build(), sample) != null) {
        throw new RuleException("two results have the same labels " + labels.build());
      }
    }
    checkLimit(named.size(), "series");
    named.forEach(
        (labels, sample) -> {
          Histogram histogram = sample.histogram();
          if (histogram != null) {
            shared.samples().append(labels, timeMillis, histogram);
          } else {
            shared.samples().append(labels, timeMillis, sample.value());
          }
        });
    return new HashSet<>(named.keySet());
  }

  private Set<Labels> alert(
      RuleRun run, List<QueryResult.Sample> samples, long timeMillis, Instant now) {
    Rule.Alerting rule = (Rule.Alerting) run.rule;
    AlertingState state = run.alerting;
    if (state == null) {
      throw new IllegalStateException("BUG: alert " + rule.name() + " has no state");
    }
    long queryMillis = timeMillis - group.queryOffset().toMillis();
    Query query = text -> query(text, queryMillis);
    Map<Labels, AlertingState.Found> found = new LinkedHashMap<>();
    for (QueryResult.Sample sample : samples) {
      // As in Prometheus: an alert's value is a number, and of a histogram it is 0.
      double value = sample.histogram() == null ? sample.value() : 0;
      Map<String, Object> data =
          Map.of(
              "Labels", sample.labels(),
              "ExternalLabels", shared.options().externalLabels(),
              "ExternalURL", shared.options().externalUrl(),
              "Value", value);
      Labels.Builder labels = sample.labels().without(Labels.NAME).toBuilder();
      rule.labels().forEach((name, text) -> labels.set(name, expand(rule, text, data, query)));
      Labels.Builder annotations = Labels.EMPTY.toBuilder();
      rule.annotations()
          .forEach((name, text) -> annotations.set(name, expand(rule, text, data, query)));
      Labels whole = labels.set("alertname", rule.name()).build();
      AlertingState.Found one = new AlertingState.Found(annotations.build(), value);
      if (found.put(whole, one) != null) {
        throw new RuleException("two results make an alert with the same labels " + whole);
      }
    }
    checkLimit(found.size(), "alerts");
    boolean inGrace =
        now.toEpochMilli() - startedMillis < shared.options().restoreGrace().toMillis()
            && state.anyWaitsForData();
    List<List<Labels>> seen = inGrace ? seenSinceStart(rule.expr(), timeMillis) : List.of();
    state.advance(
        found,
        timeMillis,
        now,
        labels -> inGrace && !seen.stream().allMatch(series -> anyFits(series, labels)));
    return state.append(shared.samples(), queryMillis);
  }

  private void checkLimit(int size, String what) {
    if (group.limit() > 0 && size > group.limit()) {
      throw new RuleException(
          "the result has " + size + " " + what + ", over the group's limit of " + group.limit());
    }
  }

  private String expand(Rule.Alerting rule, Template template, Map<String, ?> data, Query query) {
    try {
      return template.expand(data, query, shared.options().externalUrl());
    } catch (TemplateException e) {
      shared.meters().templateFailures.increment();
      log.debug("template cannot be expanded rule={} cause={}", rule.name(), e.getMessage());
      return "<error expanding template: "
          + e.line()
          + ":"
          + e.column()
          + ": "
          + e.getMessage()
          + ">";
    }
  }

  private List<Query.Sample> query(String text, long timeMillis) {
    List<Query.Sample> samples = new ArrayList<>();
    for (QueryResult.Sample sample : vector(Parser.parse(text), timeMillis)) {
      double value = sample.histogram() == null ? sample.value() : 0;
      samples.add(new Query.Sample(sample.labels(), value));
    }
    return samples;
  }

  /** For each selector, the series that have got a sample since the start or the last step. */
  private List<List<Labels>> seenSinceStart(Expr expr, long timeMillis) {
    List<List<Labels>> all = new ArrayList<>();
    for (SelectorUse selector : expr.selectors()) {
      List<Labels> seen = new ArrayList<>();
      for (Series series :
          shared.samples().select(startedMillis, timeMillis, selector.matchers())) {
        for (SampleIterator i = series.iterator(); i.next(); ) {
          if (!Staleness.isStale(i.value())) {
            seen.add(series.labels());
            break;
          }
        }
      }
      all.add(seen);
    }
    return all;
  }

  private static boolean anyFits(List<Labels> series, Labels alert) {
    return series.stream().anyMatch(labels -> fits(labels, alert));
  }

  /** Whether all labels that both have are equal. */
  private static boolean fits(Labels series, Labels alert) {
    for (int i = 0; i < alert.size(); i++) {
      String name = alert.name(i);
      if (series.has(name)
          && !name.equals("severity")
          && !series.get(name).equals(alert.value(i))) {
        return false;
      }
    }
    return true;
  }

  /** Saves what a restart must know, then tells the sink. */
  private void settle() {
    List<Alert> told = new ArrayList<>();
    for (RuleRun rule : rules) {
      unsaved |= rule.alerting != null && rule.alerting.settle(told);
    }
    if (unsaved) {
      save();
    }
    tell(shared, told);
  }

  private void save() {
    List<Alert> all = new ArrayList<>();
    for (RuleRun rule : rules) {
      if (rule.alerting != null) {
        all.addAll(rule.alerting.alerts());
      }
    }
    try {
      shared.store().save(group.key(), all);
      unsaved = false;
    } catch (RuntimeException e) {
      // People are told all the same; the next evaluation tries again.
      shared.meters().saveFailures.increment();
      log.error("alert state not saved group={} alerts={}", group.name(), all.size(), e);
    }
  }

  static void tell(Shared shared, List<Alert> alerts) {
    if (alerts.isEmpty()) {
      return;
    }
    try {
      shared.sink().accept(alerts);
    } catch (RuntimeException e) {
      shared.meters().sinkFailures.increment();
      log.error("alerts not dispatched alerts={}", alerts.size(), e);
    }
  }

  private GroupStatus statusNow(@Nullable Instant at, Duration took) {
    List<GroupStatus.RuleStatus> all = new ArrayList<>();
    for (RuleRun rule : rules) {
      all.add(
          new GroupStatus.RuleStatus(
              rule.rule,
              rule.health,
              rule.error,
              rule.at,
              rule.took,
              rule.alerting == null ? List.of() : rule.alerting.alerts(),
              rule.alerting == null ? Map.of() : rule.alerting.keptSince()));
    }
    return new GroupStatus(group, at, took, all);
  }

  /** Why a rule's result cannot be used. */
  private static final class RuleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    RuleException(String message) {
      super(message);
    }
  }
}
