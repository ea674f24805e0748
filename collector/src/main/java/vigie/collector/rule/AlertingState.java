package vigie.collector.rule;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;
import vigie.collector.template.Template;

/**
 * The alerts of one rule: inactive, pending, firing, resolved. Guarded by its group's lock.
 *
 * <p>An alert whose labels come up becomes pending; it fires once that has been so at every
 * evaluation for as long as {@code for} asks; when its labels no longer come up it is gone if it
 * was pending, and resolved if it fired, after {@code keep_firing_for}. Resolved alerts stay listed
 * for 15 minutes.
 */
final class AlertingState {
  static final Duration LISTED_RESOLVED = Duration.ofMinutes(15);
  private static final int MOST_EVENTS = 10;

  private final Rule.Alerting rule;
  private final String ruleName;
  private final Map<Labels, Active> active = new LinkedHashMap<>();

  /** Whether a pending alert went since the last {@link #settle}. */
  private boolean gone;

  AlertingState(String group, Rule.Alerting rule) {
    this.rule = rule;
    this.ruleName = group + "/" + rule.name();
  }

  /** What an evaluation of the rule found, before anything is changed by it. */
  record Found(Labels annotations, double value) {}

  /** Takes the alerts of this rule's earlier definition. */
  void adopt(AlertingState before) {
    active.putAll(before.active);
  }

  /** Whether the alert, kept from before a restart, can be of this rule. */
  boolean owns(Alert alert) {
    if (!alert.name().equals(rule.name())) {
      return false;
    }
    for (Map.Entry<String, Template> label : rule.labels().entrySet()) {
      String text = label.getValue().text();
      if (!text.contains("{{") && !alert.labels().get(label.getKey()).equals(text)) {
        return false;
      }
    }
    return true;
  }

  void restore(Alert alert) {
    Active restored = new Active(ruleName, alert);
    restored.waitsForData = alert.state() != AlertState.RESOLVED;
    active.put(alert.labels(), restored);
  }

  boolean anyWaitsForData() {
    return active.values().stream().anyMatch(a -> a.waitsForData);
  }

  /**
   * Moves every alert on by one evaluation.
   *
   * @param found by the alerts' labels
   * @param timeMillis of the evaluation
   * @param now when the collector knows of it
   * @param stillUnknown of an alert from before a restart: whether the data that could end it are
   *     not there yet
   */
  void advance(
      Map<Labels, Found> found, long timeMillis, Instant now, Predicate<Labels> stillUnknown) {
    found.forEach((labels, each) -> hold(labels, each, timeMillis, now));
    Iterator<Active> all = active.values().iterator();
    while (all.hasNext()) {
      Active each = all.next();
      if (found.containsKey(each.labels)) {
        fireIfDue(each, timeMillis, now);
      } else if (each.state == AlertState.RESOLVED) {
        if (timeMillis - each.since > LISTED_RESOLVED.toMillis()) {
          all.remove();
        }
      } else if (!each.waitsForData || !stillUnknown.test(each.labels)) {
        if (each.state == AlertState.PENDING) {
          all.remove();
          gone = true;
        } else if (!isKept(each, timeMillis)) {
          each.resolve(timeMillis, now);
        }
      }
    }
  }

  private void hold(Labels labels, Found found, long timeMillis, Instant now) {
    Active each = active.get(labels);
    if (each == null || each.state == AlertState.RESOLVED) {
      each = new Active(ruleName, labels, timeMillis, now);
      active.put(labels, each);
    }
    each.waitsForData = false;
    each.keep(Long.MIN_VALUE);
    each.update(found);
  }

  private void fireIfDue(Active each, long timeMillis, Instant now) {
    if (each.state == AlertState.PENDING && timeMillis - each.since >= rule.hold().toMillis()) {
      each.fire(timeMillis, now);
    }
  }

  private boolean isKept(Active each, long timeMillis) {
    if (rule.keepFiringFor().isZero()) {
      return false;
    }
    if (each.keptSince == Long.MIN_VALUE) {
      each.keep(timeMillis);
    }
    return timeMillis - each.keptSince < rule.keepFiringFor().toMillis();
  }

  /** The rule was taken out of the configuration: nothing can end its alerts but this. */
  List<Alert> end(long timeMillis, Instant now) {
    List<Alert> ended = new ArrayList<>();
    for (Active each : active.values()) {
      if (each.state == AlertState.FIRING) {
        each.resolve(timeMillis, now);
        ended.add(each.alert());
      }
    }
    active.clear();
    return ended;
  }

  /**
   * The wall clock was stepped: what has been waited stays waited, and until its series have
   * samples of the new time an alert stays as it is.
   */
  void step(long byMillis) {
    for (Active each : active.values()) {
      each.since += byMillis;
      each.waitsForData |= each.state != AlertState.RESOLVED;
      if (each.keptSince != Long.MIN_VALUE) {
        each.keep(each.keptSince + byMillis);
      }
    }
  }

  /**
   * Attaches events to the alerts that they fit: every label that both have is equal.
   *
   * @param fresh came since the last evaluation
   * @param recent the fresh and earlier ones, for alerts that have just come up, oldest first
   */
  void attach(List<Event> fresh, List<Event> recent) {
    for (Active each : active.values()) {
      for (Event event : each.isNew ? recent : fresh) {
        if (fits(event, each.labels)) {
          each.add(event);
        }
      }
      each.isNew = false;
    }
  }

  private static boolean fits(Event event, Labels labels) {
    return agrees(labels, "node", event.node())
        && agrees(labels, "type", event.type())
        && event.fields().entrySet().stream()
            .allMatch(field -> agrees(labels, field.getKey(), field.getValue()));
  }

  private static boolean agrees(Labels labels, String name, String value) {
    // An alert's own severity says how bad that is, the event's what syslog made of it.
    return name.equals("severity") || !labels.has(name) || labels.get(name).equals(value);
  }

  /** Appends the series {@code ALERTS} and {@code ALERTS_FOR_STATE}; gives all it appended to. */
  Set<Labels> append(Appender appender, long timeMillis) {
    Set<Labels> series = new HashSet<>();
    for (Active each : active.values()) {
      if (each.state != AlertState.RESOLVED) {
        Labels alerts = each.alertsSeries();
        appender.append(alerts, timeMillis, 1);
        appender.append(each.forStateSeries(), timeMillis, each.since / 1000.0);
        series.add(alerts);
        series.add(each.forStateSeries());
      }
    }
    return series;
  }

  /**
   * Ends an evaluation: adds to {@code told} what the sink is to know.
   *
   * @return whether something changed that must be kept over a restart
   */
  boolean settle(List<Alert> told) {
    boolean changed = gone;
    gone = false;
    for (Active each : active.values()) {
      changed |= each.moved;
      if (each.touched && each.state != AlertState.PENDING) {
        told.add(each.alert());
      }
      each.moved = false;
      each.touched = false;
    }
    return changed;
  }

  /** All as they stand. */
  List<Alert> alerts() {
    List<Alert> all = new ArrayList<>(active.size());
    for (Active each : active.values()) {
      all.add(each.alert());
    }
    return all;
  }

  /** Since when the alerts that only {@code keep_firing_for} keeps do not hold any more. */
  Map<Labels, Instant> keptSince() {
    Map<Labels, Instant> kept = new HashMap<>();
    for (Active each : active.values()) {
      if (each.state == AlertState.FIRING && each.keptSince != Long.MIN_VALUE) {
        kept.put(each.labels, Instant.ofEpochMilli(each.keptSince));
      }
    }
    return kept;
  }

  int size() {
    return active.size();
  }

  /** One alert that is not inactive. */
  private static final class Active {
    private final String ruleName;
    private final Labels labels;
    private Labels annotations = Labels.EMPTY;
    private AlertState state = AlertState.PENDING;
    private final Instant activeAt;
    private @Nullable Instant firedAt;
    private @Nullable Instant resolvedAt;
    private Instant knownAt;
    private double value;
    private List<Event> events = List.of();

    /**
     * On the time line of the evaluations: when the expression began to hold, or when it was
     * resolved. Unlike {@code activeAt} it moves when the clock is stepped.
     */
    private long since;

    /** When the expression last stopped holding while it fires; MIN_VALUE while it holds. */
    private long keptSince = Long.MIN_VALUE;

    /** Restored, or from before a step of the clock, and not yet seen to hold since. */
    private boolean waitsForData;

    private boolean isNew = true;

    /** Something changed that a restart must know. */
    private boolean moved = true;

    /** Something changed that the sink must know. */
    private boolean touched;

    private @Nullable Alert alert;
    private @Nullable Labels alertsSeries;
    private @Nullable Labels forStateSeries;

    Active(String ruleName, Labels labels, long timeMillis, Instant now) {
      this.ruleName = ruleName;
      this.labels = labels;
      this.activeAt = Instant.ofEpochMilli(timeMillis);
      this.since = timeMillis;
      this.knownAt = now;
    }

    /** From before a restart. */
    Active(String ruleName, Alert kept) {
      this.ruleName = ruleName;
      this.labels = kept.labels();
      this.annotations = kept.annotations();
      this.state = kept.state();
      this.activeAt = kept.activeAt();
      this.firedAt = kept.firedAt();
      this.resolvedAt = kept.resolvedAt();
      this.knownAt = kept.knownAt();
      this.value = kept.value();
      this.events = kept.events();
      this.keptSince = kept.keptSince() == null ? Long.MIN_VALUE : kept.keptSince().toEpochMilli();
      this.since = (resolvedAt != null ? resolvedAt : activeAt).toEpochMilli();
      this.isNew = false;
      this.moved = false;
      // Whoever was to be told before the crash may not have been.
      this.touched = true;
    }

    void update(Found found) {
      if (!annotations.equals(found.annotations())) {
        annotations = found.annotations();
        touched = true;
        alert = null;
      }
      if (Double.doubleToLongBits(value) != Double.doubleToLongBits(found.value())) {
        value = found.value();
        alert = null;
      }
    }

    /** From when on only {@code keep_firing_for} keeps it; MIN_VALUE for not at all. */
    void keep(long sinceMillis) {
      if (keptSince != sinceMillis) {
        keptSince = sinceMillis;
        moved = true;
        alert = null;
      }
    }

    void fire(long timeMillis, Instant now) {
      state = AlertState.FIRING;
      firedAt = Instant.ofEpochMilli(timeMillis);
      changed(now);
    }

    void resolve(long timeMillis, Instant now) {
      state = AlertState.RESOLVED;
      resolvedAt = Instant.ofEpochMilli(timeMillis);
      since = timeMillis;
      waitsForData = false;
      changed(now);
    }

    private void changed(Instant now) {
      knownAt = now;
      moved = true;
      touched = true;
      alert = null;
      alertsSeries = null;
    }

    void add(Event event) {
      if (events.contains(event)) {
        return;
      }
      List<Event> newest = new ArrayList<>(events);
      int at = 0;
      while (at < newest.size() && newest.get(at).time().isAfter(event.time())) {
        at++;
      }
      if (at >= MOST_EVENTS) {
        return;
      }
      newest.add(at, event);
      events = List.copyOf(newest.subList(0, Math.min(MOST_EVENTS, newest.size())));
      moved = true;
      touched = true;
      alert = null;
    }

    Alert alert() {
      Alert now = alert;
      if (now == null) {
        now =
            new Alert(
                labels,
                annotations,
                state,
                activeAt,
                firedAt,
                resolvedAt,
                knownAt,
                value,
                ruleName,
                events,
                state != AlertState.FIRING || keptSince == Long.MIN_VALUE
                    ? null
                    : Instant.ofEpochMilli(keptSince));
        alert = now;
      }
      return now;
    }

    Labels alertsSeries() {
      Labels series = alertsSeries;
      if (series == null) {
        series =
            labels.toBuilder()
                .set(Labels.NAME, "ALERTS")
                .set("alertstate", state == AlertState.FIRING ? "firing" : "pending")
                .build();
        alertsSeries = series;
      }
      return series;
    }

    Labels forStateSeries() {
      Labels series = forStateSeries;
      if (series == null) {
        series = labels.with(Labels.NAME, "ALERTS_FOR_STATE");
        forStateSeries = series;
      }
      return series;
    }
  }
}
