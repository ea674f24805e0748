package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.Systemd;
import vigie.agent.reader.SystemdReader;
import vigie.agent.reader.SystemdReader.Unit;

/**
 * The units of systemd, with node_exporter's names ({@code node_systemd_*}) or systemd_exporter's
 * ({@code systemd_*}); the same reading with other names and labels.
 */
final class SystemdMetrics implements Subject {
  private static final List<String> STATES = SystemdReader.STATES;

  private final boolean exporter;
  private final Family unitState;
  private final Family startTime;
  private final Family tasks;
  private final Family tasksMax;
  private final Family restarts;
  private final Family lastTrigger;
  private final Family accepted;
  private final Family connections;
  private final Family refused;
  private final Family units =
      Family.gauge("node_systemd_units", "How many units, wanted or not, are in each state.");
  private final Family running =
      Family.gauge("node_systemd_system_running", "Whether the system is up and no unit failed.");
  private final Family version =
      Family.gauge("node_systemd_version", "The version of systemd as a number.");
  private final Family virtualization =
      Family.gauge(
          "node_systemd_virtualization_info",
          "What the machine runs in, as systemd sees it; always 1.");
  private final LabelCache<String> stateLabels = LabelCache.of("state");
  private final LabelCache<String> versionLabels = LabelCache.of("version");
  private final LabelCache<String> virtualizationLabels = LabelCache.of("virtualization_type");
  private final SystemdReader reader;
  private Map<String, UnitLabels> labels = new HashMap<>();

  private SystemdMetrics(boolean exporter, SystemdReader reader) {
    this.exporter = exporter;
    this.reader = reader;
    String prefix = exporter ? "systemd_" : "node_systemd_";
    unitState = Family.gauge(prefix + "unit_state", "Whether the unit is in this state.");
    startTime =
        Family.gauge(
            prefix + "unit_start_time_seconds",
            "When the unit became active, in seconds since the epoch; 0 when it is not.");
    tasks = Family.gauge(prefix + "unit_tasks_current", "Tasks of the service now.");
    tasksMax = Family.gauge(prefix + "unit_tasks_max", "How many tasks the service may have.");
    restarts =
        Family.counter(
            prefix + "service_restart_total", "Times systemd started the service again by itself.");
    lastTrigger =
        Family.gauge(
            prefix + "timer_last_trigger_seconds",
            "When the timer went off last, in seconds since the epoch; 0 when never.");
    accepted =
        Family.counter(
            prefix + "socket_accepted_connections_total", "Connections the socket accepted.");
    connections =
        Family.gauge(prefix + "socket_current_connections", "Connections of the socket now.");
    // A gauge in both exporters, despite its name.
    refused =
        Family.gauge(
            prefix + "socket_refused_connections_total",
            "Connections the socket refused because there were too many.");
  }

  /** With node_exporter's names; what its flags add is chosen by the collector's options. */
  static SystemdMetrics node(Host host) {
    List<Integer> numbers =
        new ArrayList<>(
            List.of(
                SystemdReader.ACCEPTED,
                SystemdReader.CONNECTIONS,
                SystemdReader.REFUSED,
                SystemdReader.LAST_TRIGGER));
    if (host.flag("enable_restarts_metrics")) {
      numbers.add(SystemdReader.RESTARTS);
    }
    if (host.flag("enable_start_time_metrics")) {
      numbers.add(SystemdReader.START_TIME);
    }
    if (host.flag("enable_task_metrics")) {
      numbers.add(SystemdReader.TASKS);
      numbers.add(SystemdReader.TASKS_MAX);
    }
    return new SystemdMetrics(false, reader(host, numbers));
  }

  /** With systemd_exporter's names. */
  static SystemdMetrics exporter(Host host) {
    return new SystemdMetrics(
        true,
        reader(
            host,
            List.of(
                SystemdReader.ACCEPTED,
                SystemdReader.CONNECTIONS,
                SystemdReader.REFUSED,
                SystemdReader.LAST_TRIGGER,
                SystemdReader.RESTARTS,
                SystemdReader.START_TIME,
                SystemdReader.TASKS,
                SystemdReader.TASKS_MAX)));
  }

  private static SystemdReader reader(Host host, List<Integer> numbers) {
    Filter filter = host.filter("unit");
    return new SystemdReader(Systemd.host(host.roots(), host.clock()), filter::accepts, numbers);
  }

  @Override
  public String name() {
    return exporter ? "systemd_exporter" : "systemd";
  }

  @Override
  public List<Family> families() {
    List<Family> families =
        new ArrayList<>(
            List.of(
                unitState,
                startTime,
                tasks,
                tasksMax,
                restarts,
                lastTrigger,
                accepted,
                connections,
                refused));
    if (!exporter) {
      families.addAll(List.of(units, running, version, virtualization));
    }
    return families;
  }

  @Override
  public void close() {
    reader.close();
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    if (!exporter) {
      reader.states().forEach((state, count) -> units.add(stateLabels.get(state), count[0]));
      running.add(reader.running());
      version.add(versionLabels.get(reader.version()), number(reader.version()));
      virtualization.add(virtualizationLabels.get(reader.virtualization()), 1);
    }
    Map<String, UnitLabels> kept = new HashMap<>();
    for (Unit unit : reader.units()) {
      UnitLabels of = labels.get(unit.name());
      if (of == null || !of.type.equals(typeOf(unit))) {
        of = new UnitLabels(unit.name(), typeOf(unit));
      }
      kept.put(unit.name(), of);
      add(unit, of);
    }
    labels = kept;
  }

  private void add(Unit unit, UnitLabels of) {
    for (int i = 0; i < of.states.length; i++) {
      unitState.add(of.states[i], STATES.get(i).equals(unit.state()) ? 1 : 0);
    }
    double started = unit.value(SystemdReader.START_TIME);
    if (!exporter || unit.type().equals("service")) {
      startTime.add(
          exporter ? of.nameAndType : of.name,
          Double.isNaN(started) || unit.state().equals("active") ? started : 0);
    }
    tasks.add(of.name, unit.value(SystemdReader.TASKS));
    tasksMax.add(exporter ? of.nameAndType : of.name, unit.value(SystemdReader.TASKS_MAX));
    restarts.add(of.name, unit.value(SystemdReader.RESTARTS));
    lastTrigger.add(of.name, unit.value(SystemdReader.LAST_TRIGGER));
    accepted.add(of.name, unit.value(SystemdReader.ACCEPTED));
    connections.add(of.name, unit.value(SystemdReader.CONNECTIONS));
    refused.add(of.name, unit.value(SystemdReader.REFUSED));
  }

  /** node_exporter has the service's or mount's own type in this label. */
  private String typeOf(Unit unit) {
    return exporter ? unit.type() : unit.kind();
  }

  /** The first number of three digits or more, with one more behind a dot: 252.39; else 0. */
  static double number(String version) {
    int from = 0;
    while (from < version.length()) {
      int to = digits(version, from);
      if (to - from >= 3) {
        int fraction = to < version.length() && version.charAt(to) == '.' ? to + 1 : to;
        int end = fraction > to ? digits(version, fraction) : to;
        return Double.parseDouble(version.substring(from, end > fraction ? end : to));
      }
      from = Math.max(to, from + 1);
    }
    return 0;
  }

  private static int digits(String text, int from) {
    int to = from;
    while (to < text.length() && text.charAt(to) >= '0' && text.charAt(to) <= '9') {
      to++;
    }
    return to;
  }

  /** The labels of a unit, made once. */
  private static final class UnitLabels {
    private final String type;
    private final Labels name;
    private final Labels nameAndType;
    private final Labels[] states = new Labels[STATES.size()];

    UnitLabels(String unit, String type) {
      this.type = type;
      name = Labels.of("name", unit);
      nameAndType = Labels.of("name", unit, "type", type);
      for (int i = 0; i < states.length; i++) {
        states[i] = Labels.of("name", unit, "state", STATES.get(i), "type", type);
      }
    }
  }
}
