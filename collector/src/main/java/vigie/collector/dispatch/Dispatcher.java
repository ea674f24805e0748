package vigie.collector.dispatch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertState;
import vigie.collector.label.Labels;

/**
 * Groups alerts by route and labels and keeps the wanted state of each group up to date at the
 * sink. An incident lasts until no alert of its group fires; its identity survives a restart in
 * what the sink keeps. Safe for all threads; all state is guarded by this object's lock.
 *
 * <p>A receiver that edits what it sent is told of the first alert at once (group_wait 0s unless
 * the route says otherwise) and of every alert that joins or leaves; new texts of alerts already
 * told follow at most every 30 seconds. group_interval and repeat_interval are for the others: a
 * card that is still true is not posted again.
 */
public final class Dispatcher implements AlertSink {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
  private static final Duration GROUP_WAIT = Duration.ofSeconds(30);
  private static final Duration GROUP_INTERVAL = Duration.ofMinutes(5);

  private final NotificationSink sink;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Map<String, Group> groups = new LinkedHashMap<>();

  /** Which groups an alert fires in, by its fingerprint: they hear of its end on any route. */
  private final Map<String, Set<Group>> holding = new HashMap<>();

  private final Counter told;
  private Routing routing;
  private boolean started;

  /**
   * Takes up the open incidents of the sink; nothing goes out before {@link #start}.
   *
   * @param scheduler for the waits, whose work then runs on {@code executor}
   */
  public Dispatcher(
      Routing routing,
      NotificationSink sink,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this.routing = routing;
    this.sink = sink;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    for (Notification open : sink.open()) {
      Group group = new Group(open, restoredTiming(open.receiver()), clock.nanos());
      groups.put(group.key(), group);
      group.firing().forEach(alert -> hold(alert.fingerprint(), group));
    }
    meters.gauge("vigie.dispatch.groups", this, Dispatcher::groupCount);
    told = meters.counter("vigie.dispatch.notifications");
  }

  /**
   * Begins to tell the sink. Called once, after the rules have their state back: what the kept
   * incidents say fires and {@code active} does not hold ended while nobody looked.
   *
   * @param active all alerts that fire now
   */
  public synchronized void start(Collection<Alert> active) {
    rehome();
    Set<String> alive = new HashSet<>();
    for (Alert alert : active) {
      alive.add(alert.fingerprint());
      take(alert);
    }
    Instant now = clock.now();
    for (Group group : List.copyOf(groups.values())) {
      for (Alert alert : List.copyOf(group.firing())) {
        if (!alive.contains(alert.fingerprint())) {
          take(ended(alert, now));
        }
      }
    }
    started = true;
    flush(List.copyOf(groups.values()));
  }

  /**
   * Takes new routes; open incidents stay with their receivers until they end. Where a receiver is
   * gone, what fires begins anew with those that take it now.
   */
  public synchronized void reload(Routing next) {
    routing = next;
    rehome();
  }

  /** An incident whose receiver is gone ends, unseen; its alerts must reach somebody else. */
  private void rehome() {
    Instant now = clock.now();
    List<Alert> homeless = new ArrayList<>();
    List<Notification> ends = new ArrayList<>();
    for (Group group : List.copyOf(groups.values())) {
      if (routing.receivers().containsKey(group.receiver())) {
        continue;
      }
      groups.remove(group.key());
      for (Alert alert : List.copyOf(group.firing())) {
        homeless.add(alert);
        release(alert.fingerprint(), group);
        group.take(ended(alert, now), now);
      }
      if (group.wasTold()) {
        ends.add(group.tell(clock.nanos()));
      }
    }
    if (!ends.isEmpty()) {
      log.warn("receivers are gone, their open incidents begin anew incidents={}", ends.size());
      sink.want(ends);
    }
    accept(homeless);
  }

  private void release(String fingerprint, Group group) {
    Set<Group> held = holding.getOrDefault(fingerprint, Set.of());
    held.remove(group);
    if (held.isEmpty()) {
      holding.remove(fingerprint);
    }
  }

  /** The receivers that are told of an alert with these labels. */
  public synchronized List<String> receiversOf(Labels labels) {
    return routing.receiversOf(labels);
  }

  /** The groups that fire now and satisfy the condition, as they would be told. */
  public synchronized List<Notification> groups(Predicate<Notification> condition) {
    return groups.values().stream().map(Group::notification).filter(condition).toList();
  }

  @Override
  public synchronized void accept(List<Alert> changes) {
    Set<Group> touched = new LinkedHashSet<>();
    for (Alert alert : changes) {
      touched.addAll(take(alert));
    }
    if (started) {
      flush(touched);
    }
  }

  private Set<Group> take(Alert alert) {
    String fingerprint = alert.fingerprint();
    Set<Group> concerned = new LinkedHashSet<>(holding.getOrDefault(fingerprint, Set.of()));
    // A route that came with a reload is for the next incident: this one has its card.
    if (alert.state() == AlertState.FIRING && concerned.isEmpty()) {
      for (Route route : routing.root().match(alert.labels())) {
        concerned.add(groupOf(route, alert));
      }
    }
    for (Group group : concerned) {
      group.take(alert, clock.now());
      if (alert.state() == AlertState.FIRING) {
        hold(fingerprint, group);
      }
    }
    if (alert.state() != AlertState.FIRING) {
      holding.remove(fingerprint);
    }
    return concerned;
  }

  private void hold(String fingerprint, Group group) {
    holding.computeIfAbsent(fingerprint, f -> new LinkedHashSet<>()).add(group);
  }

  private Group groupOf(Route route, Alert alert) {
    Labels labels = route.groupLabels(alert.labels());
    return groups.computeIfAbsent(
        route.groupKey(labels),
        key -> new Group(key, route.receiver(), labels, timing(route), clock.nanos(), clock.now()));
  }

  private Group.Timing restoredTiming(String receiver) {
    boolean edits = edits(receiver);
    return new Group.Timing(edits, Duration.ZERO, GROUP_INTERVAL, Route.REPEAT_INTERVAL);
  }

  private boolean edits(String name) {
    Receiver receiver = routing.receivers().get(name);
    return receiver == null || receiver.edits();
  }

  private Group.Timing timing(Route route) {
    boolean edits = edits(route.receiver());
    Duration wait = route.groupWait();
    Duration interval = route.groupInterval();
    return new Group.Timing(
        edits,
        wait != null ? wait : edits ? Duration.ZERO : GROUP_WAIT,
        interval != null ? interval : GROUP_INTERVAL,
        route.repeatInterval());
  }

  /** Tells the sink of the groups that are due, with one sync, and plans for the others. */
  private void flush(Collection<Group> candidates) {
    long now = clock.nanos();
    List<Notification> due = new ArrayList<>();
    for (Group group : candidates) {
      boolean goesOn = group.isFiring() || group.wasTold();
      if (goesOn && group.dueNanos(now) <= now) {
        Notification notification = group.tell(now);
        due.add(notification);
        log.info(
            "group told receiver={} incident={} firing={} resolved={} group={}",
            notification.receiver(),
            notification.incident(),
            notification.firing(),
            notification.resolved(),
            notification.groupLabels());
        goesOn = group.isFiring();
      }
      if (goesOn) {
        plan(group, now);
      } else {
        groups.remove(group.key(), group);
      }
    }
    if (!due.isEmpty()) {
      sink.want(due);
      told.increment(due.size());
    }
  }

  private void plan(Group group, long now) {
    long at = group.dueNanos(now);
    if (at != Group.NEVER && group.wakeAt(at)) {
      scheduler.after(Duration.ofNanos(at - now), () -> executor.execute(() -> wake(group, at)));
    }
  }

  private synchronized void wake(Group group, long at) {
    group.woken(at);
    if (started && groups.get(group.key()) == group) {
      flush(List.of(group));
    }
  }

  private synchronized int groupCount() {
    return groups.size();
  }

  private static Alert ended(Alert alert, Instant now) {
    return new Alert(
        alert.labels(),
        alert.annotations(),
        AlertState.RESOLVED,
        alert.activeAt(),
        alert.firedAt(),
        now,
        now,
        alert.value(),
        alert.rule(),
        alert.events());
  }
}
