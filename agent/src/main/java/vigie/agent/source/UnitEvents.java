package vigie.agent.source;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.reader.Systemd;
import vigie.agent.reader.UnitStatus;

/**
 * Makes events of what systemd logs about its units: {@code unit.crashed} for each failure, {@code
 * unit.failed} once systemd gives up, {@code unit.recovered} once such a unit runs again. Keeps the
 * last lines of each unit for the event to carry. Not safe for several threads.
 *
 * <p>Source: systemd's sd-messages.h, systemd.journal-fields(7), and what systemd 252 logs.
 */
final class UnitEvents {
  private static final String PROCESS_EXITED = "98e322203f7a4ed290d09fe03c09fe15";
  private static final String FAILURE = "d9b373ed55a64feb8242e02dbe79a49c";
  private static final String SUCCESS = "7ad2d189f7e94e70a38c781354912448";
  private static final String RESTART_SCHEDULED = "5eb03494b6584870a536b337290809b3";
  private static final String STARTED = "39f53479d3a045ac8e11786248231fbf";
  private static final String NOT_STARTED = "be02cf6855d2428ba40df7e9d022f03d";

  /** logind says so before it has systemd stop the first unit. */
  private static final String SHUTDOWN = "98268866d1d54a499c4e98921d93bc40";

  /** That a process of a unit has ended. */
  static final Object EXIT = new Object();

  private static final Duration LONGEST_SHUTDOWN = Duration.ofMinutes(10);

  /** The kinds of entries that this understands. */
  static final List<String> MESSAGE_IDS =
      List.of(PROCESS_EXITED, FAILURE, SUCCESS, RESTART_SCHEDULED, STARTED, NOT_STARTED, SHUTDOWN);

  /**
   * Results that go with the exit of a process. Without one it is the last result told again, since
   * systemd refuses one more start.
   */
  private static final Set<String> OF_AN_EXIT =
      Set.of("exit-code", "signal", "core-dump", "start-limit-hit");

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int MOST_UNITS = 128;
  private static final int MOST_FAILED = 1000;
  private static final int MOST_LINES = 5;
  private static final int LONGEST_LINE = 240;

  private final Systemd systemd;
  private final Map<String, Unit> units =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Unit> eldest) {
          return size() > MOST_UNITS;
        }
      };
  private final Set<String> failed = new HashSet<>();
  private final String ended;
  private Going going = new Going("", Instant.MIN);

  /** That the node began to go down in this boot, as its journal has it. */
  private record Going(String boot, Instant at) {}

  /**
   * @param ended the boot that is known to have gone down since its journal was read last; {@code
   *     ""} for none
   */
  UnitEvents(Systemd systemd, String ended) {
    this.systemd = systemd;
    this.ended = ended.replace("-", "");
  }

  /** What is known of a unit since it last started. */
  private static final class Unit {
    private Deque<String> lines = new ArrayDeque<>(MOST_LINES);
    private @Nullable Exit exit;
    private @Nullable Failure last;
    private long restarts = -1; // not known

    void begins() {
      exit = null;
      lines = new ArrayDeque<>(MOST_LINES);
    }
  }

  /**
   * How a process of a unit ended.
   *
   * @param code exited, killed or dumped
   * @param name the signal's, or what systemd calls that exit code
   */
  private record Exit(String code, String status, String name) {
    static Exit of(JournalEntry entry) {
      String message = entry.message(); // … status=11/SEGV
      return new Exit(
          entry.text(JournalField.EXIT_CODE),
          entry.text(JournalField.EXIT_STATUS),
          message.substring(message.lastIndexOf('/') + 1));
    }

    boolean bySignal() {
      return !code.equals("exited");
    }

    String words() {
      if (bySignal()) {
        return "killed by signal " + name + (code.equals("dumped") ? ", core dumped" : "");
      }
      boolean systemds =
          status.length() == 3 // 200 and on: it could not even start it
              && status.charAt(0) == '2';
      return "exit code " + status + (systemds ? " (" + name + ")" : "");
    }
  }

  /** An entry about a unit that leads to an event. */
  private record Told(
      String unit,
      String user,
      boolean stopping,
      String result,
      String invocation,
      Instant time,
      @Nullable Place place) {
    /** What tells it from a unit of that name of another user, or of the system. */
    String key() {
      return key(unit, user);
    }

    static String key(String unit, String user) {
      return user.isEmpty() ? unit : unit + " of " + user;
    }

    Event event(Severity severity, EventType type, Map<String, String> more, String text) {
      Map<String, String> fields = new LinkedHashMap<>();
      fields.put("unit", unit);
      if (!user.isEmpty()) {
        fields.put("user", user);
      }
      if (stopping) {
        fields.put(GoingDown.STOPPING, "yes");
      }
      fields.putAll(more);
      String whose = user.isEmpty() ? "" : " of user " + user;
      return new Event(time, severity, type, fields, unit + whose + " " + text, place);
    }
  }

  /**
   * A failure of a unit. Journald may bring the last lines of a process after its end, so the
   * events are made a moment later.
   */
  final class Failure {
    private final Told told;
    private final boolean ofAnExit;
    private final @Nullable Exit exit;
    private final Unit unit;
    private final Deque<String> lines;
    private long restarts;

    private Failure(Told told, Unit unit) {
      this.told = told;
      this.unit = unit;
      this.ofAnExit = unit.exit != null;
      // Of one that was not started once more it is the last crash that tells why.
      Failure last = ofAnExit || !OF_AN_EXIT.contains(told.result) ? null : unit.last;
      this.exit = last == null ? unit.exit : last.exit;
      this.lines = last == null ? unit.lines : last.lines;
      this.restarts = unit.restarts;
      unit.exit = null;
      unit.last = this;
    }

    /** The events of this failure, in their order. Asks systemd, so it may take a second. */
    List<Event> events() {
      boolean crashed = ofAnExit || !OF_AN_EXIT.contains(told.result);
      boolean givenUp = !crashed;
      UnitStatus status = status(told.unit);
      // The invocation says that it answers for this unit and run, not for a user's of that name.
      if (status != null
          && !told.invocation.isEmpty()
          && told.invocation.equals(status.invocationId())) {
        givenUp |= status.activeState().equals("failed");
        // What was logged is of that moment, this is of now.
        restarts = restarts < 0 ? status.restarts() : restarts;
      }
      List<Event> events = new ArrayList<>(2);
      if (crashed) {
        events.add(told.event(Severity.ERROR, EventType.UNIT_CRASHED, facts(), words("crashed")));
      }
      if (givenUp && isNewlyFailed(told.key())) {
        events.add(gaveUp(told));
      }
      if (unit.lines == lines) {
        unit.begins();
      }
      return events;
    }

    /** At the entry that says so, which may be a later one. */
    private Event gaveUp(Told at) {
      String words = words("has failed and stays down");
      return at.event(Severity.CRITICAL, EventType.UNIT_FAILED, facts(), words);
    }

    private Map<String, String> facts() {
      Map<String, String> facts = new LinkedHashMap<>();
      facts.put("reason", how());
      facts.put("result", told.result);
      if (exit != null) {
        facts.put("code", exit.code);
        facts.put("status", exit.status);
        if (exit.bySignal()) {
          facts.put("signal", exit.name);
        }
      }
      if (restarts >= 0) {
        facts.put("restarts", Long.toString(restarts));
      }
      if (!lines.isEmpty()) {
        facts.put("log", String.join("\n", lines));
      }
      return facts;
    }

    private String words(String what) {
      return what + ": " + how();
    }

    private String how() {
      String how = exit == null ? "" : exit.words();
      boolean saysMore = !told.result.equals("exit-code") && !told.result.equals("signal");
      if (how.isEmpty() || saysMore) {
        how += (how.isEmpty() ? "" : ", ") + "result " + told.result;
      }
      if (restarts > 0) {
        how += ", restarted " + restarts + (restarts == 1 ? " time" : " times") + " before";
      }
      return how;
    }
  }

  /**
   * Learns which units are down for good already, so that their recovery is noticed.
   *
   * @return says which these are, so that others which were told as failed before no longer count
   *     as that: what mended, reset or removed them may have been while nobody looked. Null where
   *     systemd does not answer.
   */
  @Nullable Event begin(Instant now) {
    List<String> down;
    try {
      down = systemd.failedUnits(PATIENCE);
    } catch (IOException e) {
      return null; // then a recovery is told of what fails from now on
    }
    down.forEach(this::isNewlyFailed);
    Map<String, String> fields = Map.of("failed", String.join(" ", down));
    String text = "units of systemd that have failed: " + down.size();
    return new Event(now, Severity.INFORMATIONAL, EventType.AGENT_UNITS, fields, text);
  }

  /** Keeps the line for when its unit crashes. */
  void logged(String unit, String text) {
    if (unit.endsWith(".service")) {
      Deque<String> lines = units.computeIfAbsent(unit, name -> new Unit()).lines;
      if (lines.size() == MOST_LINES) {
        lines.removeFirst();
      }
      lines.addLast(text.length() > LONGEST_LINE ? text.substring(0, LONGEST_LINE) + "…" : text);
    }
  }

  /**
   * Takes an entry in.
   *
   * @return an {@link Event}, a {@link Failure} that will make some, {@link #EXIT} for what one may
   *     follow that cannot be told without it, or null for nothing
   */
  @Nullable Object take(JournalEntry entry, Instant now) {
    if (!entry.has(JournalField.MESSAGE_ID)) {
      return null;
    }
    String id = entry.text(JournalField.MESSAGE_ID);
    if (!MESSAGE_IDS.contains(id)) {
      return null;
    }
    if (id.equals(SHUTDOWN)) {
      boolean isOfRoot = entry.text(JournalField.UID).equals("0");
      going = isOfRoot ? new Going(entry.boot(), entry.time(now)) : going;
      return null;
    }
    boolean ofUser = entry.has(JournalField.USER_UNIT);
    String name = entry.text(ofUser ? JournalField.USER_UNIT : JournalField.UNIT);
    String uid = entry.text(JournalField.UID);
    // Anybody may log with a MESSAGE_ID; only root speaks for the system's units.
    if (name.isEmpty() || (!ofUser && !uid.equals("0"))) {
      return null;
    }
    Unit unit = units.computeIfAbsent(name, of -> new Unit());
    switch (id) {
      case PROCESS_EXITED -> {
        unit.exit = Exit.of(entry);
        return EXIT;
      }
      case RESTART_SCHEDULED -> {
        unit.begins();
        unit.restarts = entry.number(JournalField.RESTARTS, -1);
      }
      case SUCCESS -> unit.begins();
      case STARTED -> {
        unit.exit = null; // its first lines may be there already
        if (failed.remove(Told.key(name, ofUser ? uid : ""))) {
          unit.restarts = 0;
          unit.last = null;
          return told(entry, now, name, ofUser ? uid : "")
              .event(Severity.NOTICE, EventType.UNIT_RECOVERED, Map.of(), "runs again");
        }
      }
      case FAILURE -> {
        return new Failure(told(entry, now, name, ofUser ? uid : ""), unit);
      }
      default -> { // not started
        Told told = told(entry, now, name, ofUser ? uid : "");
        if (entry.text(JournalField.JOB_RESULT).equals("failed") && isNewlyFailed(told.key())) {
          Failure last = unit.last;
          return last == null
              ? told.event(Severity.CRITICAL, EventType.UNIT_FAILED, Map.of(), "was not started")
              : last.gaveUp(told);
        }
      }
    }
    return null;
  }

  private Told told(JournalEntry entry, Instant now, String unit, String user) {
    JournalField invocation =
        user.isEmpty() ? JournalField.INVOCATION_ID : JournalField.USER_INVOCATION_ID;
    return new Told(
        unit,
        user,
        isGoingDown(entry, entry.time(now)),
        entry.text(JournalField.UNIT_RESULT),
        entry.text(invocation),
        entry.time(now),
        entry.place());
  }

  private boolean isGoingDown(JournalEntry entry, Instant at) {
    String boot = entry.boot();
    return !boot.isEmpty()
        && (boot.equals(ended)
            || (boot.equals(going.boot)
                && Duration.between(going.at, at).compareTo(LONGEST_SHUTDOWN) < 0));
  }

  private boolean isNewlyFailed(String key) {
    return failed.size() < MOST_FAILED && failed.add(key);
  }

  /** Null where systemd cannot be asked: then what it logs must do. */
  private @Nullable UnitStatus status(String name) {
    try {
      return systemd.status(name, PATIENCE);
    } catch (IOException e) {
      return null;
    }
  }
}
