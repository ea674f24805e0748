package vigie.collector.outbox;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Insistence;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.NotificationSink;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Lane;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.outbox.Notifier.Standing;
import vigie.collector.outbox.Notifier.Telling;

/**
 * Keeps the wanted state of each card on disk and brings the world to it, for ever: a newer state
 * replaces one that was not seen yet. That a post begins is on disk before the request goes, and
 * the message's id after its answer; after a crash between the two the card is posted again, with a
 * word that it may replace one. Messages beside a card are told once each, in order, once the card
 * is there. A new card that a receiver does not take goes to its fallback, too. Safe for all
 * threads; all state is guarded by this object's lock.
 */
public final class Outbox implements NotificationSink, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Outbox.class);

  private static final int MOST_HISTORY = 200;
  private static final int MOST_ENDED = 100;

  /** Secrets may have been rotated: look again. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(30);

  private static final Duration REFUSED_WAIT = Duration.ofHours(1);
  private static final Duration CARD_WAIT = Duration.ofMinutes(1);
  private static final int STOP_TURNS = 30;
  private static final long STOP_TURN_MILLIS = 100;

  private final Deck deck;
  private final Lanes lanes;
  private final Clock clock;
  private final Scheduler scheduler;
  private final Executor executor;
  private final MeterRegistry meters;
  private final DoubleSupplier random;
  private final Deque<SentCard> history = new ArrayDeque<>();

  /** Cards that are over and seen, the newest last: people still ask about them. */
  private final Deque<Card> ended = new ArrayDeque<>();

  private final List<BiConsumer<Notification, SentCard>> sentListeners = new ArrayList<>();
  private Map<String, List<Notifier>> receivers;
  private Map<String, Insistence> insistences = Map.of();
  private Map<String, String> stuckReceivers = new TreeMap<>();
  private Consumer<Map<String, String>> stuckListener = stuck -> {};
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
    this.deck = new Deck(store, meters);
    this.lanes = new Lanes(store, clock);
    this.receivers = Map.copyOf(receivers);
    this.clock = clock;
    this.scheduler = scheduler;
    this.executor = executor;
    this.meters = meters;
    this.random = random;
    for (Entry entry : deck.all()) {
      // Several may stand on one card.
      for (Alert alert : entry.card.wanted().in(AlertState.FIRING)) {
        if (alert.name().equals(ReceiverAlerts.NAME)) {
          String reason = "stuck before the restart, not tried since";
          stuckReceivers.put(alert.labels().get("receiver"), reason);
        }
      }
    }
    registerMeters();
  }

  private void registerMeters() {
    Gauge.builder("vigie.outbox.pending", this, outbox -> outbox.pending().size())
        .description("Cards whose wanted state is not seen yet, or with messages to be told")
        .register(meters);
    Gauge.builder("vigie.outbox.stuck", this, Outbox::countStuck)
        .description("Pending cards that wait for a person")
        .register(meters);
    Gauge.builder("vigie.outbox.oldest.pending", this, Outbox::oldestSeconds)
        .description("Age of the wanted state that waits longest")
        .baseUnit("seconds")
        .register(meters);
  }

  /** What receivers do where nobody sees their cards, by their names. */
  public synchronized void insistences(Map<String, Insistence> next) {
    insistences = Map.copyOf(next);
    later();
  }

  /**
   * Tells which receivers wait for a person and why, in words, whenever that changes; on the
   * outbox's executor, without its lock.
   */
  public synchronized void onStuck(Consumer<Map<String, String>> listener) {
    stuckListener = listener;
  }

  /**
   * Tells of each card that was seen and each message that was told, with the wanted state; under
   * the outbox's lock: the listener must not call back or block.
   */
  public synchronized void onSent(BiConsumer<Notification, SentCard> listener) {
    sentListeners.add(listener);
  }

  /** Whether the receiver has any way out; one without drops what it gets, as is meant. */
  public synchronized boolean hasWayOut(String receiver) {
    return !receivers.getOrDefault(receiver, List.of()).isEmpty();
  }

  /** Begins to send. */
  public synchronized void start() {
    started = true;
    later();
  }

  /**
   * Takes new ways out; cards find theirs by the receiver's name and their place in it. What waits
   * for a person is tried at once: one has been there.
   */
  public synchronized void reload(Map<String, List<Notifier>> next) {
    Set<Notifier> over = Collections.newSetFromMap(new IdentityHashMap<>());
    receivers.values().forEach(over::addAll);
    next.values().forEach(over::removeAll);
    over.forEach(Notifier::close);
    receivers = Map.copyOf(next);
    lanes.probe();
    for (Entry entry : deck.pending()) {
      if (entry.isRefused()) {
        entry.reduction = 0;
        entry.notBefore = clock.nanos();
      }
    }
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
      // A card that is there hears of its end also where its way out is gone.
      List<Entry> there = deck.of(wanted.incident());
      there.forEach(entry -> want(entry, wanted, now));
      changed.addAll(there);
      changed.addAll(post(wanted, null, wanted.receiver(), now));
    }
    deck.makeRoom();
    deck.save(changed);
    later();
  }

  private void want(Entry entry, Notification wanted, Instant now) {
    Card before = entry.card;
    Card card = before.wanting(wanted, now);
    if (wanted.isResolved()) {
      card = card.with(card.beside().without(message -> message.ping() != null));
    }
    entry.card = card;
    if (entry.isRefused()) {
      entry.notBefore = clock.nanos();
    }
    entry.reduction = 0;
    for (Message aside : Asides.between(before, wanted, card.version(), now)) {
      tell(entry, aside);
    }
    settled(entry);
  }

  /** The cards that a receiver lacks of an incident. */
  private List<Entry> post(
      Notification wanted, @Nullable String fallback, String receiver, Instant now) {
    List<Entry> posted = new ArrayList<>();
    int ways = receivers.getOrDefault(receiver, List.of()).size();
    for (int integration = 0; integration < ways; integration++) {
      Card card = Card.first(integration, fallback, wanted, now);
      if (!deck.has(card)) {
        posted.add(deck.add(card));
      }
    }
    return posted;
  }

  @Override
  public synchronized void tell(Message message) {
    List<Entry> concerned = deck.of(message.incident());
    List<Entry> changed = new ArrayList<>();
    for (Entry entry : concerned) {
      Card before = entry.card;
      if (message.kind() == Message.Kind.ACK) {
        Beside beside = entry.card.beside();
        entry.card = entry.card.with(beside.without(waits -> waits.ping() != null));
      }
      tell(entry, message);
      if (!entry.card.equals(before)) {
        settled(entry);
        changed.add(entry);
      }
    }
    if (!changed.isEmpty()) {
      deck.save(changed);
      later();
    }
  }

  private void tell(Entry entry, Message message) {
    Card card = entry.card;
    Notifier notifier = notifier(entry);
    Beside beside = card.beside();
    if (notifier == null
        || !notifier.tells().contains(message.kind())
        || card.isLeftAlone()
        || card.wanted().isDrill()
        || beside.knows(message.id())) {
      return;
    }
    boolean unseen = card.posted() == null && card.postingSince() == null;
    boolean pings = message.ping() != null;
    // The card itself pings when it comes; and where another receiver has it again, that one does.
    boolean needless =
        pings
            && (unseen
                || card.wanted().isResolved()
                || standing(entry).role() == Standing.Role.RELIEVED);
    Beside next = beside.with(message);
    if (needless) {
      next = next.done(message);
    }
    Beside bounded = next.bounded();
    if (bounded.waiting().size() < next.waiting().size()) {
      meters.counter("vigie.outbox.dropped", "reason", "messages").increment();
    }
    entry.card = card.with(bounded);
  }

  private void settled(Entry entry) {
    if (deck.settled(entry)) {
      ended.addLast(entry.card);
      if (ended.size() > MOST_ENDED) {
        ended.removeFirst();
      }
    }
  }

  @Override
  public synchronized List<Notification> open() {
    Map<String, Notification> byIncident = new LinkedHashMap<>();
    for (Entry entry : deck.all()) {
      if (!entry.card.wanted().isResolved()) {
        byIncident.put(entry.card.wanted().incident(), entry.card.wanted());
      }
    }
    return List.copyOf(byIncident.values());
  }

  /**
   * The wanted state of the incident's card that is the message with this id; empty where there is
   * none. Of those that are over it knows the last 100 since the start.
   */
  public synchronized Optional<Notification> shown(String incident, String message) {
    return Stream.concat(
            deck.of(incident).stream().map(entry -> entry.card),
            ended.stream().filter(card -> card.wanted().incident().equals(incident)))
        .filter(card -> card.posted() != null && card.posted().id().equals(message))
        .map(Card::wanted)
        .findFirst();
  }

  /** What is not seen yet, the longest waiting first. */
  public synchronized List<PendingCard> pending() {
    return deck.pending().stream()
        .map(this::describe)
        .sorted(Comparator.comparing(PendingCard::since))
        .toList();
  }

  private PendingCard describe(Entry entry) {
    Lane lane = entry.lane;
    Work next = lane == null ? null : entry.next(lane);
    long at =
        Math.max(
            entry.notBefore,
            lane == null || next == null ? clock.nanos() : lanes.notBefore(lane, next));
    String stuck = stuck(entry);
    PendingCard.State state =
        entry.sending
            ? PendingCard.State.SENDING
            : stuck != null
                ? PendingCard.State.STUCK
                : entry.attempts > 0 ? PendingCard.State.RETRYING : PendingCard.State.WAITING;
    boolean planned = !entry.sending && notifier(entry) != null;
    return new PendingCard(
        entry.card.wanted(),
        entry.card.receiver(),
        state,
        entry.attempts,
        stuck != null ? stuck : entry.lastError,
        planned ? clock.now().plusNanos(Math.max(0, at - clock.nanos())) : null,
        entry.card.beside().waiting().size(),
        entry.card.wantedAt());
  }

  /** Why only a person can help, or null. */
  private @Nullable String stuck(Entry entry) {
    if (notifier(entry) == null) {
      return "receiver " + entry.card.receiver() + " is no longer configured";
    }
    LaneState state = lanes.known(entry);
    String stuck = state == null ? null : state.stuck();
    return stuck != null ? stuck : entry.isRefused() ? entry.lastError : null;
  }

  /** What keeps cards from being seen; empty where nothing does or none is pending. */
  public synchronized Optional<Trouble> trouble() {
    Trouble worst = null;
    for (Entry entry : deck.pending()) {
      LaneState state = lanes.known(entry);
      Instant since = state == null ? null : state.troubledSince();
      if (state != null && since != null && (worst == null || since.isBefore(worst.since()))) {
        worst = new Trouble(deck.countPending(), entry.card.receiver(), state.trouble(), since);
      }
    }
    return Optional.ofNullable(worst);
  }

  /**
   * Why cards wait.
   *
   * @param cards how many are pending, at this receiver or another
   * @param cause the last fault there, in words
   * @param since when the first request failed without one that went well after it
   */
  public record Trouble(int cards, String receiver, String cause, Instant since) {}

  /** What was seen or told since the start, newest first, at most 200. */
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
    deck.retry();
    long now = clock.nanos();
    Map<Lane, List<Entry>> byLane = byLane();
    long next = Math.min(now + LOOK_AGAIN.toNanos(), fallBack(now));
    for (Map.Entry<Lane, List<Entry>> work : byLane.entrySet()) {
      Lane lane = work.getKey();
      if (lanes.of(lane).isBusy()) {
        continue;
      }
      Entry best = null;
      for (Entry entry : work.getValue()) {
        Work what = entry.next(lane);
        if (what == null) {
          continue;
        }
        long at = Math.max(entry.notBefore, lanes.notBefore(lane, what));
        if (at > now) {
          next = Math.min(next, at);
        } else if (best == null || Entry.ORDER.compare(entry, best) < 0) {
          best = entry;
        }
      }
      if (best != null) {
        send(best, lane, now);
      }
    }
    tellStuck();
    if (wake != null) {
      wake.cancel();
      wake = null;
    }
    if (!deck.isAtRest()) {
      wake = scheduler.after(Duration.ofNanos(Math.max(0, next - clock.nanos())), this::later);
    }
  }

  /**
   * New cards that nobody sees go to the fallback of their receiver.
   *
   * @return when the next one will be due
   */
  private long fallBack(long nanos) {
    long next = Long.MAX_VALUE;
    Instant now = clock.now();
    List<Entry> instead = new ArrayList<>();
    for (Entry entry : deck.pending()) {
      Card card = entry.card;
      if (card.fallback() != null || !entry.isUrgent()) {
        continue;
      }
      Insistence how = insistences.getOrDefault(card.receiver(), Insistence.NONE);
      String stuck = stuck(entry);
      Duration left = how.fallbackAfter().minus(Duration.between(card.wantedAt(), now));
      if (stuck == null && (card.posted() != null || left.compareTo(Duration.ZERO) > 0)) {
        if (how.fallback() != null && card.posted() == null) {
          next = Math.min(next, nanos + left.toNanos());
        }
        continue;
      }
      for (String other : fallbacks(card, how)) {
        List<Entry> posted = post(card.wanted(), other, other, now);
        if (!posted.isEmpty()) {
          log.warn(
              "card goes to the fallback receiver={} fallback={} incident={} cause={}",
              card.receiver(),
              other,
              card.wanted().incident(),
              stuck != null ? stuck : entry.lastError);
          meters.counter("vigie.outbox.fallbacks", "receiver", card.receiver()).increment();
        }
        instead.addAll(posted);
      }
    }
    deck.save(instead);
    lookAgain |= !instead.isEmpty();
    return next;
  }

  /** That a receiver is stuck itself concerns all others, where it names none that works. */
  private Collection<String> fallbacks(Card card, Insistence how) {
    String named = how.fallback();
    boolean ofReceiver = ReceiverAlerts.NAME.equals(card.wanted().commonLabels().get("alertname"));
    if (named != null && !(ofReceiver && stuckReceivers.containsKey(named))) {
      return List.of(named);
    }
    if (!ofReceiver) {
      return List.of();
    }
    Set<String> others = new HashSet<>(receivers.keySet());
    others.remove(card.receiver());
    others.removeAll(stuckReceivers.keySet());
    return others;
  }

  private void tellStuck() {
    Map<String, String> stuck = new TreeMap<>();
    for (Entry entry : deck.pending()) {
      String receiver = entry.card.receiver();
      String reason = notifier(entry) == null ? null : stuck(entry);
      LaneState state = lanes.known(entry);
      if (reason == null && (state == null || !state.isTested())) {
        reason = stuckReceivers.get(receiver);
      }
      if (reason != null) {
        stuck.putIfAbsent(receiver, reason);
      }
    }
    if (!stuck.equals(stuckReceivers)) {
      stuckReceivers = stuck;
      Consumer<Map<String, String>> listener = stuckListener;
      try {
        executor.execute(() -> listener.accept(stuck));
      } catch (RejectedExecutionException stopped) {
        log.debug("outbox stopped while receivers were stuck");
      }
    }
  }

  /** What is pending, by where it would go now. */
  private Map<Lane, List<Entry>> byLane() {
    Map<Notifier, Lane> asked = new HashMap<>();
    Map<Lane, List<Entry>> work = new LinkedHashMap<>();
    for (Entry entry : deck.pending()) {
      Notifier notifier = notifier(entry);
      if (notifier == null) {
        if (entry.card.wanted().isResolved()) {
          log.warn(
              "card dropped, its receiver is gone from the configuration receiver={} incident={}",
              entry.card.receiver(),
              entry.card.wanted().incident());
          deck.forget(entry);
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
    List<Notifier> ways = receivers.getOrDefault(entry.card.receiver(), List.of());
    int integration = entry.card.integration();
    return integration < ways.size() ? ways.get(integration) : null;
  }

  /** For whom the card stands in, as things are now. */
  private Standing standing(Entry entry) {
    Card card = entry.card;
    if (card.fallback() == null) {
      return Standing.OWN;
    }
    for (Entry first : deck.of(card.wanted().incident())) {
      if (first.card.fallback() == null && !first.card.isDone()) {
        String stuck = stuck(first);
        return new Standing(
            Standing.Role.FALLBACK,
            card.wanted().receiver(),
            stuck != null ? stuck : first.lastError);
      }
    }
    return new Standing(Standing.Role.RELIEVED, card.wanted().receiver(), "");
  }

  private void send(Entry entry, Lane lane, long now) {
    Notifier notifier = notifier(entry);
    Work work = entry.next(lane);
    if (notifier == null || work == null) {
      return;
    }
    Attempt attempt = work == Work.TELL ? telling(entry, lane) : delivery(entry, lane);
    entry.sending = true;
    sending++;
    lanes.of(lane).begin(now);
    request(notifier, attempt)
        .whenComplete(
            (outcome, failure) -> {
              // Only the kind of failure: its message may quote what is secret.
              Outcome seen =
                  outcome != null
                      ? outcome
                      : new Outcome.Later(bug(failure), null, Outcome.Scope.LANE, true);
              try {
                executor.execute(() -> settle(entry, lane, attempt, seen));
              } catch (RejectedExecutionException stopped) {
                log.debug("outbox stopped while a request was under way");
              }
            });
  }

  /** What is on its way: a card's state, or the message that was its first one. */
  private record Attempt(
      Work work, long version, @Nullable Delivery delivery, @Nullable Telling telling) {}

  private Attempt delivery(Entry entry, Lane lane) {
    Card card = entry.card;
    Posted posted = entry.editable(lane);
    boolean edit = posted != null;
    Predecessor predecessor = edit ? card.predecessor() : entry.predecessor();
    Delivery delivery =
        new Delivery(
            card.wanted(),
            posted,
            predecessor,
            Math.min(entry.reduction, Delivery.MOST_REDUCTION),
            card.nonce(),
            edit ? null : ping(entry, predecessor),
            standing(entry),
            edit ? null : card.postingSince());
    if (!edit) {
      entry.card = card.begun(clock.now());
      if (card.postingSince() == null) {
        deck.save(List.of(entry));
      }
    }
    return new Attempt(edit ? Work.EDIT : Work.POST, card.version(), delivery, null);
  }

  /** A new card pings once, at whichever receiver it is seen first. */
  private @Nullable Severity ping(Entry entry, Predecessor predecessor) {
    Notification wanted = entry.card.wanted();
    boolean instead =
        entry.card.fallback() == null
            && deck.of(wanted.incident()).stream()
                .anyMatch(other -> other.card.fallback() != null && other.card.posted() != null);
    return predecessor == Predecessor.GONE || wanted.isResolved() || wanted.isDrill() || instead
        ? null
        : wanted.severity();
  }

  private Attempt telling(Entry entry, Lane lane) {
    Card card = entry.card;
    Message message = card.beside().first();
    Posted posted = entry.editable(lane);
    if (message == null || posted == null) {
      throw new IllegalStateException("BUG: nothing to tell beside " + card.key());
    }
    Telling telling =
        new Telling(
            card.wanted(),
            posted,
            message,
            entry.tellReduction,
            card.nonce(message.id()),
            card.beside().tellingSince());
    entry.card = card.with(card.beside().begun(clock.now()));
    if (card.beside().tellingSince() == null) {
      deck.save(List.of(entry));
    }
    return new Attempt(Work.TELL, card.version(), null, telling);
  }

  /** What it throws itself was before any request: the smaller form may be one that it draws. */
  private static CompletionStage<Outcome> request(Notifier notifier, Attempt attempt) {
    try {
      Telling telling = attempt.telling;
      Delivery delivery = attempt.delivery;
      if (telling != null) {
        return notifier.tell(telling);
      }
      if (delivery != null) {
        return notifier.deliver(delivery);
      }
      throw new IllegalStateException("BUG: an attempt at nothing");
    } catch (RuntimeException | VirtualMachineError | LinkageError e) {
      return CompletableFuture.completedFuture(new Outcome.Refused(bug(e)));
    }
  }

  /** Where it was thrown tells more than the kind, and holds no secret either. */
  private static String bug(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    StackTraceElement[] trace = cause.getStackTrace();
    return "BUG: "
        + cause.getClass().getSimpleName()
        + (trace.length == 0 ? "" : " at " + trace[0]);
  }

  private synchronized void settle(Entry entry, Lane lane, Attempt attempt, Outcome outcome) {
    sending--;
    entry.sending = false;
    LaneState state = lanes.of(lane);
    long now = clock.nanos();
    String receiver = entry.card.receiver();
    int faults = state.faults();
    String result;
    boolean perhaps = false;
    if (outcome instanceof Outcome.Done done) {
      result =
          switch (attempt.work) {
            case POST -> "posted";
            case EDIT -> "edited";
            case TELL -> "told";
          };
      state.wentWell(now, attempt.work, done.bucket(), done.pause());
      if (faults > 0) {
        log.info("notifications go out again receiver={} faults={}", receiver, faults);
      }
      done(entry, attempt, done);
    } else if (outcome instanceof Outcome.Later later) {
      result = "later";
      perhaps = later.perhapsPosted();
      entry.failed(later.reason());
      if (later.scope() == Outcome.Scope.CARD) {
        state.answered();
        Duration named = later.retryAfter();
        entry.notBefore = now + (named == null ? CARD_WAIT : named).toNanos();
      } else {
        state.failed(now, clock.now(), attempt.work, later, random);
        lanes.keepWait(lane, later);
        if (faults == 0) {
          log.warn(
              "notification waits, tried again until it goes out receiver={} cause={}",
              receiver,
              later.reason());
        }
      }
    } else if (outcome instanceof Outcome.Refused refused) {
      result = "refused";
      state.refused(now);
      refused(entry, attempt, refused.reason());
    } else if (outcome instanceof Outcome.Gone gone) {
      result = "gone";
      state.answered();
      gone(entry, gone.reason());
    } else if (outcome instanceof Outcome.Stuck stuck) {
      result = "stuck";
      if (!stuck.reason().equals(state.stuck())) {
        log.error(
            "notifications are stuck until somebody acts receiver={} cause={}",
            receiver,
            stuck.reason());
      }
      state.stuck(now, clock.now(), stuck.reason());
      entry.failed(stuck.reason());
    } else {
      throw new AssertionError(outcome);
    }
    if (!(outcome instanceof Outcome.Done) && !perhaps) {
      notBegun(entry, attempt);
    }
    meters.counter("vigie.outbox.requests", "receiver", receiver, "result", result).increment();
    notifyAll();
    pump();
  }

  /** It was the first attempt and came to nothing for sure: after a crash there is no doubt. */
  private void notBegun(Entry entry, Attempt attempt) {
    Delivery delivery = attempt.delivery;
    Telling telling = attempt.telling;
    Card before = entry.card;
    if (delivery != null && delivery.posted() == null && delivery.doubtSince() == null) {
      entry.card = before.notPosted();
    } else if (telling != null
        && telling.doubtSince() == null
        && telling.message().equals(before.beside().first())) {
      entry.card = before.with(before.beside().notTold());
    }
    if (!entry.card.equals(before)) {
      deck.save(List.of(entry));
    }
  }

  private void done(Entry entry, Attempt attempt, Outcome.Done done) {
    Delivery delivery = attempt.delivery;
    Telling telling = attempt.telling;
    Card card = entry.card;
    if (telling != null) {
      card = card.with(card.beside().done(telling.message()));
      entry.tellReduction = 0;
    } else if (delivery != null) {
      // What was there before may show less than is wanted: an edit follows.
      long seen = done.stale() && attempt.work == Work.POST ? 0 : attempt.version;
      card = card.seen(seen, done.posted(), delivery.predecessor());
    }
    entry.card = card;
    entry.wentWell();
    Notification wanted = card.wanted();
    SentCard sent =
        new SentCard(
            wanted.incident(),
            card.receiver(),
            telling == null ? null : telling.message(),
            wanted.firing(),
            wanted.resolved(),
            attempt.work == Work.EDIT,
            clock.now(),
            done.posted().id());
    history.addFirst(sent);
    if (history.size() > MOST_HISTORY) {
      history.removeLast();
    }
    sentListeners.forEach(listener -> listener.accept(wanted, sent));
    log.info(
        "{} receiver={} incident={} firing={} resolved={} message={}",
        switch (attempt.work) {
          case POST -> "card posted";
          case EDIT -> "card edited";
          case TELL -> "message told";
        },
        card.receiver(),
        wanted.incident(),
        wanted.firing(),
        wanted.resolved(),
        done.posted().id());
    if (card.fallback() == null) {
      relieve(entry);
    }
    settled(entry);
    deck.save(List.of(entry));
  }

  /** Once a receiver has its card, what its fallback got says so, and nobody is pinged twice. */
  private void relieve(Entry entry) {
    List<Entry> instead =
        deck.of(entry.card.wanted().incident()).stream()
            .filter(other -> other.card.fallback() != null)
            .toList();
    if (instead.isEmpty()) {
      return;
    }
    Beside beside = entry.card.beside();
    if (instead.stream().anyMatch(other -> other.card.posted() != null)) {
      entry.card = entry.card.with(beside.without(message -> message.ping() != null));
    }
    for (Entry other : instead) {
      Card card = other.card;
      Notifier notifier = notifier(other);
      if (card.posted() == null && card.postingSince() == null && !other.sending) {
        deck.forget(other);
      } else if (notifier != null
          && notifier.edits()
          && standing(other).role() == Standing.Role.RELIEVED) {
        other.card = card.wanting(card.wanted(), clock.now());
        settled(other);
        deck.save(List.of(other));
      }
    }
  }

  private void refused(Entry entry, Attempt attempt, String reason) {
    entry.failed(reason);
    Telling telling = attempt.telling;
    int reduction = telling == null ? entry.reduction++ : entry.tellReduction++;
    log.warn(
        "{} refused, a smaller one is tried receiver={} incident={} reduction={} cause={}",
        telling == null ? "card" : "message",
        entry.card.receiver(),
        entry.card.wanted().incident(),
        reduction,
        reason);
    if (reduction < Delivery.MOST_REDUCTION) {
      return;
    }
    if (telling == null) {
      entry.notBefore = clock.nanos() + REFUSED_WAIT.toNanos();
    } else {
      // The card says the same; it must not wait behind what nobody will ever take.
      meters.counter("vigie.outbox.dropped", "reason", "refused").increment();
      entry.tellReduction = 0;
      entry.card = entry.card.with(entry.card.beside().done(telling.message()));
      settled(entry);
      deck.save(List.of(entry));
    }
  }

  private void gone(Entry entry, String reason) {
    entry.card = entry.card.deleted();
    log.info(
        "card was deleted by somebody else receiver={} incident={} posted_again={} cause={}",
        entry.card.receiver(),
        entry.card.wanted().incident(),
        !entry.card.isDelivered(),
        reason);
    settled(entry);
    deck.save(List.of(entry));
  }

  private synchronized double countStuck() {
    return pending().stream().filter(c -> c.state() == PendingCard.State.STUCK).count();
  }

  private synchronized double oldestSeconds() {
    Instant now = clock.now();
    return deck.pending().stream()
        .mapToDouble(entry -> Duration.between(entry.card.wantedAt(), now).toMillis() / 1e3)
        .max()
        .orElse(0);
  }
}
