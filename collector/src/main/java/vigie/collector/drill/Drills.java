package vigie.collector.drill;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertSink;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;
import vigie.collector.dispatch.NotificationSink;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.EventSink;
import vigie.collector.event.EventStore;
import vigie.collector.event.History;
import vigie.collector.event.SyslogRun;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Outbox;
import vigie.collector.outbox.PendingCard;
import vigie.collector.outbox.SentCard;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/**
 * Follows each drill from its event on. {@code drill.begin} becomes the series {@code vigie_drill},
 * a rule of our own fires on it, and what passes rules, routes and outbox is stamped here. Once its
 * cards are there, or its time is over, the series ends, and with it the alert and the card. How it
 * went is told as {@code drill.passed} or {@code drill.failed}, which is stored as any event is.
 *
 * <p>A drill that a restart of the collector cuts in two ends by itself: its series is appended
 * once and is out of sight five minutes later. Safe for all threads.
 */
public final class Drills implements EventListener {
  /** The label of a drill's alert, its value is the drill's id. */
  public static final String LABEL = Alert.DRILL;

  private static final Logger log = LoggerFactory.getLogger(Drills.class);
  private static final Duration LOOK_EVERY = Duration.ofMillis(250);
  private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(60);

  /** Before the series is out of sight by itself. */
  private static final Duration LONGEST = Duration.ofMinutes(4);

  private static final Duration RESTORED = Duration.ofDays(30);
  private static final int MOST_KEPT = 20;
  private static final int MOST_RUNNING = 5;
  private static final int MOST_LABELS = 10;
  private static final int DAEMON = 3;
  private static final int NOTICE = 5;
  private static final int ERR = 3;
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,40}");
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]{0,63}");
  private static final Set<String> OURS = Set.of("node", "alertname", "drill", "instance", "job");

  private final Outbox outbox;
  private final Appender appender;
  private final BiConsumer<Labels, Event> onAppended;
  private final Consumer<Labels> onEnded;
  private final Clock clock;

  // All below guarded by this.
  private final Map<String, Run> runs = new LinkedHashMap<>();
  private Optional<EventSink> sink = Optional.empty();
  private Executor telling = Runnable::run;
  private double passed = Double.NaN;
  private double overdue = Double.NaN;

  /**
   * @param outbox asked for what was sent and what still waits
   * @param appender takes {@code vigie_drill}
   * @param onAppended told of that series and its event; must not block
   * @param onEnded told of a series that has ended; must not block
   */
  public Drills(
      Outbox outbox,
      Appender appender,
      BiConsumer<Labels, Event> onAppended,
      Consumer<Labels> onEnded,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry meters) {
    this.outbox = outbox;
    this.appender = appender;
    this.onAppended = onAppended;
    this.onEnded = onEnded;
    this.clock = clock;
    Gauge.builder("vigie.drill.passed", this, drills -> drills.passed)
        .description("Whether the last drill that a timer began passed.")
        .register(meters);
    Gauge.builder("vigie.drill.overdue.timestamp.seconds", this, drills -> drills.overdue)
        .description("When the next drill of the timer that ran last will be missed.")
        .register(meters);
    scheduler.every(LOOK_EVERY, LOOK_EVERY, this::look);
  }

  /**
   * Takes from the store how the last drill of a timer went. Call it once, before events arrive.
   *
   * @param sink takes how drills went
   * @param telling runs what waits for the sink
   */
  public void start(EventStore store, EventSink sink, Executor telling) {
    List<Event> history =
        History.of(store, clock.now(), RESTORED, List.of("drill.passed", "drill.failed"));
    synchronized (this) {
      this.sink = Optional.of(sink);
      this.telling = telling;
      history.forEach(event -> counted(event.type(), event.field("every"), event.received()));
    }
  }

  /** What it passes on has come from the rules. */
  public AlertSink behindRules(AlertSink next) {
    return changes -> {
      changes.forEach(this::told);
      next.accept(changes);
    };
  }

  /** What it passes on has come from the routes, and is kept once {@code next} returns. */
  public NotificationSink behindRoutes(NotificationSink next) {
    return new NotificationSink() {
      @Override
      public void want(List<Notification> notifications) {
        notifications.forEach(wanted -> routed(wanted, "route"));
        next.want(notifications);
        notifications.forEach(wanted -> routed(wanted, "outbox"));
      }

      @Override
      public void tell(Message message) {
        next.tell(message);
      }

      @Override
      public List<Notification> open() {
        return next.open();
      }
    };
  }

  @Override
  public void onEvent(Event event, boolean late) {
    if (event.type().equals("drill.begin") && !late) {
      Run run = begin(event);
      if (run != null) {
        appender.append(run.series, clock.millis(), 1);
        onAppended.accept(run.series, event);
      }
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    // Agents' own events only.
  }

  private synchronized @Nullable Run begin(Event event) {
    String id = event.field("drill");
    long running = runs.values().stream().filter(run -> run.state == Drill.State.RUNNING).count();
    if (!ID.matcher(id).matches() || runs.containsKey(id) || running >= MOST_RUNNING) {
      log.warn("a drill is not taken, its id is wrong or too many run running={}", running);
      return null;
    }
    Run run = new Run(event, timeout(event.field("timeout")), clock.nanos());
    runs.put(id, run);
    if (runs.size() > MOST_KEPT) {
      runs.remove(runs.keySet().iterator().next());
    }
    run.hop("stored", clock.now(), "");
    return run;
  }

  private static Duration timeout(String text) {
    Duration asked = DEFAULT_TIMEOUT;
    try {
      asked = text.isEmpty() ? asked : Durations.parse(text);
    } catch (IllegalArgumentException e) {
      log.warn("a drill's timeout is none, the default is taken cause=\"{}\"", e.getMessage());
    }
    return asked.compareTo(LONGEST) < 0 ? asked : LONGEST;
  }

  private void told(Alert alert) {
    String id = alert.labels().get(LABEL);
    if (id.isEmpty()) {
      return;
    }
    synchronized (this) {
      Run run = runs.get(id);
      if (run != null) {
        boolean fires = alert.state() == AlertState.FIRING;
        run.hop(fires ? "rule" : "resolved", clock.now(), fires ? alert.rule() : "");
      }
    }
  }

  private void routed(Notification wanted, String hop) {
    String id = wanted.commonLabels().get(LABEL);
    if (id.isEmpty() || wanted.isResolved()) {
      return;
    }
    synchronized (this) {
      Run run = runs.get(id);
      if (run != null) {
        if (outbox.hasWayOut(wanted.receiver())) {
          run.incidents.add(wanted.incident());
        }
        run.receivers.add(wanted.receiver());
        run.hop(hop, clock.now(), String.join(", ", run.receivers));
      }
    }
  }

  private void look() {
    List<Run> ends = new ArrayList<>();
    synchronized (this) {
      for (Run run : runs.values()) {
        if (run.state == Drill.State.RUNNING && advance(run)) {
          ends.add(run);
        }
      }
    }
    for (Run run : ends) {
      appender.append(run.series, clock.millis(), Staleness.MARKER);
      onEnded.accept(run.series);
    }
  }

  /** Whether its series is to end now. */
  private boolean advance(Run run) {
    boolean late = clock.nanos() - run.begunNanos >= run.timeout.toNanos();
    if (!run.closing) {
      boolean shown = run.has("outbox") && cards(run, "card", false);
      if (shown || late) {
        run.closing = true;
        if (!shown) {
          finish(run, Drill.State.FAILED, why(run));
        }
        return true;
      }
    } else if (run.has("resolved") && cards(run, "closed", true)) {
      finish(run, Drill.State.PASSED, "");
    } else if (late) {
      finish(run, Drill.State.FAILED, why(run));
    }
    return false;
  }

  /** Stamps the hop once the cards of all its incidents show that state. */
  private boolean cards(Run run, String hop, boolean over) {
    Set<String> shown = new TreeSet<>();
    Instant last = Instant.MIN;
    List<String> what = new ArrayList<>();
    for (SentCard card : outbox.history()) {
      if (card.beside() == null
          && run.incidents.contains(card.incident())
          && (card.firing() == 0) == over) {
        shown.add(card.incident());
        last = card.at().isAfter(last) ? card.at() : last;
        what.add(card.receiver() + (card.edited() ? " edited " : " posted ") + card.message());
      }
    }
    boolean all =
        !shown.isEmpty() && shown.size() == run.incidents.size() && pending(run).isEmpty();
    if (all) {
      run.hop(hop, last, String.join(", ", what).strip());
    }
    return all;
  }

  private List<PendingCard> pending(Run run) {
    return outbox.pending().stream()
        .filter(card -> run.incidents.contains(card.wanted().incident()))
        .toList();
  }

  /** Why it did not get further in its time. */
  private String why(Run run) {
    for (PendingCard card : pending(run)) {
      String error = card.lastError().isEmpty() ? "it still waits" : card.lastError();
      return "the card of receiver " + card.wanted().receiver() + " is not there: " + error;
    }
    if (!run.has("rule")) {
      return "no rule fired; look at collector rules list for errors of the group vigie-drill";
    }
    if (!run.has("route")) {
      return "the rule fired and no receiver was told: perhaps it is silenced, inhibited or muted by"
          + " the route's time intervals; see collector alerts list, collector check --route alertname=Drill,node=drill";
    }
    if (!run.has("card")) {
      return "receiver " + String.join(", ", run.receivers) + " has no way out that shows a card";
    }
    return run.has("resolved") ? "the card was not edited to its end" : "the alert did not end";
  }

  private void finish(Run run, Drill.State state, String failure) {
    run.state = state;
    run.failure = failure;
    boolean well = state == Drill.State.PASSED;
    Instant now = clock.now();
    String took = String.format(Locale.ROOT, "%.2f s", (clock.nanos() - run.begunNanos) / 1e9);
    String type = well ? "drill.passed" : "drill.failed";
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("drill", run.id);
    if (!run.every.isEmpty()) {
      fields.put("every", run.every);
    }
    counted(type, run.every, now);
    String text =
        "drill "
            + run.id
            + (well ? " passed, took " + took : " failed after " + took + ": " + failure);
    log.info("drill ended drill={} result={} cause=\"{}\"", run.id, state, failure);
    Event event =
        new Event(
            now, now, "drill", DAEMON, well ? NOTICE : ERR, "vigie", type, fields, text, null);
    sink.ifPresent(
        to ->
            telling.execute(
                () -> to.accept(event, text.getBytes(StandardCharsets.UTF_8), () -> {})));
  }

  /** A drill by hand is not missed, and whoever began it sees how it went. */
  private void counted(String type, String every, Instant at) {
    if (every.isEmpty()) {
      return;
    }
    try {
      Duration half = Durations.parse(every).dividedBy(2);
      boolean well = type.equals("drill.passed");
      passed = well ? 1 : 0;
      if (well || Double.isNaN(overdue)) {
        overdue = at.plus(half.multipliedBy(3)).toEpochMilli() / 1e3;
      }
    } catch (IllegalArgumentException e) {
      log.warn("a drill's every is no duration cause=\"{}\"", e.getMessage());
    }
  }

  /** The last ones, the newest first. */
  public synchronized List<Drill> list() {
    List<Drill> all = new ArrayList<>();
    runs.values().forEach(run -> all.add(0, run.asDrill()));
    return all;
  }

  /** The drill of this id, if it is among the last ones. */
  public synchronized Optional<Drill> find(String id) {
    return Optional.ofNullable(runs.get(id)).map(Run::asDrill);
  }

  /** One drill; guarded by the drills. */
  private static final class Run {
    private final String id;
    private final Labels series;
    private final Duration timeout;
    private final String every;
    private final long begunNanos;
    private final Instant begun;
    private final Map<String, Drill.Hop> hops = new LinkedHashMap<>();
    private final Set<String> incidents = new LinkedHashSet<>();
    private final Set<String> receivers = new TreeSet<>();
    private boolean closing;
    private Drill.State state = Drill.State.RUNNING;
    private String failure = "";

    Run(Event event, Duration timeout, long nanos) {
      this.id = event.field("drill");
      this.timeout = timeout;
      this.every = event.field("every");
      this.begunNanos = nanos;
      this.begun = event.received();
      Labels.Builder labels =
          new Labels.Builder().set(Labels.NAME, "vigie_drill").set("node", "drill");
      event.fields().entrySet().stream()
          .filter(field -> field.getKey().startsWith("label_"))
          .limit(MOST_LABELS)
          .forEach(field -> put(labels, field.getKey().substring(6), field.getValue()));
      this.series = labels.set(LABEL, id).build();
    }

    private static void put(Labels.Builder labels, String name, String value) {
      if (NAME.matcher(name).matches() && !OURS.contains(name) && !name.startsWith("__")) {
        labels.set(name, value.length() > 128 ? value.substring(0, 128) : value);
      }
    }

    /** Of several receivers the last one counts; a rule that is evaluated again does not. */
    void hop(String name, Instant at, String detail) {
      if (name.equals("rule") && hops.containsKey(name)) {
        return;
      }
      hops.put(name, new Drill.Hop(name, at, detail));
    }

    boolean has(String name) {
      return hops.containsKey(name);
    }

    Drill asDrill() {
      return new Drill(id, begun, List.copyOf(hops.values()), state, failure);
    }
  }
}
