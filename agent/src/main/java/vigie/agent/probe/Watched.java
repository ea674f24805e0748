package vigie.agent.probe;

import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;

/**
 * One probe at work: its turns, never two runs at a time, its state, and which event each change of
 * it makes. Guarded by itself; results come from event loops, turns from the scheduler.
 */
final class Watched {
  private static final Logger log = LoggerFactory.getLogger(Watched.class);

  /** So long after its timeout a run that has told nothing is taken for lost. */
  private static final Duration LOST_AFTER = Duration.ofMinutes(1);

  /** A turn that begins so long after its time is late. */
  private static final long LATE_NANOS = Duration.ofSeconds(1).toNanos();

  private final ProbeConfig config;
  private final Probe probe;
  private final Clock clock;
  private final Teller teller;
  private final Hints hints;
  private final ProbeMeters meters;

  private Scheduler.@Nullable Task turns;
  private long due; // of the next regular turn, by the clock's nanoseconds
  private boolean stopped;
  private @Nullable Run underWay;
  private boolean again;
  private boolean everUp;
  private boolean cannotRun;
  private @Nullable ProbeResult last;
  private boolean doubted;
  private @Nullable Boolean up;
  private boolean slow;
  private final Window results;
  private final Window slowness;
  private String reason = "";
  // What besides probe.down has been told of the present outage.
  private final Set<EventType> causes = EnumSet.noneOf(EventType.class);
  private @Nullable Instant since;
  private long sinceNanos;

  Watched(
      ProbeConfig config,
      Probe probe,
      Clock clock,
      Teller teller,
      Hints hints,
      ProbeMeters meters) {
    this.config = config;
    this.probe = probe;
    this.clock = clock;
    this.teller = teller;
    this.hints = hints;
    this.meters = meters;
    this.results = new Window(config.damping().of());
    this.slowness = new Window(config.damping().of());
  }

  ProbeConfig config() {
    return config;
  }

  Probe probe() {
    return probe;
  }

  synchronized ProbeStatus status() {
    return new ProbeStatus(config, last, up, slow, since, everUp);
  }

  synchronized void start(Scheduler scheduler, Duration first) {
    due = clock.nanos() + first.toNanos();
    turns = scheduler.every(first, config.every(), this::turn);
  }

  /**
   * Ends the turns. Where it was down and is watched no more, that is told as up: nobody would ever
   * take the alert back otherwise.
   */
  synchronized void stop(boolean forGood) {
    stopped = true;
    if (turns != null) {
      turns.cancel();
    }
    probe.close();
    if (forGood && isDown()) {
      Instant now = clock.now();
      Map<String, String> fields = fields(now, now);
      fields.put("reason", "no longer watched");
      tell(EventType.PROBE_UP, now, fields, title() + " is no longer watched");
    }
  }

  /** A regular turn: skipped while the last run is still under way. */
  void turn() {
    Run run;
    synchronized (this) {
      if (stopped) {
        return;
      }
      noteLateness();
      Run before = underWay;
      if (before != null && !before.isLost()) {
        meters.skipped();
        return;
      }
      if (before != null) {
        take(new ProbeResult.NotRun(clock.now(), "a run never ended, a fault of the agent"));
      }
      run = new Run();
      underWay = run;
    }
    run.start();
  }

  private void noteLateness() {
    long late = clock.nanos() - due;
    long every = config.every().toNanos();
    due += every * (1 + Math.max(0, late) / every); // as the scheduler leaves out what it missed
    if (late > LATE_NANOS) {
      meters.late();
    }
  }

  /** Something hints that the state has changed: runs at once, or once more after this run. */
  void turnNow() {
    Run run;
    synchronized (this) {
      if (stopped) {
        return;
      }
      if (underWay != null) {
        again = true;
        return;
      }
      run = new Run();
      underWay = run;
    }
    run.start();
  }

  /** One run, of which the first result counts, and that only until it is taken for lost. */
  private final class Run implements Consumer<ProbeResult> {
    private final long began = clock.nanos();

    boolean isLost() {
      return clock.nanos() - began > config.timeout().plus(LOST_AFTER).toNanos();
    }

    void start() {
      try {
        probe.run(this);
      } catch (RuntimeException e) {
        log.error("run of a probe failed probe={}", config.name(), e);
        accept(new ProbeResult.NotRun(clock.now(), "a fault of the agent: " + e));
      }
    }

    @Override
    public void accept(ProbeResult result) {
      finished(this, result);
    }
  }

  /**
   * Tells the present state again, with the time of now, and what else was told of an outage, which
   * a collector that lost its memory could not tell apart otherwise; nothing before the first
   * result.
   */
  synchronized void tellAgain() {
    Optional<Event> state = stateNow("reconnect");
    if (state.isPresent() && isDown()) {
      causes.forEach(cause -> tell(of(cause, state.get())));
    }
    state.ifPresent(this::tell);
  }

  /**
   * The present state as an event of now; empty before the first result.
   *
   * @param told why it is told although nothing changed
   */
  synchronized Optional<Event> stateNow(String told) {
    Instant began = since;
    if (began == null || stopped) {
      return Optional.empty();
    }
    Instant now = clock.now();
    Map<String, String> fields = fields(now, began);
    fields.put("told", told);
    if (isDown()) {
      fields.put("reason", reason);
      String text = title() + " is still down: " + reason;
      return Optional.of(event(EventType.PROBE_DOWN, now, fields, text));
    }
    return Optional.of(event(EventType.PROBE_UP, now, fields, title() + " is still up"));
  }

  private void finished(Run run, ProbeResult result) {
    boolean runAgain;
    synchronized (this) {
      if (underWay != run) {
        return;
      }
      underWay = null;
      meters.ran();
      if (!stopped && !isDoubtful(result)) {
        take(result);
      }
      runAgain = again && !stopped;
      again = false;
    }
    if (runAgain) {
      turnNow();
    }
  }

  /**
   * Whether the very first run timed out: on a Pi Zero it loads classes for seconds, and an alert
   * at every start would be the agent's own slowness. It is run once more, and that counts.
   */
  private boolean isDoubtful(ProbeResult result) {
    if (last != null
        || doubted
        || !(result instanceof ProbeResult.Down down)
        || down.took().compareTo(config.timeout()) < 0) {
      return false;
    }
    doubted = true;
    again = true;
    return true;
  }

  private void take(ProbeResult result) {
    if (result instanceof ProbeResult.NotRun notRun) {
      meters.notRun();
      if (!cannotRun) {
        log.error("probe cannot run probe={} cause=\"{}\"", config.name(), notRun.reason());
      }
      cannotRun = true;
      return;
    }
    cannotRun = false;
    last = result;
    boolean isUp = result instanceof ProbeResult.Up;
    results.add(!isUp);
    Damping damping = config.damping();
    boolean change =
        isUp
            ? (up == null || isDown()) && results.good() >= damping.rise()
            : (up == null || !isDown()) && results.bad() >= damping.fall();
    if (change) {
      changed(result);
    }
    if (result instanceof ProbeResult.Down down && isDown()) {
      reason = down.reason();
      tellCause(down);
    }
    if (result instanceof ProbeResult.Up answered) {
      everUp = true;
      judgeSpeed(answered);
    }
  }

  private boolean isDown() {
    return up != null && !up;
  }

  private void changed(ProbeResult result) {
    Instant at = result.at();
    Map<String, String> fields = fields(at, at);
    String lasted = "";
    if (up == null) {
      fields.put("told", "start");
    } else {
      lasted = rounded(Duration.ofNanos(clock.nanos() - sinceNanos));
      fields.put("lasted", lasted);
    }
    boolean first = up == null;
    causes.clear();
    since = at;
    sinceNanos = clock.nanos();
    results.clear();
    slowness.clear();
    slow = false;
    up = result instanceof ProbeResult.Up;
    if (result instanceof ProbeResult.Down down) {
      fields.put("reason", down.reason());
      wentDown(down, fields, lasted);
    } else {
      log.info("probe up probe={} target={}", config.name(), config.target());
      tell(
          EventType.PROBE_UP,
          at,
          fields,
          title() + (first ? " is up" : " is up again after " + lasted));
    }
  }

  /** Between the two limits an answer says neither, and what was found before stays. */
  private void judgeSpeed(ProbeResult.Up answered) {
    Damping damping = config.damping();
    Duration over = damping.slowOver();
    Duration under = damping.slowUnder();
    if (over == null || under == null || isDown()) {
      return;
    }
    Duration took = answered.took();
    slowness.add(slow ? took.compareTo(under) >= 0 : took.compareTo(over) > 0);
    if (!slow && slowness.bad() >= damping.fall()) {
      slow = true;
      told(
          EventType.PROBE_SLOW,
          answered,
          " is slow: took " + words(took) + ", limit " + words(over));
    } else if (slow && slowness.good() >= damping.rise()) {
      slow = false;
      told(EventType.PROBE_UP, answered, " is fast enough again: took " + words(took));
    } else {
      return;
    }
    slowness.clear();
  }

  private void told(EventType type, ProbeResult.Up answered, String what) {
    Map<String, String> fields = fields(answered.at(), answered.at());
    fields.put("took", words(answered.took()));
    if (type == EventType.PROBE_UP) {
      fields.put("told", "fast");
    }
    log.info(
        "probe speed changed probe={} slow={} took={}",
        config.name(),
        slow,
        words(answered.took()));
    tell(type, answered.at(), fields, title() + what);
  }

  private static String words(Duration took) {
    return Durations.format(Duration.ofMillis(Math.max(1, took.toMillis())));
  }

  private void wentDown(ProbeResult.Down down, Map<String, String> fields, String lasted) {
    String text = title() + " is down: " + down.reason();
    tellCause(down);
    if (everUp) {
      log.warn(
          "probe down probe={} target={} reason=\"{}\"",
          config.name(),
          config.target(),
          down.reason());
      tell(EventType.PROBE_DOWN, down.at(), fields, text + "; it was up for " + lasted);
      return;
    }
    CompletableFuture<String> looking = hints.of(config.name(), probe);
    teller.tell(
        config,
        EventType.PROBE_DOWN,
        () -> {
          String hint = looking.join();
          log.warn(
              "probe has never been up probe={} target={} reason=\"{}\" hint=\"{}\"",
              config.name(),
              config.target(),
              down.reason(),
              hint);
          return event(
              EventType.PROBE_DOWN,
              down.at(),
              fields,
              text + "; never up since the agent started" + (hint.isEmpty() ? "" : "; " + hint));
        });
  }

  /** Each once in an outage: a dump may get late while its folder was gone, and stay so. */
  private void tellCause(ProbeResult.Down down) {
    EventType cause = down.cause();
    if (cause != EventType.PROBE_DOWN && causes.add(cause)) {
      Map<String, String> fields = fields(down.at(), down.at());
      fields.put("reason", down.reason());
      tell(cause, down.at(), fields, title() + ": " + down.reason());
    }
  }

  private void tell(EventType type, Instant at, Map<String, String> fields, String text) {
    tell(event(type, at, fields, text));
  }

  private void tell(Event event) {
    teller.tell(config, event.type(), () -> event);
  }

  private static Event of(EventType type, Event state) {
    return new Event(state.time(), state.severity(), type, state.fields(), state.text());
  }

  private static Event event(EventType type, Instant at, Map<String, String> fields, String text) {
    return new Event(at, severity(type), type, fields, text);
  }

  private static Severity severity(EventType type) {
    if (type == EventType.PROBE_UP) {
      return Severity.NOTICE;
    }
    return type == EventType.PROBE_SLOW ? Severity.WARNING : Severity.ERROR;
  }

  private Map<String, String> fields(Instant at, Instant began) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("probe", config.name());
    fields.put("target", config.target());
    if (!config.peer().isEmpty()) {
      fields.put("peer", config.peer());
    }
    if (!began.equals(at)) {
      fields.put("since", began.toString());
    }
    return fields;
  }

  private String title() {
    return config.name().equals(config.target())
        ? config.name()
        : config.name() + " " + config.target();
  }

  /** Whole seconds from the first on: nobody wants 1h2m3s456ms. */
  private static String rounded(Duration lasted) {
    return Durations.format(
        lasted.compareTo(Duration.ofSeconds(1)) < 0
            ? lasted
            : Duration.ofSeconds(lasted.toSeconds()));
  }
}
