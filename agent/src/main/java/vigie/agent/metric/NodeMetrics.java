package vigie.agent.metric;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import vigie.agent.facts.Facts;
import vigie.agent.probe.Probes;
import vigie.agent.reader.ClockSourceReader;
import vigie.agent.reader.DeviceReader;
import vigie.agent.reader.DiskReader;
import vigie.agent.reader.FilesystemReader;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.LinkReader;
import vigie.agent.reader.LoadReader;
import vigie.agent.reader.MemoryReader;
import vigie.agent.reader.ProcessReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.StatReader;
import vigie.agent.reader.Statfs;
import vigie.agent.reader.ThrottleReader;
import vigie.agent.reader.TrafficReader;
import vigie.agent.reader.UnameReader;
import vigie.base.time.Clock;

/** The list of collectors: a new one is a line here. */
public final class NodeMetrics {
  private static final Duration STATFS_LIMIT = Duration.ofSeconds(2);

  /** More than any reading takes on a Pi Zero; two that begin to hang still fit into a scrape. */
  private static final Duration READING_LIMIT = Duration.ofSeconds(3);

  /**
   * Each collector with its default, where it reads, how it is made, and its options. Names,
   * defaults and options are node_exporter's; kept in the order of their names.
   */
  static final List<Entry> COLLECTORS =
      List.of(
          on(
                  "cpu",
                  host ->
                      new CpuMetrics(
                          new StatReader(host.roots()), new ThrottleReader(host.roots())))
              .reads("/proc/stat, /sys/devices/system/cpu/cpu*/thermal_throttle"),
          on(
                  "diskstats",
                  host ->
                      new DiskMetrics(
                          new DiskReader(host.roots()),
                          new DeviceReader(host.roots()),
                          host.filter("device")),
                  Option.filter(
                      "device", "", "^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$"))
              .reads("/proc/diskstats, /run/udev/data"),
          on(
                  "filesystem",
                  NodeMetrics::filesystem,
                  Option.filter(
                      "mount_points",
                      "",
                      "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)"
                          + "($|/)"),
                  Option.filter(
                      "fs_types",
                      "",
                      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl"
                          + "|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs"
                          + "|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$"))
              .reads("/proc/1/mountinfo, statfs(2), `stat -f`"),
          on("loadavg", host -> new LoadMetrics(new LoadReader(host.roots())))
              .reads("/proc/loadavg"),
          on("meminfo", host -> new MemoryMetrics(new MemoryReader(host.roots())))
              .reads("/proc/meminfo"),
          on(
                  "netclass",
                  host ->
                      new LinkMetrics(
                          new LinkReader(host.roots()), host.excluding("ignored_devices")),
                  Option.regex("ignored_devices", "^$"))
              .reads("/sys/class/net"),
          on(
                  "netdev",
                  host ->
                      new TrafficMetrics(new TrafficReader(host.roots()), host.filter("device")),
                  Option.filter("device"))
              .reads("/proc/net/dev, /sys/class/net/*/statistics"),
          on("stat", host -> new StatMetrics(new StatReader(host.roots()))).reads("/proc/stat"),
          on(
                  "time",
                  host ->
                      new TimeMetrics(
                          new ClockSourceReader(host.roots()), host.clock(), host.zone()))
              .reads("clock, /sys/devices/system/clocksource"),
          on(
                  "uname",
                  host ->
                      new UnameMetrics(
                          new UnameReader(host.roots(), System.getProperty("os.arch", ""))))
              .reads("/proc/sys/kernel"));

  private final List<Subject> subjects = new ArrayList<>();
  private final Clock clock;

  private NodeMetrics(Clock clock) {
    this.clock = clock;
  }

  /**
   * The subjects of the machine.
   *
   * @param blocking runs what may hang (asking a mount for its size): a few threads, and it refuses
   *     when all are taken
   */
  public static NodeMetrics host(
      Roots roots, Clock clock, Executor blocking, CollectorsConfig config) {
    InodeReader inodes = InodeReader.host(clock, blocking);
    Host host = new Host(roots, clock, ZoneId.systemDefault(), Statfs.host(), inodes, blocking);
    return of(host, config);
  }

  /** The subjects of another machine, kept as a tree of files. */
  static NodeMetrics of(Host host, CollectorsConfig config) {
    NodeMetrics metrics = new NodeMetrics(host.clock());
    for (Entry entry : COLLECTORS) {
      CollectorsConfig.Chosen chosen =
          config.collectors().getOrDefault(entry.name(), CollectorsConfig.Chosen.NOTHING);
      Boolean enabled = chosen.enabled();
      if (enabled == null ? entry.on() : enabled) {
        metrics.with(entry.make().apply(host.configured(entry.options(), chosen)));
      }
    }
    return metrics.with(new ProcessMetrics(new ProcessReader(host.roots())));
  }

  private static Subject filesystem(Host host) {
    Filter mountPoints = host.filter("mount_points");
    Filter types = host.filter("fs_types");
    return new FilesystemMetrics(
        new FilesystemReader(
            host.roots(),
            mount -> mountPoints.accepts(mount.mountPoint()) && types.accepts(mount.type()),
            host.statfs(),
            host.inodes(),
            host.blocking(),
            STATFS_LIMIT));
  }

  /** And the facts of the hardware. */
  public NodeMetrics with(Facts facts) {
    return with(new FactsMetrics(facts));
  }

  /** And the state of the probes. */
  public NodeMetrics with(Probes probes) {
    return with(new ProbeMetrics(probes::statuses));
  }

  NodeMetrics with(Subject subject) {
    subjects.add(subject);
    return this;
  }

  List<Subject> subjects() {
    return subjects;
  }

  /**
   * The subjects as one collector, to be registered in the Prometheus registry.
   *
   * @param reading runs each scrape's readings: one thread, and one more for each that hangs
   */
  public NodeCollector collector(Executor reading) {
    return new NodeCollector(subjects, clock, reading, READING_LIMIT);
  }

  /** A collector that is on unless it is turned off. */
  private static Entry on(String name, Function<Host, Subject> make, Option... options) {
    return new Entry(name, true, make, List.of(options), "");
  }

  /** A collector that is off unless it is turned on. */
  @SuppressWarnings("unused") // the first one needs it
  private static Entry off(String name, Function<Host, Subject> make, Option... options) {
    return new Entry(name, false, make, List.of(options), "");
  }

  /**
   * A line of the table.
   *
   * @param source where it reads, for the reference of metrics
   */
  record Entry(
      String name, boolean on, Function<Host, Subject> make, List<Option> options, String source) {
    Entry {
      options = List.copyOf(options);
    }

    /** The same, and where it reads. */
    Entry reads(String from) {
      return new Entry(name, on, make, options, from);
    }
  }
}
