package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.CgroupReader;
import vigie.agent.reader.CgroupReader.Group;

/** {@code vigie_cgroup_*}: what each systemd unit and each container uses, under own names. */
final class CgroupMetrics implements Subject {
  private static final String CPU_HELP = "Processor time of the control group by mode, in seconds.";
  private static final String PRESSURE_HELP =
      "Time in which some or all tasks of the control group waited for the resource, in seconds.";

  private final Family cpu = Family.counter("vigie_cgroup_cpu_seconds_total", CPU_HELP);
  private final Family pressure =
      Family.counter("vigie_cgroup_pressure_waiting_seconds_total", PRESSURE_HELP);
  private final List<Column> columns =
      List.of(
          counter(
              CgroupReader.PERIODS,
              "cpu_periods_total",
              "Periods in which the group could have reached its limit of processor time."),
          counter(
              CgroupReader.THROTTLED_PERIODS,
              "cpu_throttled_periods_total",
              "Periods in which the group was stopped at its limit of processor time."),
          counter(
              CgroupReader.THROTTLED_SECONDS,
              "cpu_throttled_seconds_total",
              "How long the group was stopped at its limit of processor time, in seconds."),
          gauge(CgroupReader.MEMORY, "memory_bytes", "Memory of the group with its page cache."),
          gauge(
              CgroupReader.WORKING_SET,
              "memory_working_set_bytes",
              "Memory of the group without the page cache that was not used of late."),
          gauge(
              CgroupReader.MEMORY_LIMIT,
              "memory_limit_bytes",
              "How much memory the group may have; missing where there is no limit."),
          counter(
              CgroupReader.OOM_KILLS,
              "oom_kills_total",
              "Processes of the group that the kernel killed for lack of memory."),
          counter(CgroupReader.READ_BYTES, "io_read_bytes_total", "Bytes read from disks."),
          counter(CgroupReader.WRITTEN_BYTES, "io_written_bytes_total", "Bytes written to disks."),
          counter(CgroupReader.READS, "io_reads_total", "Reads from disks."),
          counter(CgroupReader.WRITES, "io_writes_total", "Writes to disks."),
          gauge(CgroupReader.PIDS, "pids", "Processes and threads of the group."),
          gauge(
              CgroupReader.PIDS_LIMIT,
              "pids_limit",
              "How many processes and threads it may have; missing where there is no limit."));
  private final Family leftOut =
      Family.gauge(
          "vigie_cgroup_left_out",
          "Control groups that are not told of because there are too many.");
  private final CgroupReader reader;
  private Map<String, GroupLabels> labels = new HashMap<>();

  CgroupMetrics(CgroupReader reader) {
    this.reader = reader;
  }

  private static Column gauge(int number, String what, String help) {
    return new Column(number, Family.gauge("vigie_cgroup_" + what, help));
  }

  private static Column counter(int number, String what, String help) {
    return new Column(number, Family.counter("vigie_cgroup_" + what, help));
  }

  @Override
  public String name() {
    return "cgroup";
  }

  @Override
  public List<Family> families() {
    List<Family> families = new ArrayList<>(List.of(cpu, pressure, leftOut));
    columns.forEach(column -> families.add(column.family));
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    Map<String, GroupLabels> kept = new HashMap<>();
    for (Group group : reader.groups()) {
      GroupLabels of = labels.get(group.path());
      if (of == null) {
        of = new GroupLabels(group);
      }
      kept.put(group.path(), of);
      cpu.add(of.user, group.value(CgroupReader.CPU_USER));
      cpu.add(of.system, group.value(CgroupReader.CPU_SYSTEM));
      for (Column column : columns) {
        column.family.add(of.plain, group.value(column.number));
      }
      for (int i = 0; i < of.pressure.length; i++) {
        pressure.add(of.pressure[i], group.value(CgroupReader.CPU_SOME + i));
      }
    }
    labels = kept;
    leftOut.add(reader.leftOut());
  }

  /** A number and its family. */
  private record Column(int number, Family family) {}

  /** The labels of a group, made once. */
  private static final class GroupLabels {
    private final Labels plain;
    private final Labels user;
    private final Labels system;

    /** In the order of {@link CgroupReader#CPU_SOME} and the following. */
    private final Labels[] pressure;

    GroupLabels(Group group) {
      plain = Labels.of("cgroup", group.path(), "kind", group.kind(), "name", group.name());
      user = plain.add("mode", "user");
      system = plain.add("mode", "system");
      pressure =
          new Labels[] {
            waiting("cpu", "some"),
            waiting("memory", "some"),
            waiting("memory", "full"),
            waiting("io", "some"),
            waiting("io", "full")
          };
    }

    private Labels waiting(String resource, String tasks) {
      return plain.add("resource", resource).add("tasks", tasks);
    }
  }
}
