package vigie.collector.outbox;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.NotificationSink;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Lane;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Notifier.Predecessor;

/**
 * Keeps the wanted state of each card on disk and brings the world to it, for ever: a newer state
 * replaces one that was not seen yet. That a post begins is on disk before the request goes, and
 * the message's id after its answer; after a crash between the two the card is posted again, with a
 * word that it may replace one. Safe for all threads; all state is guarded by this object's lock.
 */
public final class Outbox implements NotificationSink, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Outbox.class);

  /** Cards of incidents that are over and never reached anybody go first beyond this. */
  private static final int MOST_CARDS = 10_000;

  private static final int MOST_HISTORY = 200;

  /** A card that fails this often in a row lets the others go first. */
  private static final int PATIENCE = 5;

  /** Secrets may have been rotated: look again. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);

  private static final Duration REFUSED_WAIT = Duration.ofHours(1);
  private static final Duration LONGEST_KEPT_WAIT = Duration.ofHours(1);
  private static final int STOP_TURNS = 30;
  private static final long STOP_TURN_MILLIS = 100;

  private final OutboxStore store;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final MeterRegistry meters;
  private final DoubleSupplier random;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Set<Entry> pending = new LinkedHashSet<>();
  private final Set<Entry> unsaved = new LinkedHashSet<>();
  private final Map<String, LaneState> lanes = new HashMap<>();
  private final Map<String, Long> originNotBefore = new HashMap<>();
  private final Map<String, Instant> waits = new HashMap<>();
  private final Deque<SentCard> history = new ArrayDeque<>();
  private Map<String, List<Notifier>> receivers;
  private Scheduler.@Nullable Task wake;
  private int sending;
  private boolean started;
  private boolean closed;
  private boolean looking;
  private boolean lookAgain;

  /**
   * Loads what is kept; sends nothing before {@link #start}.
   *
   * @param receivers the ways out of each receiver, by its name, in the configuration's order
   * @param executor runs what touches the disk or answers, in order, on one thread
   * @param random within 0 to 1, spreads waits
   */
  public Outbox(
      OutboxStore store,
      Map<String, List<Notifier>> receivers,
      Clock clock,
      Scheduler scheduler,
      Executor executor,
      MeterRegistry meters,
      DoubleSupplier random) {
    this.store = store;
    this.receivers = Map.copyOf(receivers);
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.meters = meters;
    this.random = random;
    for (Card card : store.load()) {
      Entry entry = new Entry(card);
      entries.put(card.key(), entry);
      if (!card.isDelivered()) {
        pending.add(entry);
      }
    }
    loadWaits();
    registerMeters();
  }

  private void loadWaits() {
    Instant now = clock.now();
    store
        .loadWaits()
        .forEach(
            (name, until) -> {
              Duration left = Duration.between(now, until);
              // The wall clock may have been stepped since: no wait is for ever.
              if (left.isNegative() || left.compareTo(LONGEST_KEPT_WAIT) > 0) {
                return;
              }
              waits.put(name, until);
              lane(name).waitUntil(clock.nanos() + left.toNanos());
              originNotBefore.put(name, clock.nanos() + left.toNanos());
            });
  }

  private void registerMeters() {
    Gauge.builder("vigie.outbox.pending", this, outbox -> outbox.pending().size())
        .description("Cards whose wanted state is not seen yet")
        .register(meters);
    Gauge.builder("vigie.outbox.stuck", this, Outbox::countStuck)
        .description("Pending cards that wait for a person")
        .register(meters);
    Gauge.builder("vigie.outbox.oldest.pending", this, Outbox::oldestSeconds)
        .description("Age of the wanted state that waits longest")
        .baseUnit("seconds")
        .register(meters);
  }

  /** Begins to send. */
  public synchronized void start() {
    started = true;
    later();
  }

  /** Takes new ways out; cards find theirs by the receiver's name and their place in it. */
  public synchronized void reload(Map<String, List<Notifier>> next) {
    receivers = Map.copyOf(next);
    later();
  }

  /** Stops sending and waits up to 3 seconds for the answer of what is under way. */
  @Override
  public synchronized void close() {
    closed = true;
    if (wake != null) {
      wake.cancel();
    }
    try {
      for (int turn = 0; sending > 0 && turn < STOP_TURNS; turn++) {
        wait(STOP_TURN_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public synchronized void want(List<Notification> notifications) {
    Instant now = clock.now();
    List<Entry> changed = new ArrayList<>();
    for (Notification wanted : notifications) {
      int ways = receivers.getOrDefault(wanted.receiver(), List.of()).size();
      // A card that is there hears of its end also where its way out is gone.
      for (int integration = 0;
          integration < ways || entries.containsKey(Card.key(wanted.incident(), integration));
          integration++) {
        changed.add(want(integration, wanted, now));
      }
    }
    makeRoom();
    save(changed);
    later();
  }

  private Entry want(int integration, Notification wanted, Instant now) {
    String key = Card.key(wanted.incident(), integration);
    Entry entry = entries.get(key);
    if (entry == null) {
      entry = new Entry(Card.first(integration, wanted, now));
      entries.put(key, entry);
    } else {
      entry.card = entry.card.wanting(wanted, now);
      entry.reduction = 0;
      entry.refusedUntil = clock.nanos();
    }
    if (entry.card.isDelivered()) {
      finish(entry);
    } else {
      pending.add(entry);
    }
    return entry;
  }

  /** Drops the oldest cards that are over and that nobody ever saw. */
  private void makeRoom() {
    if (entries.size() <= MOST_CARDS) {
      return;
    }
    List<Entry> over =
        pending.stream()
            .filter(e -> e.card.wanted().isResolved() && e.card.posted() == null && !e.sending)
            .sorted(Comparator.comparing(e -> e.card.wantedAt()))
            .limit(entries.size() - MOST_CARDS)
            .toList();
    for (Entry entry : over) {
      forget(entry);
      meters.counter("vigie.outbox.dropped", "reason", "full").increment();
    }
  }

  @Override
  public synchronized List<Notification> open() {
    Map<String, Notification> byIncident = new LinkedHashMap<>();
    for (Entry entry : entries.values()) {
      if (!entry.card.wanted().isResolved()) {
        byIncident.put(entry.card.wanted().incident(), entry.card.wanted());
      }
    }
    return List.copyOf(byIncident.values());
  }

  /** What is not seen yet, the longest waiting first. */
  public synchronized List<PendingCard> pending() {
    return pending.stream()
        .map(this::describe)
        .sorted(Comparator.comparing(PendingCard::since))
        .toList();
  }

  private PendingCard describe(Entry entry) {
    Notifier notifier = notifier(entry);
    Card card = entry.card;
    if (notifier == null) {
      String gone = "receiver " + card.wanted().receiver() + " is no longer configured";
      return new PendingCard(
          card.wanted(), PendingCard.State.STUCK, entry.attempts, gone, null, card.wantedAt());
    }
    if (entry.sending) {
      return new PendingCard(
          card.wanted(),
          PendingCard.State.SENDING,
          entry.attempts,
          entry.lastError,
          null,
          card.wantedAt());
    }
    Lane lane = entry.lane;
    LaneState state = lane == null ? null : lanes.get(lane.name());
    String stuck = state == null ? null : state.stuck();
    long next = Math.max(entry.refusedUntil, lane == null ? clock.nanos() : notBefore(lane));
    boolean refused = entry.reduction > Delivery.MOST_REDUCTION;
    return new PendingCard(
        card.wanted(),
        stuck != null || refused
            ? PendingCard.State.STUCK
            : entry.attempts > 0 ? PendingCard.State.RETRYING : PendingCard.State.WAITING,
        entry.attempts,
        stuck != null ? stuck : entry.lastError,
        clock.now().plusNanos(Math.max(0, next - clock.nanos())),
        card.wantedAt());
  }

  /** The last wanted states that were seen since the start, newest first, at most 200. */
  public synchronized List<SentCard> history() {
    return List.copyOf(history);
  }

  /** Looks for work soon, on the executor. */
  private void later() {
    if (!started || closed) {
      return;
    }
    try {
      executor.execute(this::pump);
    } catch (RejectedExecutionException stopped) {
      log.debug("outbox stopped while work was planned");
    }
  }

  /** Looks again while answers that came at once, on this thread, give reason to. */
  private synchronized void pump() {
    lookAgain = true;
    if (looking) {
      return;
    }
    looking = true;
    try {
      while (lookAgain && started && !closed) {
        lookAgain = false;
        look();
      }
    } finally {
      looking = false;
    }
  }

  /** Sends what may go now, at most one request on each lane, and plans the next look. */
  private void look() {
    if (!unsaved.isEmpty()) {
      save(List.copyOf(unsaved));
    }
    long now = clock.nanos();
    long next = now + LOOK_AGAIN.toNanos();
    for (Map.Entry<Lane, List<Entry>> work : byLane().entrySet()) {
      Lane lane = work.getKey();
      if (lane(lane.name()).isBusy()) {
        continue;
      }
      long at = notBefore(lane);
      Entry best = at > now ? null : best(work.getValue(), now);
      if (best != null) {
        send(best, lane, now);
      } else if (at > now) {
        next = Math.min(next, at);
      }
    }
    if (wake != null) {
      wake.cancel();
      wake = null;
    }
    if (!pending.isEmpty() || !unsaved.isEmpty()) {
      wake = scheduler.after(Duration.ofNanos(Math.max(0, next - clock.nanos())), this::later);
    }
  }

  /** What is pending, by where it would go now. */
  private Map<Lane, List<Entry>> byLane() {
    Map<Notifier, Lane> asked = new HashMap<>();
    Map<Lane, List<Entry>> work = new LinkedHashMap<>();
    for (Entry entry : List.copyOf(pending)) {
      Notifier notifier = notifier(entry);
      if (notifier == null) {
        if (entry.card.wanted().isResolved()) {
          log.warn(
              "card dropped, its receiver is gone from the configuration receiver={} incident={}",
              entry.card.wanted().receiver(),
              entry.card.wanted().incident());
          forget(entry);
        }
        continue;
      }
      if (!entry.sending) {
        entry.lane = asked.computeIfAbsent(notifier, Notifier::lane);
        work.computeIfAbsent(entry.lane, lane -> new ArrayList<>()).add(entry);
      }
    }
    return work;
  }

  private @Nullable Notifier notifier(Entry entry) {
    List<Notifier> ways = receivers.getOrDefault(entry.card.wanted().receiver(), List.of());
    int integration = entry.card.integration();
    return integration < ways.size() ? ways.get(integration) : null;
  }

  private LaneState lane(String name) {
    return lanes.computeIfAbsent(name, n -> new LaneState(clock.nanos()));
  }

  private long notBefore(Lane lane) {
    long own = lane(lane.name()).notBefore();
    Long origin = originNotBefore.get(lane.origin());
    return origin == null ? own : Math.max(own, origin);
  }

  /** News of an incident's begin or end before new texts, then who waits longest. */
  private static @Nullable Entry best(List<Entry> entries, long now) {
    return entries.stream()
        .filter(entry -> entry.refusedUntil <= now)
        .min(
            Comparator.<Entry>comparingInt(entry -> entry.attempts > PATIENCE ? 1 : 0)
                .thenComparingInt(entry -> entry.isNews() ? 0 : 1)
                .thenComparingInt(entry -> entry.attempts)
                .thenComparing(entry -> entry.card.wantedAt()))
        .orElse(null);
  }

  private void send(Entry entry, Lane lane, long now) {
    Notifier notifier = notifier(entry);
    if (notifier == null) {
      return;
    }
    Posted posted = entry.editable(lane);
    if (posted == null && !entry.card.posting()) {
      entry.card = entry.card.begun();
      save(List.of(entry));
    }
    Delivery delivery =
        new Delivery(
            entry.card.wanted(),
            posted,
            posted != null ? entry.card.predecessor() : entry.predecessor(),
            Math.min(entry.reduction, Delivery.MOST_REDUCTION));
    long version = entry.card.version();
    entry.sending = true;
    sending++;
    lane(lane.name()).begin(now);
    attempt(notifier, delivery)
        .whenComplete(
            (outcome, failure) -> {
              // Only the kind of failure: its message may quote what is secret.
              Outcome seen =
                  outcome != null
                      ? outcome
                      : new Outcome.Later(
                          "BUG: " + failure.getClass().getSimpleName(), null, false, true);
              try {
                executor.execute(() -> settle(entry, lane, version, delivery, seen));
              } catch (RejectedExecutionException stopped) {
                log.debug("outbox stopped while a request was under way");
              }
            });
  }

  private static CompletionStage<Outcome> attempt(Notifier notifier, Delivery delivery) {
    try {
      return notifier.deliver(delivery);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private synchronized void settle(
      Entry entry, Lane lane, long version, Delivery delivery, Outcome outcome) {
    boolean edited = delivery.posted() != null;
    sending--;
    entry.sending = false;
    LaneState state = lane(lane.name());
    long now = clock.nanos();
    String receiver = entry.card.wanted().receiver();
    int faults = state.faults();
    String result;
    if (outcome instanceof Outcome.Done done) {
      result = edited ? "edited" : "posted";
      state.wentWell(now, done.pause());
      if (faults > 0) {
        log.info("notifications go out again receiver={} faults={}", receiver, faults);
      }
      done(entry, version, delivery, done.posted());
    } else if (outcome instanceof Outcome.Later later) {
      result = "later";
      state.failed(now, later.retryAfter(), random);
      keepWait(lane, later);
      entry.failed(later.reason());
      entry.doubt |= later.perhapsPosted() && !edited;
      if (faults == 0) {
        log.warn(
            "notification waits, tried again until it goes out receiver={} cause={}",
            receiver,
            later.reason());
      }
    } else if (outcome instanceof Outcome.Refused refused) {
      result = "refused";
      state.refused(now);
      refused(entry, refused.reason());
    } else if (outcome instanceof Outcome.Gone gone) {
      result = "gone";
      state.wentWell(now, Duration.ZERO);
      gone(entry, gone.reason());
    } else if (outcome instanceof Outcome.Stuck stuck) {
      result = "stuck";
      if (!stuck.reason().equals(state.stuck())) {
        log.error(
            "notifications are stuck until somebody acts receiver={} cause={}",
            receiver,
            stuck.reason());
      }
      state.stuck(now, stuck.reason());
      entry.failed(stuck.reason());
    } else {
      throw new AssertionError(outcome);
    }
    meters.counter("vigie.outbox.requests", "receiver", receiver, "result", result).increment();
    notifyAll();
    pump();
  }

  private void done(Entry entry, long version, Delivery delivery, Posted posted) {
    boolean edited = delivery.posted() != null;
    Card card = entry.card.seen(version, posted, delivery.predecessor());
    Notification wanted = card.wanted();
    entry.card = card;
    entry.attempts = 0;
    entry.lastError = "";
    entry.doubt = false;
    history.addFirst(
        new SentCard(
            wanted.incident(),
            wanted.receiver(),
            wanted.firing(),
            wanted.resolved(),
            edited,
            clock.now(),
            posted.id()));
    if (history.size() > MOST_HISTORY) {
      history.removeLast();
    }
    log.info(
        "card {} receiver={} incident={} firing={} resolved={} message={}",
        edited ? "edited" : "posted",
        wanted.receiver(),
        wanted.incident(),
        wanted.firing(),
        wanted.resolved(),
        posted.id());
    if (card.isDelivered()) {
      finish(entry);
    }
    if (entries.containsKey(card.key())) {
      save(List.of(entry));
    }
  }

  private void refused(Entry entry, String reason) {
    entry.failed(reason);
    log.warn(
        "card refused, a smaller one is tried receiver={} incident={} reduction={} cause={}",
        entry.card.wanted().receiver(),
        entry.card.wanted().incident(),
        entry.reduction,
        reason);
    entry.reduction++;
    if (entry.reduction > Delivery.MOST_REDUCTION) {
      entry.refusedUntil = clock.nanos() + REFUSED_WAIT.toNanos();
    }
  }

  private void gone(Entry entry, String reason) {
    entry.card = entry.card.deleted();
    entry.doubt = false;
    log.info(
        "card was deleted by somebody else receiver={} incident={} posted_again={} cause={}",
        entry.card.wanted().receiver(),
        entry.card.wanted().incident(),
        !entry.card.isDelivered(),
        reason);
    if (entry.card.isDelivered()) {
      finish(entry);
    }
    if (entries.containsKey(entry.card.key())) {
      save(List.of(entry));
    }
  }

  /** The wanted state is seen; an incident that is over is forgotten. */
  private void finish(Entry entry) {
    pending.remove(entry);
    if (entry.card.wanted().isResolved()) {
      forget(entry);
    }
  }

  private void forget(Entry entry) {
    pending.remove(entry);
    unsaved.remove(entry);
    entries.remove(entry.card.key());
    try {
      store.remove(entry.card.key());
    } catch (UncheckedIOException e) {
      // It is then edited once more after a restart, to what it already shows.
      log.warn("cannot remove a finished card from the disk cause={}", e.getMessage());
    }
  }

  /** A restart must not ask before the time that the other side named. */
  private void keepWait(Lane lane, Outcome.Later later) {
    Duration wait = later.retryAfter();
    if (wait == null) {
      return;
    }
    Instant now = clock.now();
    waits.values().removeIf(until -> until.isBefore(now));
    if (later.everywhere()) {
      originNotBefore.merge(lane.origin(), clock.nanos() + wait.toNanos(), Math::max);
    }
    waits.put(later.everywhere() ? lane.origin() : lane.name(), now.plus(wait));
    try {
      store.saveWaits(waits);
    } catch (UncheckedIOException e) {
      log.warn("cannot keep a wait on the disk cause={}", e.getMessage());
    }
  }

  /** What the disk refuses is tried again with the next look, and sent all the same. */
  private void save(Collection<Entry> changed) {
    List<Entry> present =
        changed.stream().filter(e -> entries.containsKey(e.card.key())).distinct().toList();
    if (present.isEmpty()) {
      return;
    }
    try {
      store.save(present.stream().map(entry -> entry.card).toList());
      present.forEach(unsaved::remove);
    } catch (UncheckedIOException e) {
      if (unsaved.isEmpty()) {
        log.error(
            "cards are not on the disk and would be lost in a crash cards={} cause={}",
            present.size(),
            e.getMessage());
      }
      unsaved.addAll(present);
      meters.counter("vigie.outbox.save.failures").increment();
    }
  }

  private synchronized double countStuck() {
    return pending().stream().filter(c -> c.state() == PendingCard.State.STUCK).count();
  }

  private synchronized double oldestSeconds() {
    Instant now = clock.now();
    return pending.stream()
        .mapToDouble(entry -> Duration.between(entry.card.wantedAt(), now).toMillis() / 1e3)
        .max()
        .orElse(0);
  }

  /** A card and what is known of it since the start. */
  private static final class Entry {
    private Card card;
    private @Nullable Lane lane;
    private int attempts;
    private String lastError = "";
    private int reduction;
    private long refusedUntil = Long.MIN_VALUE;
    private boolean sending;

    /** Whether a post went out whose answer was never seen. */
    private boolean doubt;

    Entry(Card card) {
      this.card = card;
      this.doubt = card.posting() && card.posted() == null;
    }

    @Nullable Posted editable(Lane lane) {
      Posted posted = card.posted();
      return posted == null || posted.id().isEmpty() || !posted.target().equals(lane.target())
          ? null
          : posted;
    }

    Predecessor predecessor() {
      return card.deletions() > 0 || card.posted() != null
          ? Predecessor.GONE
          : doubt ? Predecessor.PERHAPS : Predecessor.NONE;
    }

    boolean isNews() {
      return card.posted() == null || card.wanted().isResolved();
    }

    void failed(String reason) {
      attempts++;
      lastError = reason;
    }
  }
}
