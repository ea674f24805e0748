package vigie.agent.probe;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.Systemd;
import vigie.base.config.Nearest;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.time.Durations;

/**
 * Looks at a unit of systemd.
 *
 * @param states the states that are good; empty for what is good for any unit
 * @param restarts how often systemd may start it again by itself; null for any number
 */
record UnitModule(Set<String> states, @Nullable Restarts restarts) implements Module {
  static final String PROBER = "unit";
  static final List<Measure> MEASURES = UnitProbe.MEASURES;

  private static final Set<String> STATES =
      Set.of(
          "active",
          "reloading",
          "refreshing",
          "maintenance",
          "inactive",
          "failed",
          "activating",
          "deactivating");
  private static final Restarts RESTARTS = new Restarts(3, Duration.ofMinutes(10));
  private static final String ANY = "any";
  private static final String IN = " in ";

  UnitModule {
    states = Set.copyOf(states);
  }

  /** So many within so long. */
  record Restarts(int most, Duration within) {
    static final int MOST = 1_000;
    private static final Duration MOST_WITHIN = Duration.ofDays(7);

    /**
     * @param text such as {@code 3 in 10m}
     * @throws IllegalArgumentException if it is not such
     */
    static Restarts parse(String text) {
      int in = text.indexOf(IN);
      if (in < 1 || in > 4 || !text.substring(0, in).chars().allMatch(Character::isDigit)) {
        throw new IllegalArgumentException("\"" + text + "\" is no limit");
      }
      Duration within = Durations.parse(text.substring(in + IN.length()).strip());
      int most = Integer.parseInt(text.substring(0, in));
      if (most > MOST || within.isZero() || within.compareTo(MOST_WITHIN) > 0) {
        throw new IllegalArgumentException("\"" + text + "\" is beyond 1000 in 7d");
      }
      return new Restarts(most, within);
    }
  }

  static UnitModule read(Section section) {
    Set<String> states = new TreeSet<>();
    for (String state : section.strings("states")) {
      if (STATES.contains(state)) {
        states.add(state);
      } else {
        String nearest = Nearest.of(state, STATES);
        section.fault(
            "states",
            "\""
                + state
                + "\" is no state of a unit; "
                + (nearest == null
                    ? "known are " + String.join(", ", new TreeSet<>(STATES))
                    : "did you mean \"" + nearest + "\"?"));
      }
    }
    return new UnitModule(states, restarts(section));
  }

  private static @Nullable Restarts restarts(Section section) {
    Value value = section.value("max_restarts");
    String text = value == null ? null : value.string();
    if (value == null || text == null) {
      return RESTARTS;
    }
    try {
      return text.equals(ANY) ? null : Restarts.parse(text);
    } catch (IllegalArgumentException e) {
      value.fault("max_restarts " + e.getMessage() + "; write 3 in 10m, or any");
      return RESTARTS;
    }
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    try {
      Systemd.unitName(target);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("\"" + target + "\": " + e.getMessage(), e);
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new UnitProbe(this, Systemd.unitName(target), timeout, tools);
  }
}
