package vigie.agent.probe;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.UnitChange;
import vigie.agent.reader.UnitStatus;
import vigie.base.config.Nearest;
import vigie.base.time.Clock;

/**
 * Asks systemd how a unit is. One that systemd starts again after each crash is found running at
 * every look: the count of its restarts tells.
 */
final class UnitProbe implements Probe {
  private static final Measure RESTARTS =
      Measure.of(
          "vigie_probe_unit_restarts",
          "How often systemd has started the unit again by itself since somebody started it.");
  private static final Measure ACTIVE =
      Measure.of(
          "vigie_probe_unit_active_timestamp_seconds",
          "When the unit became active last, in seconds since the epoch.");
  static final List<Measure> MEASURES = List.of(RESTARTS, ACTIVE);

  private static final Set<String> GOOD = Set.of("active", "reloading", "refreshing");
  private static final Duration FULL_DATE_AFTER = Duration.ofHours(20);
  private static final Duration HINT_LIMIT = Duration.ofSeconds(2);
  private static final int KILLED = 2;
  private static final int DUMPED = 3;
  private static final Map<Integer, String> SIGNALS =
      Map.ofEntries(
          Map.entry(1, "HUP"),
          Map.entry(2, "INT"),
          Map.entry(3, "QUIT"),
          Map.entry(4, "ILL"),
          Map.entry(5, "TRAP"),
          Map.entry(6, "ABRT"),
          Map.entry(7, "BUS"),
          Map.entry(8, "FPE"),
          Map.entry(9, "KILL"),
          Map.entry(10, "USR1"),
          Map.entry(11, "SEGV"),
          Map.entry(12, "USR2"),
          Map.entry(13, "PIPE"),
          Map.entry(14, "ALRM"),
          Map.entry(15, "TERM"),
          Map.entry(24, "XCPU"),
          Map.entry(25, "XFSZ"),
          Map.entry(31, "SYS"));

  private final UnitModule module;
  private final String unit;
  private final Duration timeout;
  private final Units units;
  private final Clock clock;
  private final BlockingLook look;
  // Of the thread that looks; looks follow one another through BlockingLook.
  private final @Nullable UnitRestarts restarts;
  private String lastExit = "";

  UnitProbe(UnitModule module, String unit, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.unit = unit;
    this.timeout = timeout;
    this.units = tools.host().units();
    this.clock = tools.clock();
    UnitModule.Restarts limit = module.restarts();
    this.restarts = limit == null ? null : new UnitRestarts(limit.within());
    this.look =
        new BlockingLook(
            tools,
            timeout,
            (steps, ended) -> look(steps),
            () -> Finding.notRun("systemd did not answer within " + Words.limit(timeout)));
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    look.run(done, steps);
  }

  private Finding look(BlockingLook.Told steps) {
    try {
      UnitStatus status = units.status(unit, timeout);
      steps.step(
          unit
              + " is "
              + status.activeState()
              + " ("
              + status.subState()
              + "), "
              + status.loadState());
      return judge(status);
    } catch (IOException e) {
      return Finding.notRun(
          "systemd cannot be asked: " + Words.name(String.valueOf(e.getMessage())));
    }
  }

  private Finding judge(UnitStatus status) throws IOException {
    List<Measure.Sample> samples = new ArrayList<>();
    if (status.restarts() >= 0) {
      samples.add(RESTARTS.sample(status.restarts()));
    }
    Instant active = status.activeSince();
    if (active != null) {
      samples.add(ACTIVE.sample(active.toEpochMilli() / 1e3));
    }
    if (!exit(status).isEmpty()) {
      lastExit = exit(status);
    }
    UnitRestarts counted = restarts;
    long recent = counted == null ? 0 : counted.take(status.restarts(), clock.nanos());
    if (!status.exists()) {
      return Finding.down("unit " + unit + " does not exist", samples);
    }
    if (!isGood(status)) {
      return Finding.down(reason(status, recent), samples);
    }
    UnitModule.Restarts limit = module.restarts();
    if (limit != null && recent > limit.most()) {
      return Finding.down(
          restarted(recent, limit) + (lastExit.isEmpty() ? "" : ", last " + lastExit), samples);
    }
    return Finding.up(samples);
  }

  private boolean isGood(UnitStatus status) throws IOException {
    String state = status.activeState();
    if (!module.states().isEmpty()) {
      return module.states().contains(state);
    }
    if (GOOD.contains(state)) {
      return true;
    }
    // A job that a timer starts rests in between, and is "activating" for as long as it runs.
    return ((state.equals("inactive") && status.result().equals("success"))
            || (state.equals("activating") && !isWaiting(status)))
        && unit.endsWith(".service")
        && units.change(unit, timeout).type().equals("oneshot");
  }

  private static boolean isWaiting(UnitStatus status) {
    return status.subState().startsWith("auto-restart");
  }

  /** {@code failed: exit code 1 (Result exit-code) since 14:02}. */
  private String reason(UnitStatus status, long recent) throws IOException {
    String state = status.activeState();
    String how = exit(status);
    if (status.loadState().equals("masked")) {
      how = "masked";
    } else if (isWaiting(status)) {
      state = "down, systemd will start it again";
    } else if (GOOD.contains(state)) {
      how = "expected " + String.join(" or ", new TreeSet<>(module.states()));
    }
    if (!status.result().isEmpty() && !status.result().equals("success")) {
      how += (how.isEmpty() ? "" : " ") + "(Result " + status.result() + ")";
    }
    UnitChange change = units.change(unit, timeout);
    UnitModule.Restarts limit = module.restarts();
    return state
        + (how.isEmpty() ? "" : ": " + how)
        + (change.since() == null ? "" : " since " + time(change.since()))
        + (limit == null || recent == 0 ? "" : "; " + restarted(recent, limit));
  }

  private static String restarted(long recent, UnitModule.Restarts limit) {
    return "restarted "
        + Words.count(recent, "time")
        + " in the last "
        + Words.limit(limit.within())
        + " by systemd";
  }

  /** How the main process ended, where it has: {@code exit code 1}, {@code exit signal SEGV}. */
  private static String exit(UnitStatus status) {
    int code = status.mainCode();
    if (code == KILLED || code == DUMPED) {
      return "exit signal "
          + SIGNALS.getOrDefault(status.mainStatus(), Integer.toString(status.mainStatus()))
          + (code == DUMPED ? " (core dumped)" : "");
    }
    return code == 1 ? "exit code " + status.mainStatus() : "";
  }

  /** By the machine's own clock on the wall, as the operator reads it in the journal. */
  private String time(Instant at) {
    boolean recent = Duration.between(at, clock.now()).abs().compareTo(FULL_DATE_AFTER) < 0;
    return DateTimeFormatter.ofPattern(recent ? "HH:mm" : "yyyy-MM-dd HH:mm", Locale.ROOT)
        .withZone(ZoneId.systemDefault())
        .format(at);
  }

  @Override
  public String hint() {
    try {
      if (units.status(unit, HINT_LIMIT).exists()) {
        return "see journalctl -e -u " + unit;
      }
      List<String> names = units.names(HINT_LIMIT);
      String nearest = Nearest.of(unit, names);
      if (nearest != null) {
        return "no such unit; nearest: " + nearest;
      }
      String word = unit.substring(0, unit.lastIndexOf('.'));
      List<String> alike = names.stream().filter(name -> name.contains(word)).limit(3).toList();
      return "no such unit"
          + (alike.isEmpty()
              ? "; systemctl list-units --all lists them"
              : "; alike: " + String.join(", ", alike));
    } catch (IOException e) {
      return "";
    }
  }
}
