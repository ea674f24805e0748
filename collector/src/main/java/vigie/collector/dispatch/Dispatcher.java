package vigie.collector.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertState;
import vigie.collector.inhibit.Inhibitor;
import vigie.collector.inhibit.RootCause;
import vigie.collector.label.Labels;
import vigie.collector.node.Node;
import vigie.collector.node.NodeState;

/**
 * Groups alerts by route and labels and keeps the wanted state of each group up to date at the
 * sink. An incident lasts until no alert of its group fires; its identity survives a restart in
 * what the sink keeps. Safe for all threads; all state is guarded by this object's lock.
 *
 * <p>A receiver that edits what it sent is told of the first alert at once (group_wait 0s unless
 * the route says otherwise) and of every alert that joins or leaves; new texts of alerts already
 * told follow at most every 30 seconds. group_interval and repeat_interval are for the others: a
 * card that is still true is not posted again.
 *
 * <p>What is silenced, inhibited, muted by a time interval or has a silent node as its cause is not
 * told until that ends; if it was told before, its card says so, and its end is told all the same.
 * An alert whose cause is likely, but not known yet, waits for it a short while.
 */
public final class Dispatcher implements AlertSink {
  private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);
  private static final Duration GROUP_WAIT = Duration.ofSeconds(30);
  private static final Duration GROUP_INTERVAL = Duration.ofMinutes(5);

  /** What had a cause has so long to recover once that is over: two scrapes. */
  private static final Duration RECOVERY = Duration.ofSeconds(30);

  /** How often it is looked whether a likely cause is one. */
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** A node that is back has so long to begin to tell what happened while it was away. */
  private static final Duration HISTORY_WAIT = Duration.ofSeconds(3);

  private final NotificationSink sink;
  private final Surroundings around;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Map<String, Group> groups = new LinkedHashMap<>();
  private final Map<String, Live> live = new LinkedHashMap<>();
  private final Inhibitor inhibitor = new Inhibitor();
  private final RootCause causes;
  private final Flaps flaps;
  private final WaitingLines lines;

  /** Marks of the alerts that fire, for readers that must not wait for the lock. */
  private final Map<String, AlertMark> marks = new ConcurrentHashMap<>();

  private final Counter told;
  private Routing routing;
  private boolean started;

  /** Whether marks are known: what a restart finds out anew is no news. */
  private boolean settled;

  private boolean looking;

  /** Alerts whose marks are to be found out anew, by fingerprint. */
  private final Set<String> dirty = new LinkedHashSet<>();

  private boolean allDirty;

  /** Alerts whose incident is over, which others are yet to hear of. */
  private final Set<String> over = new LinkedHashSet<>();

  /** Alerts that wait for a cause or recover from one, by fingerprint. */
  private final Set<String> onHold = new LinkedHashSet<>();

  /** With nobody around who knows more, and nothing kept but by the sink. */
  public Dispatcher(
      Routing routing,
      NotificationSink sink,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this(routing, sink, DispatchStore.NONE, Surroundings.NONE, clock, scheduler, executor, meters);
  }

  /**
   * Takes up the open incidents of the sink; nothing goes out before {@link #start}.
   *
   * @param around is asked from {@link #start} on
   * @param scheduler for the waits, whose work then runs on {@code executor}
   */
  public Dispatcher(
      Routing routing,
      NotificationSink sink,
      DispatchStore store,
      Surroundings around,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this.routing = routing;
    this.sink = sink;
    this.around = around;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.causes = new RootCause(around::node, around::dependsOn);
    Keeper keeper = new Keeper(executor);
    this.lines = new WaitingLines(store, keeper);
    this.flaps = new Flaps(store, keeper, clock);
    inhibitor.rules(routing.inhibitRules());
    for (Notification open : sink.open()) {
      Group group = new Group(open, timing(open.groupKey(), open.receiver()), clock.nanos());
      groups.put(group.key(), group);
      for (Alert alert : group.firing()) {
        Live known = live.computeIfAbsent(alert.fingerprint(), f -> new Live(alert));
        known.groups.add(group);
        known.changedNanos = clock.nanos();
      }
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
    for (Live known : List.copyOf(live.values())) {
      if (!alive.contains(known.alert.fingerprint())) {
        known.fires = true;
        take(known.end != null ? known.end : known.alert.ended(clock.now()));
      }
    }
    started = true;
    allDirty = true;
    settle(new LinkedHashSet<>(groups.values()));
    settled = true;
    nextMinute();
  }

  /**
   * Takes new routes; open incidents stay with their receivers until they end. Where a receiver is
   * gone, what fires begins anew with those that take it now.
   */
  public synchronized void reload(Routing next) {
    routing = next;
    inhibitor.rules(next.inhibitRules());
    for (Group group : groups.values()) {
      group.timing(timing(group.key(), group.receiver()));
    }
    rehome();
    allDirty = true;
    if (started) {
      settle(new LinkedHashSet<>(groups.values()));
    }
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
        Live known = live.get(alert.fingerprint());
        // One whose end only waits to be told does not fire anew.
        if (!started || known == null || known.fires) {
          homeless.add(alert);
        }
        release(alert.fingerprint(), group);
        group.end(alert.ended(now), now);
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
    Live known = live.get(fingerprint);
    if (known != null) {
      known.groups.remove(group);
      if (known.groups.isEmpty() && !known.fires) {
        forget(fingerprint);
      }
    }
  }

  private void forget(String fingerprint) {
    live.remove(fingerprint);
    marks.remove(fingerprint);
    over.add(fingerprint);
  }

  /**
   * Fingerprints of the alerts that are not over for those who are told: all that fire, and what
   * only flaps or is not known to have ended.
   */
  public synchronized Set<String> open() {
    return Set.copyOf(live.keySet());
  }

  /** The receivers that are told of an alert with these labels. */
  public synchronized List<String> receiversOf(Labels labels) {
    return routing.receiversOf(labels);
  }

  /** The groups that somebody is told of and that satisfy the condition, as they would be told. */
  public synchronized List<Notification> groups(Predicate<Notification> condition) {
    return groups.values().stream()
        .filter(Group::isSeen)
        .map(Group::notification)
        .filter(condition)
        .toList();
  }

  /**
   * What stands beside a firing alert; {@link AlertMark#NONE} where nothing does. Waits for nobody.
   *
   * @param fingerprint of the alert
   */
  public AlertMark mark(String fingerprint) {
    return marks.getOrDefault(fingerprint, AlertMark.NONE);
  }

  @Override
  public synchronized void accept(List<Alert> changes) {
    Set<Group> touched = new LinkedHashSet<>();
    for (Alert alert : changes) {
      touched.addAll(take(alert));
    }
    if (started) {
      settle(touched);
    }
  }

  /** Silences are others now: looks at all alerts anew, soon and on the dispatcher's thread. */
  public void silencesChanged() {
    executor.execute(this::remarkAll);
  }

  private synchronized void remarkAll() {
    allDirty = true;
    if (started) {
      settle(new LinkedHashSet<>());
    }
  }

  /** These alerts' acknowledgements are others now; as {@link #silencesChanged}. */
  public void acknowledged(Set<String> fingerprints) {
    executor.execute(
        () -> {
          synchronized (this) {
            dirty.addAll(fingerprints);
            if (started) {
              settle(new LinkedHashSet<>());
            }
          }
        });
  }

  /** A neighbour told anew whether it reaches the node: the card of its silence says so. */
  public synchronized void reachTold(String node) {
    Set<String> telling = causes.telling(node);
    if (started && !telling.isEmpty()) {
      dirty.addAll(telling);
      settle(new LinkedHashSet<>());
    }
  }

  /** Tells something that needs nobody with the next card that each receiver gets. */
  public synchronized void sayWithNextCard(Notes.Line line) {
    lines.add(line);
  }

  /** More is to come of what happened on the node while it was away: its card's end waits. */
  public synchronized void awaitHistory(String node, Duration wait) {
    for (Group group : groupsOf(node)) {
      group.endNotBefore(clock.nanos() + wait.toNanos());
    }
  }

  /**
   * Tells what happened on a node and became known too late: with the card of the node's silence
   * where that is still open, else on one of its own that is over.
   */
  public synchronized void history(String node, List<Notes.Line> past) {
    if (past.isEmpty()) {
      return;
    }
    List<Group> open = groupsOf(node);
    if (open.isEmpty() || !started) {
      tellHistory(node, past);
      return;
    }
    open.forEach(group -> group.say(past, clock.now()));
    flush(open);
  }

  private List<Group> groupsOf(String node) {
    return groups.values().stream()
        .filter(Group::wasTold)
        .filter(group -> group.tellsSilenceOf(node))
        .toList();
  }

  private void tellHistory(String node, List<Notes.Line> past) {
    Instant first = past.get(0).at();
    Instant now = clock.now();
    String text = past.size() + (past.size() == 1 ? " event" : " events");
    Alert alert =
        new Alert(
            Labels.of("alertname", "History", "node", node, "severity", "info"),
            Labels.of("summary", "While " + node + " was not heard: " + text),
            AlertState.RESOLVED,
            first,
            first,
            now,
            now,
            past.size(),
            "",
            List.of());
    List<Notification> all = new ArrayList<>();
    for (Route route : routing.root().match(alert.labels())) {
      Labels labels = route.groupLabels(alert.labels());
      String incident =
          UUID.nameUUIDFromBytes((route.id() + node + now).getBytes(UTF_8)).toString();
      all.add(
          new Notification(
              incident.substring(0, 18),
              route.groupKey(labels),
              route.receiver(),
              labels,
              alert.labels(),
              alert.annotations(),
              List.of(alert),
              0,
              1,
              first,
              now,
              new Notes(Map.of(), List.of(), 0, past)));
    }
    log.info("history told node={} lines={}", node, past.size());
    sink.want(all);
    told.increment(all.size());
  }

  /** Takes an alert's new state; what stands beside it is found out by {@link #settle}. */
  private Set<Group> take(Alert alert) {
    return alert.state() == AlertState.FIRING ? fires(alert) : ends(alert);
  }

  private Set<Group> fires(Alert alert) {
    String fingerprint = alert.fingerprint();
    Live known = live.computeIfAbsent(fingerprint, f -> new Live(alert));
    known.alert = alert;
    known.end = null;
    if (!known.fires) {
      known.fires = true;
      known.changedNanos = clock.nanos();
      if (known.hold == Live.Hold.UNKNOWN) {
        known.hold = Live.Hold.NONE;
      } else {
        flaps.opened(alert, routing.flapping());
      }
      dirty.addAll(inhibitor.fires(fingerprint, alert.labels()));
      allDirty |= causes.fires(alert);
      if (flaps.isFlapping(fingerprint)) {
        planQuiet(known);
      }
    }
    // A route that came with a reload is for the next incident: this one has its card.
    if (known.groups.isEmpty()) {
      for (Route route : routing.root().match(alert.labels())) {
        known.groups.add(groupOf(route, alert));
      }
    }
    dirty.add(fingerprint);
    return known.groups;
  }

  private Set<Group> ends(Alert alert) {
    String fingerprint = alert.fingerprint();
    Live known = live.get(fingerprint);
    if (known == null || !known.fires) {
      if (known != null && !started) {
        known.end = alert;
      }
      return Set.of();
    }
    known.fires = false;
    known.changedNanos = clock.nanos();
    dirty.addAll(inhibitor.ended(fingerprint));
    allDirty |= causes.ended(alert);
    if (flaps.isFlapping(fingerprint)) {
      dirty.add(fingerprint);
      planQuiet(known);
      return known.groups;
    }
    if (isNodeLost(alert) && known.groups.stream().anyMatch(g -> g.wasToldOf(fingerprint))) {
      known.hold = Live.Hold.UNKNOWN;
      onHold.add(fingerprint);
      dirty.add(fingerprint);
      return known.groups;
    }
    return over(known, alert);
  }

  /** A node that nobody hears ends no alert of its own: its series end, nothing got better. */
  private boolean isNodeLost(Alert alert) {
    Node node = RootCause.tellsSilence(alert.labels()) ? null : around.node(alert.node());
    return node != null && (node.state() == NodeState.LOST || node.state() == NodeState.REBOOTING);
  }

  /** It has ended for all that anybody is told. */
  private Set<Group> over(Live known, Alert alert) {
    String fingerprint = alert.fingerprint();
    forget(fingerprint);
    dirty.remove(fingerprint);
    onHold.remove(fingerprint);
    Instant now = clock.now();
    known.groups.forEach(group -> group.end(alert, now));
    Set<Group> touched = new LinkedHashSet<>(known.groups);
    for (Group parent : parents(known)) {
      parent.hold(held(alert), now);
      touched.add(parent);
    }
    Node node = RootCause.tellsSilence(alert.labels()) ? around.node(alert.node()) : null;
    if (node != null && !node.spool().isEmpty()) {
      long wait = clock.nanos() + HISTORY_WAIT.toNanos();
      known.groups.forEach(group -> group.endNotBefore(wait));
    }
    return touched;
  }

  private Group groupOf(Route route, Alert alert) {
    boolean drill = alert.labels().has(Alert.DRILL);
    Labels labels = route.groupLabels(alert.labels());
    if (drill) {
      // Never on the card of a real alert.
      labels = labels.with(Alert.DRILL, alert.labels().get(Alert.DRILL));
    }
    Labels by = labels;
    // What a drill measures is the way, not how long the configuration waits on it.
    Group.Timing asked = timing(route);
    Group.Timing timing =
        drill
            ? new Group.Timing(
                true,
                Duration.ZERO,
                asked.groupInterval(),
                asked.repeatInterval(),
                asked.intervals())
            : asked;
    return groups.computeIfAbsent(
        route.groupKey(by),
        key -> new Group(key, route.receiver(), by, timing, clock.nanos(), clock.now()));
  }

  private Group.Timing timing(String groupKey, String receiver) {
    Route route = routing.routeOf(groupKey);
    return route != null && route.receiver().equals(receiver)
        ? timing(route)
        : new Group.Timing(
            edits(receiver), Duration.ZERO, GROUP_INTERVAL, Route.REPEAT_INTERVAL, Muting.NEVER);
  }

  private boolean edits(String name) {
    Receiver receiver = routing.receivers().get(name);
    return receiver == null || receiver.edits();
  }

  private Group.Timing timing(Route route) {
    boolean edits = edits(route.receiver());
    return new Group.Timing(
        edits,
        groupWait(route, edits),
        groupInterval(route),
        route.repeatInterval(),
        Muting.of(route, routing.intervals()));
  }

  /**
   * How long a new group of the route waits before it is told: what the route says, else nothing
   * where the receiver edits what it sent.
   */
  public static Duration groupWait(Route route, boolean edits) {
    Duration wait = route.groupWait();
    return wait != null ? wait : edits ? Duration.ZERO : GROUP_WAIT;
  }

  /** How long changes of a group wait where the receiver cannot edit. */
  public static Duration groupInterval(Route route) {
    Duration interval = route.groupInterval();
    return interval != null ? interval : GROUP_INTERVAL;
  }

  /** Finds out what stands beside the alerts that need it, and tells what is due. */
  private void settle(Set<Group> touched) {
    Instant now = clock.now();
    List<String> all = List.copyOf(allDirty ? live.keySet() : dirty);
    allDirty = false;
    dirty.clear();
    for (String fingerprint : all) {
      Live known = live.get(fingerprint);
      if (known != null) {
        touched.addAll(remark(known, now));
      } else {
        onHold.remove(fingerprint);
      }
    }
    flush(touched);
    look();
    if (!over.isEmpty()) {
      around.over(Set.copyOf(over));
      over.clear();
    }
  }

  private Set<Group> remark(Live known, Instant now) {
    Alert alert = known.alert;
    String fingerprint = alert.fingerprint();
    Set<Group> parentsBefore = parents(known);
    List<String> inhibitedBy = new ArrayList<>(inhibitor.inhibiting(fingerprint, alert.labels()));
    RootCause.Cause cause = causes.of(alert, now);
    if (cause != null) {
      cause.by().stream().filter(by -> !inhibitedBy.contains(by)).forEach(inhibitedBy::add);
    }
    boolean wasHeld = known.hold != Live.Hold.NONE;
    hold(known, cause);
    if (wasHeld && known.hold == Live.Hold.NONE && !known.fires && !flaps.isFlapping(fingerprint)) {
      return over(known, alert.ended(now));
    }
    Flap flap = flaps.of(fingerprint);
    Instant since = flap.since();
    known.mark =
        new AlertMark(
            around.silencing(alert.labels()),
            inhibitedBy,
            List.of(),
            around.acknowledged(fingerprint),
            since == null ? null : new AlertMark.Flapping(flap.times(), since, known.fires),
            RootCause.tellsSilence(alert.labels()) ? around.reach(alert.node()) : null);
    Set<Group> touched = new LinkedHashSet<>();
    boolean hidden = false;
    AlertMark shown = known.mark;
    for (Group group : known.groups) {
      group.put(alert, known.mark, known.hold != Live.Hold.NONE, now);
      hidden |= group.isHidden(fingerprint);
      shown = shown.mutedBy(group.mark(fingerprint).mutedBy());
      touched.add(group);
    }
    AlertMark before = marks.put(fingerprint, shown);
    before = before == null ? AlertMark.NONE : before;
    if (settled && !shown.equals(before)) {
      around.marked(fingerprint, before, shown);
    }
    Set<Group> parents = hidden ? parents(known) : Set.of();
    for (Group parent : parentsBefore) {
      if (!parents.contains(parent)) {
        parent.letGo(fingerprint, now);
        touched.add(parent);
      }
    }
    for (Group parent : parents) {
      parent.hold(held(alert), now);
      touched.add(parent);
    }
    return touched;
  }

  /** Whether it waits for a likely cause, or has a moment to recover from one that is over. */
  private void hold(Live known, RootCause.@Nullable Cause cause) {
    long now = clock.nanos();
    String fingerprint = known.alert.fingerprint();
    if (known.hold == Live.Hold.UNKNOWN) {
      if (!isNodeLost(known.alert)) {
        known.hadCause = false;
        known.hold = Live.Hold.RECOVERING;
        known.holdUntil = now + RECOVERY.toNanos();
      }
    } else if (known.hold == Live.Hold.RECOVERING && !known.fires) {
      if (isNodeLost(known.alert)) {
        known.hold = Live.Hold.UNKNOWN;
      } else if (now >= known.holdUntil) {
        known.hold = Live.Hold.NONE;
      }
    } else if (cause != null && !cause.isWaiting()) {
      known.hadCause = true;
      known.hold = Live.Hold.NONE;
    } else if (known.hadCause) {
      known.hadCause = false;
      known.hold = Live.Hold.RECOVERING;
      known.holdUntil = now + RECOVERY.toNanos();
    } else if (cause != null && !known.waited) {
      known.waited = true;
      known.hold = Live.Hold.LIKELY;
      known.holdUntil = now + RootCause.LONGEST_HOLD.toNanos();
    } else if (now >= known.holdUntil || (cause == null && known.hold == Live.Hold.LIKELY)) {
      known.hold = Live.Hold.NONE;
    }
    if (known.hold == Live.Hold.NONE) {
      onHold.remove(fingerprint);
    } else {
      onHold.add(fingerprint);
    }
  }

  /** The groups of the alerts that hold this one back: its lines stand there. */
  private Set<Group> parents(Live known) {
    Set<Group> all = new LinkedHashSet<>();
    for (String by : known.mark.inhibitedBy()) {
      Live parent = live.get(by);
      if (parent != null && RootCause.tellsSilence(parent.alert.labels())) {
        all.addAll(parent.groups);
      }
    }
    all.removeAll(known.groups);
    return all;
  }

  private static Notes.Held held(Alert alert) {
    String summary = alert.annotations().get("summary");
    return new Notes.Held(
        alert.fingerprint(), alert.labels(), summary, alert.since(), alert.resolvedAt());
  }

  /** Looks again soon while there are alerts on hold. */
  private void look() {
    if (!looking && !onHold.isEmpty()) {
      looking = true;
      scheduler.after(LOOK, () -> executor.execute(this::lookAgain));
    }
  }

  private synchronized void lookAgain() {
    looking = false;
    dirty.addAll(onHold);
    settle(new LinkedHashSet<>());
  }

  /** Time intervals begin and end with a minute. */
  private void nextMinute() {
    long millis = 60_000 - Math.floorMod(clock.millis(), 60_000L);
    scheduler.after(Duration.ofMillis(millis), () -> executor.execute(this::minute));
  }

  private synchronized void minute() {
    nextMinute();
    for (Group group : groups.values()) {
      if (group.hasIntervals()) {
        group.firing().forEach(alert -> dirty.add(alert.fingerprint()));
      }
    }
    settle(new LinkedHashSet<>());
  }

  private void planQuiet(Live known) {
    if (!known.quietPlanned) {
      known.quietPlanned = true;
      long left = known.changedNanos + routing.flapping().quiet().toNanos() - clock.nanos();
      scheduler.after(
          Duration.ofNanos(Math.max(0, left)), () -> executor.execute(() -> quiet(known)));
    }
  }

  /** It has neither opened nor ended for a while: it fires on as any other, or is over. */
  private synchronized void quiet(Live known) {
    String fingerprint = known.alert.fingerprint();
    known.quietPlanned = false;
    if (live.get(fingerprint) != known || !flaps.isFlapping(fingerprint)) {
      return;
    }
    if (clock.nanos() - known.changedNanos < routing.flapping().quiet().toNanos()) {
      planQuiet(known);
      return;
    }
    flaps.over(fingerprint);
    dirty.add(fingerprint);
    settle(known.fires ? new LinkedHashSet<>() : over(known, known.alert.ended(clock.now())));
  }

  /** Tells the sink of the groups that are due, with one sync, and plans for the others. */
  private void flush(Collection<Group> candidates) {
    long now = clock.nanos();
    List<Notification> due = new ArrayList<>();
    List<Group> ended = new ArrayList<>();
    for (Group group : candidates) {
      if (groups.get(group.key()) != group) {
        continue;
      }
      boolean goesOn = group.isFiring() || group.wasTold();
      if (goesOn && group.dueNanos(now) <= now) {
        if (!group.wasTold() && !group.labels().has(Alert.DRILL)) {
          Instant when = clock.now();
          group.say(lines.take(group.receiver(), routing.root().receivers(), when), when);
        }
        Notification notification = group.tell(now);
        due.add(notification);
        log.info(
            "group told receiver={} incident={} firing={} resolved={} group={}",
            notification.receiver(),
            notification.incident(),
            notification.firing(),
            notification.resolved(),
            notification.groupLabels());
        goesOn = !notification.isResolved();
      }
      if (goesOn) {
        plan(group, now);
      } else {
        groups.remove(group.key(), group);
        ended.add(group);
      }
    }
    if (!due.isEmpty()) {
      sink.want(due);
      told.increment(due.size());
    }
    ended.forEach(this::beginAnew);
  }

  /** What is left in an incident that is over was held back: it waits for one of its own. */
  private void beginAnew(Group ended) {
    for (Alert alert : ended.firing()) {
      Live known = live.get(alert.fingerprint());
      if (known == null) {
        continue;
      }
      known.groups.remove(ended);
      Group next =
          groups.computeIfAbsent(
              ended.key(),
              key ->
                  new Group(
                      key,
                      ended.receiver(),
                      ended.labels(),
                      timing(key, ended.receiver()),
                      clock.nanos(),
                      // Another moment than that of the incident before, so another name.
                      clock.now().plusNanos(1)));
      known.groups.add(next);
      next.put(known.alert, known.mark, known.hold != Live.Hold.NONE, clock.now());
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
}
