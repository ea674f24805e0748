package vigie.agent.reader;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All units of systemd in two exchanges a reading: the list, then the properties of the units
 * wanted, sent together. What seldom changes is asked when a unit is new or has changed its state.
 */
public final class SystemdReader implements AutoCloseable {
  /** Numbers of a unit, NaN where it has none or they were not wanted; times in seconds. */
  public static final int RESTARTS = 0,
      ACCEPTED = 1,
      CONNECTIONS = 2,
      REFUSED = 3,
      LAST_TRIGGER = 4,
      START_TIME = 5,
      TASKS = 6,
      TASKS_MAX = 7;

  /** The states that every unit is in one of, but for short or rare ones beside these. */
  public static final List<String> STATES =
      List.of("active", "activating", "deactivating", "inactive", "failed");

  private static final int NUMBERS = 8;
  private static final int TYPE = NUMBERS;
  private static final String[] INTERFACES = {
    "Service", "Socket", "Socket", "Socket", "Timer", "Unit", "Service", "Service"
  };
  private static final String[] PROPERTIES = {
    "NRestarts",
    "NAccepted",
    "NConnections",
    "NRefused",
    "LastTriggerUSec",
    "ActiveEnterTimestamp",
    "TasksCurrent",
    "TasksMax",
    "Type"
  };
  private static final String INTERFACE = "org.freedesktop.systemd1.";
  private static final int MAX_UNITS = 4000;
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final Systemd systemd;
  private final Predicate<String> wanted;
  private final boolean[] asked = new boolean[NUMBERS];
  private final Map<String, int[]> states = new TreeMap<>();
  private final List<Question> questions = new ArrayList<>();
  private Map<String, Unit> known = new HashMap<>();
  private List<Unit> units = List.of();
  private int connects;
  private String version = "";
  private String virtualization = "";
  private double running = Double.NaN;

  /**
   * @param wanted the names of the units to tell of
   * @param numbers which of {@link #RESTARTS} and so on are wanted: each costs a call for each unit
   *     of its type
   */
  public SystemdReader(Systemd systemd, Predicate<String> wanted, List<Integer> numbers) {
    this.systemd = systemd;
    this.wanted = wanted;
    numbers.forEach(number -> asked[number] = true);
    STATES.forEach(state -> states.put(state, new int[1]));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when there is no bus, or no systemd on it
   * @throws IOException when it cannot be reached, refuses this user, or is slower than 2 s
   */
  public void read() throws IOException {
    questions.clear();
    systemd.exchange(LIMIT, this::askAll, this::takeAll);
    if (!questions.isEmpty()) {
      systemd.exchange(LIMIT, this::askUnits, this::takeUnits);
    }
  }

  @Override
  public void close() {
    systemd.close();
  }

  private void askAll(DBusConnection bus) {
    bus.call(Systemd.DESTINATION, Systemd.MANAGER_PATH, Systemd.MANAGER, "ListUnits");
    Systemd.get(bus, Systemd.MANAGER_PATH, Systemd.MANAGER, "SystemState");
    if (connects != systemd.connects()) {
      Systemd.get(bus, Systemd.MANAGER_PATH, Systemd.MANAGER, "Version");
      Systemd.get(bus, Systemd.MANAGER_PATH, Systemd.MANAGER, "Virtualization");
    }
  }

  private void takeAll(int call, @Nullable String error, DBusReader body) throws IOException {
    if (call == 0) {
      if (error != null) {
        throw Systemd.refusal(error, body);
      }
      takeList(body);
      return;
    }
    String text = error == null ? body.variantString() : "";
    if (call == 1) {
      running = text.isEmpty() ? Double.NaN : text.equals("running") ? 1 : 0;
    } else if (call == 2) {
      version = text;
    } else {
      virtualization = error != null ? "unknown" : text.isEmpty() ? "none" : text;
      connects = systemd.connects();
    }
  }

  /** The list has ten fields a unit: see ListUnits() of org.freedesktop.systemd1(5). */
  private void takeList(DBusReader body) throws IOException {
    Map<String, Unit> found = new HashMap<>();
    List<Unit> list = new ArrayList<>(units.size());
    states.values().forEach(count -> count[0] = 0);
    int end = body.array(8);
    while (body.isBefore(end)) {
      body.struct();
      String name = body.string();
      body.skipString();
      String loadState = body.string();
      String state = body.string();
      body.skipString();
      body.skipString();
      states.computeIfAbsent(state, any -> new int[1])[0]++;
      if (loadState.equals("loaded") && list.size() < MAX_UNITS && wanted.test(name)) {
        String path = body.string();
        Unit unit = known.get(name);
        if (unit == null) {
          unit = new Unit(name, path);
        }
        unit.next(state);
        found.put(name, unit);
        list.add(unit);
      } else {
        body.skipString();
      }
      body.skip("uso");
    }
    known = found;
    units = list;
  }

  private void askUnits(DBusConnection bus) {
    for (Question question : questions) {
      question.ask(bus);
    }
  }

  private void takeUnits(int call, @Nullable String error, DBusReader body) throws IOException {
    if (error == null) {
      questions.get(call).take(body);
    }
  }

  /** As {@code 252.39-1~deb12u2}; empty where not told. */
  public String version() {
    return version;
  }

  /** The technology that the machine runs in, {@code none} on bare metal, or {@code unknown}. */
  public String virtualization() {
    return virtualization;
  }

  /** 1 when the system is up and no unit has failed, else 0; NaN where not told. */
  public double running() {
    return running;
  }

  /** How many units, wanted or not, are in each of {@link #STATES} and each other state seen. */
  public Map<String, int[]> states() {
    return states;
  }

  /** The units wanted, at most 4,000, overwritten by the next reading. */
  public List<Unit> units() {
    return units;
  }

  /** One unit. */
  public final class Unit {
    private final String name;
    private final String path;
    private final String type;
    private final double[] values = new double[NUMBERS];
    private final @Nullable Question kindQuestion;
    private final List<Question> always = new ArrayList<>();
    private String state = "";
    private String kind = "";

    Unit(String name, String path) {
      this.name = name;
      this.path = path;
      type = Systemd.typeOf(name);
      boolean service = type.equals("service");
      kindQuestion =
          service || type.equals("mount")
              ? new Question(this, INTERFACE + (service ? "Service" : "Mount"), TYPE)
              : null;
      for (int i = 0; i < NUMBERS; i++) {
        boolean has = INTERFACES[i].equals("Unit") || INTERFACES[i].equalsIgnoreCase(type);
        if (asked[i] && has) {
          always.add(new Question(this, INTERFACE + INTERFACES[i], i));
        }
      }
    }

    private void next(String nextState) {
      if (kindQuestion != null && !nextState.equals(state)) {
        questions.add(kindQuestion);
      }
      state = nextState;
      questions.addAll(always);
      Arrays.fill(values, Double.NaN);
    }

    public String name() {
      return name;
    }

    /** What stands behind the last dot of its name: {@code service}, {@code timer}, … */
    public String type() {
      return type;
    }

    /** {@code active}, {@code failed}, … */
    public String state() {
      return state;
    }

    /** A service's type, as {@code oneshot}, or a mount's file system; else empty. */
    public String kind() {
      return kind;
    }

    public double value(int number) {
      return values[number];
    }
  }

  /** A property of a unit, asked again and again. */
  private record Question(Unit unit, String interfaceName, int property) {
    void ask(DBusConnection bus) {
      Systemd.get(bus, unit.path, interfaceName, PROPERTIES[property]);
    }

    void take(DBusReader body) throws IOException {
      if (property == TYPE) {
        unit.kind = body.variantString();
        return;
      }
      long value = body.variantNumber();
      boolean time = property == LAST_TRIGGER || property == START_TIME;
      // -1 is systemd's "none": no limit of tasks, or a timer that never went off.
      unit.values[property] = value < 0 ? Double.NaN : time ? value / 1e6 : value;
    }
  }
}
