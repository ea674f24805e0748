package vigie.collector.silence;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.AlertHistory;
import vigie.collector.alert.HistoryEntry;
import vigie.collector.alert.HistoryKind;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.SyslogRun;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.silence.SilenceException.Kind;

/**
 * All silences. They begin and end by the wall clock; one that waits for a node ends early, a
 * minute after that is heard again, so that what still has to start there pages nobody. Safe for
 * all threads.
 */
public final class Silences implements EventListener {
  private static final Logger log = LoggerFactory.getLogger(Silences.class);

  /** What a node that is back has for starting its services. */
  static final Duration SETTLING = Duration.ofMinutes(1);

  private static final Duration LOOK_EVERY = Duration.ofMinutes(5);
  private static final int MOST_VERDICTS = 50_000;
  private static final int MOST_KEPT = 10_000;

  private final SilenceStore store;
  private final SilenceLimits limits;
  private final AlertHistory history;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final Counter refused;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Changed by who holds this, as is the store; readers need not wait for the disk. */
  private final Map<String, Silence> all = new ConcurrentHashMap<>();

  private Scheduler.@Nullable Task wakeUp;

  /** What is active now, with the verdicts on labels so far; swapped whole. */
  private volatile Verdicts verdicts;

  /** Nodes that a silence which is not over waits for; a look at it must not wait for the disk. */
  private volatile Set<String> awaited = Set.of();

  private record Verdicts(SilenceIndex index, Map<Labels, List<String>> known) {
    Verdicts(SilenceIndex index) {
      this(index, new ConcurrentHashMap<>());
    }
  }

  /**
   * @param history is told of each that comes, changes or goes
   * @param executor for what waits for the disk and no caller does
   */
  public Silences(
      SilenceStore store,
      SilenceLimits limits,
      AlertHistory history,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters) {
    this.store = store;
    this.limits = limits;
    this.history = history;
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    store.load().forEach(each -> all.put(each.id(), each));
    refused = meters.counter("vigie.silences.refused");
    for (SilenceState state : SilenceState.values()) {
      Gauge.builder("vigie.silences", this, s -> s.count(state))
          .tag("state", state.word())
          .register(meters);
    }
    scheduler.every(LOOK_EVERY, LOOK_EVERY, () -> executor.execute(this::forgetOld));
    verdicts = new Verdicts(new SilenceIndex(List.of(), clock.now()));
    synchronized (this) {
      renew();
    }
  }

  /**
   * Makes a silence, or changes the one with its id as Alertmanager does: where its matchers or its
   * start differ, or it is over, a new one takes its place. One that would have begun earlier
   * begins now. Durable when this returns.
   *
   * @return the silence as it is now, with its id
   * @throws SilenceException if it is not to be
   * @throws UncheckedIOException if the disk refuses; then nothing has changed
   */
  public Silence set(Silence wanted) {
    Silence made;
    synchronized (this) {
      Instant now = clock.now();
      check(wanted);
      Silence before = all.get(wanted.id());
      if (before == null && !wanted.id().isEmpty()) {
        throw notFound(wanted.id());
      }
      List<Silence> changed = new ArrayList<>();
      if (before != null && canBecome(before, wanted, now)) {
        made = wanted.during(wanted.startsAt(), wanted.endsAt(), now);
      } else {
        if (before != null && before.stateAt(now) != SilenceState.EXPIRED) {
          changed.add(over(before, now, "replaced"));
        }
        if (before == null || changed.isEmpty()) {
          checkRoom(now);
        }
        Instant start = wanted.startsAt().isBefore(now) ? now : wanted.startsAt();
        made = wanted.withId(UUID.randomUUID().toString()).during(start, wanted.endsAt(), now);
      }
      changed.add(made);
      save(changed);
    }
    log.info(
        "silence set id={} matchers={} until={} by=\"{}\" reason=\"{}\"",
        made.id(),
        made.matchers(),
        made.endsAt(),
        made.createdBy(),
        made.comment());
    tell(made, made.createdBy(), "until " + made.endsAt() + ": " + made.comment());
    return made;
  }

  private void check(Silence wanted) {
    if (wanted.matchers().isEmpty()) {
      throw new SilenceException(Kind.INVALID, "at least one matcher required");
    }
    if (wanted.matchers().stream().allMatch(matcher -> matcher.matches(""))) {
      throw new SilenceException(
          Kind.INVALID, "at least one matcher must not match the empty string");
    }
    if (!wanted.startsAt().isBefore(wanted.endsAt())) {
      throw new SilenceException(Kind.INVALID, "start time must be before end time");
    }
    if (wanted.endsAt().isBefore(clock.now())) {
      throw new SilenceException(Kind.INVALID, "end time can't be in the past");
    }
    if (wanted.matchers().size() > limits.matchers()) {
      throw limit(
          wanted.matchers().size() + " matchers, more than silences.matchers " + limits.matchers());
    }
    long bytes = 0;
    for (LabelMatcher matcher : wanted.matchers()) {
      bytes += matcher.name().length() + matcher.value().length();
    }
    bytes += wanted.createdBy().length() + wanted.comment().length() + wanted.untilBack().length();
    if (bytes > limits.bytes()) {
      throw limit("a silence of " + bytes + " bytes, more than silences.bytes " + limits.bytes());
    }
  }

  private void checkRoom(Instant now) {
    long going = all.values().stream().filter(s -> s.stateAt(now) != SilenceState.EXPIRED).count();
    if (going >= limits.most()) {
      throw limit("there are " + going + " silences already, as many as silences.most allows");
    }
  }

  private SilenceException limit(String what) {
    refused.increment();
    return new SilenceException(
        Kind.LIMIT, what + "; expire some, use fewer with wider matchers, or raise the limit");
  }

  private static SilenceException notFound(String id) {
    return new SilenceException(Kind.NOT_FOUND, "no silence has the id " + id);
  }

  /** Whether the change keeps what a reader knows the silence by. */
  private static boolean canBecome(Silence before, Silence wanted, Instant now) {
    if (!before.matchers().equals(wanted.matchers())) {
      return false;
    }
    return switch (before.stateAt(now)) {
      case ACTIVE -> before.startsAt().getEpochSecond() == wanted.startsAt().getEpochSecond();
      case PENDING -> !wanted.startsAt().isBefore(now);
      case EXPIRED -> false;
    };
  }

  /**
   * Ends a silence now; durable when this returns.
   *
   * @param why in words, such as who did it
   * @throws SilenceException if there is none with this id, or it is over
   * @throws UncheckedIOException if the disk refuses; then nothing has changed
   */
  public void expire(String id, String why) {
    Silence ended;
    synchronized (this) {
      Silence before = all.get(id);
      if (before == null) {
        throw notFound(id);
      }
      Instant now = clock.now();
      if (before.stateAt(now) == SilenceState.EXPIRED) {
        throw new SilenceException(Kind.OVER, "silence " + id + " already expired");
      }
      ended = over(before, now, why);
      save(List.of(ended));
    }
    log.info("silence ended id={} matchers={} why=\"{}\"", id, ended.matchers(), why);
    tell(ended, "", "ended: " + why);
  }

  private static Silence over(Silence before, Instant now, String why) {
    Instant start = before.startsAt().isAfter(now) ? now : before.startsAt();
    return before.during(start, now, now).ended(why);
  }

  private void save(List<Silence> changed) {
    store.save(changed);
    changed.forEach(each -> all.put(each.id(), each));
    renew();
  }

  /** All that are kept, in no order. */
  public List<Silence> list() {
    return List.copyOf(all.values());
  }

  public Optional<Silence> find(String id) {
    return Optional.ofNullable(all.get(id));
  }

  /** The ids of the active silences that hold an alert with these labels back; sorted. */
  public List<String> silencing(Labels labels) {
    Verdicts now = verdicts;
    if (!clock.now().isBefore(now.index().nextChange)) {
      synchronized (this) {
        renew();
        now = verdicts;
      }
      // The look that was planned for this change is cancelled with it.
      listeners.forEach(Runnable::run);
    }
    if (now.index().isEmpty()) {
      return List.of();
    }
    List<String> known = now.known().get(labels);
    if (known == null) {
      known = now.index().silencing(labels);
      if (now.known().size() >= MOST_VERDICTS) {
        now.known().clear();
      }
      now.known().put(labels, known);
    }
    return known;
  }

  /**
   * Has the listener told after a silence came, changed, began or ended: what {@link #silencing}
   * says may be different. It must not block.
   */
  public void listen(Runnable listener) {
    listeners.add(listener);
  }

  private void renew() {
    Instant now = clock.now();
    verdicts = new Verdicts(new SilenceIndex(all.values(), now));
    awaited =
        all.values().stream()
            .filter(each -> each.stateAt(now) != SilenceState.EXPIRED)
            .map(Silence::untilBack)
            .collect(Collectors.toUnmodifiableSet());
    plan();
  }

  /** To be told when one begins or ends by itself. */
  private void plan() {
    if (wakeUp != null) {
      wakeUp.cancel();
      wakeUp = null;
    }
    Instant next = verdicts.index().nextChange;
    if (next.isBefore(Instant.MAX)) {
      Duration wait = Duration.between(clock.now(), next);
      // The wall clock may be stepped meanwhile: then this is a look in vain, or a late one.
      wakeUp =
          scheduler.after(
              wait.compareTo(LOOK_EVERY) < 0 ? wait : LOOK_EVERY,
              () -> executor.execute(this::turn));
    }
  }

  private void turn() {
    synchronized (this) {
      renew();
    }
    listeners.forEach(Runnable::run);
  }

  private void tell(Silence silence, String who, String text) {
    String matchers = String.join(", ", silence.matchers().stream().map(Object::toString).toList());
    history.append(
        HistoryEntry.of(HistoryKind.SILENCE, clock.now(), List.of())
            .by(who)
            .saying(matchers + " " + text)
            .about(silence.id()));
    listeners.forEach(Runnable::run);
  }

  /** {@code node.back}, or a boot that was over before the node was missed. */
  @Override
  public void onEvent(Event event, boolean late) {
    boolean back = event.type().equals("node.back") || event.type().equals("node.boot");
    if (back && !late && awaited.contains(event.node())) {
      executor.execute(() -> back(event.node()));
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    // Agents' own events only.
  }

  private static boolean awaits(Silence silence, String node, Instant now) {
    return silence.untilBack().equals(node) && silence.stateAt(now) == SilenceState.ACTIVE;
  }

  private void back(String node) {
    List<Silence> ending = new ArrayList<>();
    String why = node + " is back";
    synchronized (this) {
      Instant now = clock.now();
      Instant end = now.plus(SETTLING);
      for (Silence each : all.values()) {
        if (awaits(each, node, now) && each.endsAt().isAfter(end)) {
          ending.add(each.during(each.startsAt(), end, now).ended(why));
        }
      }
      if (ending.isEmpty()) {
        return;
      }
      try {
        save(ending);
      } catch (UncheckedIOException e) {
        log.error("silences of a node that is back stay node={} cause={}", node, e.getMessage());
        return;
      }
    }
    for (Silence each : ending) {
      log.info("silence ends early id={} why=\"{}\" at={}", each.id(), why, each.endsAt());
      tell(each, "", why + ", ends at " + each.endsAt());
    }
  }

  private synchronized void forgetOld() {
    Instant now = clock.now();
    List<Silence> over =
        all.values().stream()
            .filter(each -> each.stateAt(now) == SilenceState.EXPIRED)
            .sorted(java.util.Comparator.comparing(Silence::endsAt).reversed())
            .toList();
    List<String> old = new ArrayList<>();
    for (int i = 0; i < over.size(); i++) {
      if (i >= MOST_KEPT || over.get(i).endsAt().isBefore(now.minus(limits.keep()))) {
        old.add(over.get(i).id());
      }
    }
    if (old.isEmpty()) {
      return;
    }
    try {
      store.remove(old);
      old.forEach(all::remove);
    } catch (UncheckedIOException e) {
      log.warn("old silences stay cause={}", e.getMessage());
    }
  }

  private double count(SilenceState state) {
    Instant now = clock.now();
    return all.values().stream().filter(each -> each.stateAt(now) == state).count();
  }
}
