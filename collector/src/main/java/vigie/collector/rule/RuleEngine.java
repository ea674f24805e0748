package vigie.collector.rule;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.AlertStore;
import vigie.collector.event.Event;
import vigie.collector.label.Labels;
import vigie.collector.promql.Engine;
import vigie.collector.sample.SampleStore;

/**
 * Evaluates rule groups, each at its interval, and the alerts in them at once when an event or a
 * pushed state comes that they read; groups run side by side on the executor, rules within a group
 * in order. Both kinds of evaluation move the same state on the same clock: {@code for} counts from
 * the evaluation at which the expression first held, whichever it was. Safe for all threads.
 *
 * <p>The alerts' state is saved before the sink is told of a change, and told again in whole after
 * a start: the sink may hear of a change twice, never not at all.
 */
public final class RuleEngine implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RuleEngine.class);

  private final GroupRun.Shared shared;
  private final Scheduler scheduler;
  private final Executor executor;
  private volatile Map<String, Running> running = Map.of();
  private boolean started;

  /**
   * @param samples where rules' results go; the same as the engine reads
   * @param sink told of what changed, on an executor's thread
   * @param store asked for the alerts of before at the first {@link #load}
   * @param scheduler only hands work to {@code executor}
   * @param executor evaluates; as many groups at once as it has threads
   */
  public RuleEngine(
      Engine engine,
      SampleStore samples,
      AlertSink sink,
      AlertStore store,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters,
      RuleOptions options) {
    this.shared =
        new GroupRun.Shared(engine, samples, sink, store, clock, new RuleMeters(meters), options);
    this.scheduler = scheduler;
    this.executor = executor;
    Gauge.builder("vigie.rules", this, e -> e.count(false))
        .description("Rules loaded.")
        .register(meters);
    Gauge.builder("vigie.rules.failing", this, e -> e.count(true))
        .description("Rules whose last evaluation ended in an error.")
        .register(meters);
    for (AlertState state : List.of(AlertState.PENDING, AlertState.FIRING)) {
      Gauge.builder("vigie.alerts", this, e -> e.count(state))
          .tag("state", state == AlertState.FIRING ? "firing" : "pending")
          .description("Alerts by state.")
          .register(meters);
    }
  }

  /**
   * Replaces all groups at once and begins to evaluate them. Rules that stay keep their alerts;
   * firing alerts of rules that go are resolved. The first call brings back the alerts from before
   * the restart.
   */
  public synchronized void load(List<RuleGroup> groups) {
    Map<String, Running> before = running;
    Map<String, Running> after = new LinkedHashMap<>();
    List<Alert> told = new ArrayList<>();
    before.values().forEach(Running::stop);
    for (RuleGroup group : groups) {
      GroupRun run = new GroupRun(group, shared);
      Running old = before.get(group.key());
      if (old != null) {
        told.addAll(run.adopt(old.run));
      } else if (!started) {
        List<Alert> kept = shared.store().load(group.key());
        List<Alert> foreign = run.restore(kept);
        told.addAll(ended(foreign));
        run.alerts().stream().filter(a -> a.state() != AlertState.PENDING).forEach(told::add);
      }
      after.put(group.key(), new Running(run));
    }
    for (Map.Entry<String, Running> old : before.entrySet()) {
      if (!after.containsKey(old.getKey())) {
        told.addAll(old.getValue().run.end());
      }
    }
    List<String> orphans = new ArrayList<>(shared.store().groups());
    orphans.removeAll(after.keySet());
    for (String orphan : orphans) {
      if (!started) {
        told.addAll(ended(shared.store().load(orphan)));
      }
    }
    // The sink first: what is forgotten before it was told would burn on for ever.
    GroupRun.tell(shared, told);
    orphans.forEach(orphan -> shared.store().save(orphan, List.of()));
    running = Collections.unmodifiableMap(after);
    started = true;
    // Events that came to the old groups meanwhile.
    after.forEach(
        (key, next) -> {
          Running old = before.get(key);
          if (old != null) {
            next.run.takeWaitingOf(old.run);
          }
        });
    after.values().forEach(Running::start);
    log.info("rules loaded groups={} rules={}", after.size(), (int) count(false));
  }

  /** Alerts from before a restart whose rule is no longer there. */
  private List<Alert> ended(List<Alert> kept) {
    Instant now = shared.clock().now();
    List<Alert> ended = new ArrayList<>();
    for (Alert alert : kept) {
      if (alert.state() == AlertState.FIRING) {
        ended.add(alert.ended(now));
      } else if (alert.state() == AlertState.RESOLVED) {
        ended.add(alert);
      }
    }
    return ended;
  }

  /**
   * Says that an event gave a series a sample: the alerts that read the series, and what their
   * groups record for them, are evaluated at once, or after {@link RuleOptions#triggerGap} where
   * that was done just now, and the event is attached to the alerts of these rules that it fits
   * (each label that both have is equal; at most 10 an alert, newest first). Returns at once.
   *
   * @param series with {@code __name__}; its sample is in the store already
   * @param event not one that came late
   */
  public void trigger(Labels series, Event event) {
    Map<String, Running> asked;
    do {
      asked = running;
      for (Running each : asked.values()) {
        if (each.run.offer(event, series)) {
          each.trigger();
        }
      }
      // A reload came between: the new groups take it as well, which attaches it once.
    } while (asked != running);
  }

  /**
   * Says that a series has got a sample that tells another state than the one before: the alerts
   * that read it are evaluated at once, or after {@link RuleOptions#triggerGap} where that was done
   * just now. Returns at once; not meant for each sample.
   *
   * @param series with {@code __name__}; its sample is in the store already
   */
  public void trigger(Labels series) {
    Map<String, Running> asked;
    do {
      asked = running;
      for (Running each : asked.values()) {
        if (each.run.ask(series)) {
          each.trigger();
        }
      }
    } while (asked != running);
  }

  /**
   * The groups in the order of their configuration, each with how its rules went last; without our
   * own.
   */
  public List<GroupStatus> groups() {
    List<GroupStatus> all = new ArrayList<>();
    for (Running each : running.values()) {
      if (!each.run.group().isBuiltIn()) {
        all.add(each.run.status());
      }
    }
    return all;
  }

  /** All alerts as they stand: pending, firing, and resolved for less than 15 minutes. */
  public List<Alert> alerts() {
    List<Alert> all = new ArrayList<>();
    running.values().forEach(each -> all.addAll(each.run.alerts()));
    return all;
  }

  /** Ends all evaluation but one under way. What is kept stays, for the next start. */
  @Override
  public synchronized void close() {
    running.values().forEach(Running::stop);
    running = Map.of();
  }

  private double count(boolean failingOnly) {
    double count = 0;
    for (GroupStatus group : groups()) {
      for (GroupStatus.RuleStatus rule : group.rules()) {
        count += !failingOnly || rule.health() == GroupStatus.Health.ERR ? 1 : 0;
      }
    }
    return count;
  }

  private double count(AlertState state) {
    return alerts().stream().filter(alert -> alert.state() == state).count();
  }

  private void execute(Runnable work) {
    try {
      executor.execute(work);
    } catch (RejectedExecutionException closed) {
      log.debug("no evaluation any more: closed");
    }
  }

  /** When a group is evaluated. */
  private final class Running {
    private final GroupRun run;
    private final long intervalMillis;
    private final long offsetMillis;
    private final AtomicBoolean turnBusy = new AtomicBoolean();
    private final AtomicBoolean triggerPlanned = new AtomicBoolean();
    private volatile boolean stopped;
    private volatile long lastTriggerNanos;
    private volatile boolean everTriggered;
    private long turn;

    Running(GroupRun run) {
      this.run = run;
      this.intervalMillis = run.group().interval().toMillis();
      // Spreads the groups over the interval, the same way after every start.
      this.offsetMillis =
          Math.floorMod(run.group().key().hashCode() * 0x9E3779B97F4A7C15L, intervalMillis);
    }

    void start() {
      turn = turnAt(shared.clock().millis());
      scheduleNext();
      if (run.isAsked()) {
        trigger();
      }
    }

    void stop() {
      stopped = true;
    }

    /** The last turn at or before the time. */
    private long turnAt(long millis) {
      return Math.floorDiv(millis - offsetMillis, intervalMillis) * intervalMillis + offsetMillis;
    }

    private void scheduleNext() {
      long now = shared.clock().millis();
      long next = turnAt(now) + intervalMillis;
      scheduler.after(Duration.ofMillis(next - now), this::onTurn);
    }

    private void onTurn() {
      if (stopped) {
        return;
      }
      long now = turnAt(shared.clock().millis());
      if (now <= turn && turn - now < intervalMillis) {
        // Fired a moment early, by the wall clock's slewing: this turn is still to come.
        scheduleNext();
        return;
      }
      long skipped = (now - turn) / intervalMillis - 1;
      turn = now;
      if (!turnBusy.compareAndSet(false, true)) {
        shared.meters().missed.increment();
      } else {
        // A stepped clock also looks like many turns; an hour of them is no load.
        shared.meters().missed.increment(skipped > 0 && skipped < 3600 ? (double) skipped : 0);
        execute(
            () -> {
              try {
                if (!stopped) {
                  run.evaluateAt(now);
                }
              } finally {
                turnBusy.set(false);
              }
            });
      }
      scheduleNext();
    }

    void trigger() {
      if (!triggerPlanned.compareAndSet(false, true)) {
        return;
      }
      long gap = shared.options().triggerGap().toNanos();
      long wait = everTriggered ? gap - (shared.clock().nanos() - lastTriggerNanos) : 0;
      if (wait <= 0) {
        execute(this::evaluateTriggered);
      } else {
        scheduler.after(Duration.ofNanos(wait), () -> execute(this::evaluateTriggered));
      }
    }

    private void evaluateTriggered() {
      lastTriggerNanos = shared.clock().nanos();
      everTriggered = true;
      // Before the evaluation: an event from here on may be too late for it and plans the next.
      triggerPlanned.set(false);
      if (!stopped) {
        shared.meters().triggered.increment();
        run.evaluateNow();
      }
    }
  }
}
