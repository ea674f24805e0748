package vigie.agent.metric;

import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import vigie.agent.facts.Facts;
import vigie.agent.probe.Probes;
import vigie.agent.reader.ArpReader;
import vigie.agent.reader.BondingReader;
import vigie.agent.reader.BtrfsReader;
import vigie.agent.reader.BuddyReader;
import vigie.agent.reader.CgroupReader;
import vigie.agent.reader.ClockSourceReader;
import vigie.agent.reader.ConntrackReader;
import vigie.agent.reader.DeviceReader;
import vigie.agent.reader.DiskReader;
import vigie.agent.reader.FilesystemReader;
import vigie.agent.reader.HwmonReader;
import vigie.agent.reader.InodeReader;
import vigie.agent.reader.InterruptReader;
import vigie.agent.reader.IpvsReader;
import vigie.agent.reader.LinkReader;
import vigie.agent.reader.LoadReader;
import vigie.agent.reader.MdReader;
import vigie.agent.reader.MemoryReader;
import vigie.agent.reader.NetstatReader;
import vigie.agent.reader.NfsReader;
import vigie.agent.reader.OsReleaseReader;
import vigie.agent.reader.PiThrottleReader;
import vigie.agent.reader.PressureReader;
import vigie.agent.reader.ProcessReader;
import vigie.agent.reader.ProcessesReader;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SchedstatReader;
import vigie.agent.reader.SelinuxReader;
import vigie.agent.reader.SockstatReader;
import vigie.agent.reader.SoftnetReader;
import vigie.agent.reader.StatReader;
import vigie.agent.reader.Statfs;
import vigie.agent.reader.SysctlReader;
import vigie.agent.reader.TcpReader;
import vigie.agent.reader.TimexReader;
import vigie.agent.reader.TrafficReader;
import vigie.agent.reader.UdpReader;
import vigie.agent.reader.UnameReader;
import vigie.agent.reader.VmstatReader;
import vigie.agent.reader.VulnerabilityReader;
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
                  "arp",
                  host -> new ArpMetrics(new ArpReader(host.roots()), host.filter("device")),
                  Option.filter("device"))
              .reads("/proc/net/arp"),
          on(
                  "bcache",
                  host -> new BcacheMetrics(host.roots(), host.flag("priority_stats")),
                  Option.flag("priority_stats"))
              .reads("/sys/fs/bcache"),
          on("bcachefs", host -> new BcachefsMetrics(host.roots())).reads("/sys/fs/bcachefs"),
          on("bonding", host -> new BondingMetrics(new BondingReader(host.roots())))
              .reads("/sys/class/net/bonding_masters"),
          on("btrfs", host -> new BtrfsMetrics(new BtrfsReader(host.roots())))
              .reads("/sys/fs/btrfs"),
          off("buddyinfo", host -> new BuddyMetrics(new BuddyReader(host.roots())))
              .reads("/proc/buddyinfo"),
          // Off: each service and container has some ten files and series.
          off(
                  "cgroup",
                  host ->
                      new CgroupMetrics(
                          new CgroupReader(
                              host.roots(), host.filter("path")::accepts, host.flag("pressure"))),
                  Option.filter("path", "", "\\.(mount|socket|swap)$|conmon-"),
                  Option.flag("pressure"))
              .reads("/sys/fs/cgroup"),
          on("conntrack", host -> new ConntrackMetrics(new ConntrackReader(host.roots())))
              .reads("/proc/sys/net/netfilter, /proc/net/stat/nf_conntrack"),
          on(
                  "cpu",
                  CpuMetrics::of,
                  Option.flagOn("guest"),
                  Option.flag("info"),
                  Option.regex("info_flags_include", ""),
                  Option.regex("info_bugs_include", ""))
              .reads(
                  "/proc/stat, /proc/cpuinfo, /sys/devices/system/cpu/{isolated,cpu*/online},"
                      + " /sys/devices/system/cpu/cpu*/thermal_throttle"),
          off(
                  "cpu_vulnerabilities",
                  host -> new VulnerabilityMetrics(new VulnerabilityReader(host.roots())))
              .reads("/sys/devices/system/cpu/vulnerabilities"),
          on("cpufreq", host -> new CpuFrequencyMetrics(host.roots()))
              .reads("/sys/devices/system/cpu/cpu*/cpufreq"),
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
          on("dmi", host -> new DmiMetrics(host.roots())).reads("/sys/class/dmi/id"),
          on("edac", host -> new EdacMetrics(host.roots())).reads("/sys/devices/system/edac/mc"),
          on("entropy", host -> new EntropyMetrics(new SysctlReader(host.roots())))
              .reads("/proc/sys/kernel/random"),
          on("fibrechannel", host -> new FibreChannelMetrics(host.roots()))
              .reads("/sys/class/fc_host"),
          on("filefd", host -> new FileTableMetrics(new SysctlReader(host.roots())))
              .reads("/proc/sys/fs/file-nr"),
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
          on(
                  "hwmon",
                  host ->
                      new HwmonMetrics(
                          new HwmonReader(
                              host.roots(),
                              host.filter("chip")::accepts,
                              host.filter("sensor")::accepts)),
                  Option.filter("chip"),
                  Option.filter("sensor"))
              .reads("/sys/class/hwmon"),
          off(
                  "interrupts",
                  host ->
                      new InterruptMetrics(
                          InterruptReader.hard(host.roots()),
                          host.filter("name"),
                          host.flag("include_zeros")),
                  Option.filter("name"),
                  Option.flagOn("include_zeros"))
              .reads("/proc/interrupts"),
          on("infiniband", host -> new InfinibandMetrics(host.roots()))
              .reads("/sys/class/infiniband"),
          on(
                  "ipvs",
                  host ->
                      new IpvsMetrics(new IpvsReader(host.roots()), host.text("backend_labels")),
                  Option.text("backend_labels", IpvsMetrics.BACKEND_LABELS))
              .reads("/proc/net/ip_vs, /proc/net/ip_vs_stats"),
          on("kernel_hung", host -> new HungTaskMetrics(new SysctlReader(host.roots())))
              .reads("/proc/sys/kernel/hung_task_detect_count"),
          on("loadavg", host -> new LoadMetrics(new LoadReader(host.roots())))
              .reads("/proc/loadavg"),
          on("mdadm", host -> new MdMetrics(new MdReader(host.roots())))
              .reads("/proc/mdstat, /sys/block/*/md"),
          on("meminfo", host -> new MemoryMetrics(new MemoryReader(host.roots())))
              .reads("/proc/meminfo"),
          on(
                  "netclass",
                  host ->
                      new LinkMetrics(
                          new LinkReader(host.roots()),
                          host.excluding("ignored_devices"),
                          host.flag("ignore_invalid_speed")),
                  Option.regex("ignored_devices", "^$"),
                  Option.flag("ignore_invalid_speed"))
              .reads("/sys/class/net"),
          on(
                  "netdev",
                  host ->
                      new TrafficMetrics(new TrafficReader(host.roots()), host.filter("device")),
                  Option.filter("device"))
              .reads("/proc/net/dev, /sys/class/net/*/statistics"),
          on(
                  "netstat",
                  host ->
                      new NetstatMetrics(new NetstatReader(host.roots()), host.including("fields")),
                  Option.regex("fields", NetstatMetrics.FIELDS))
              .reads("/proc/net/netstat, /proc/net/snmp, /proc/net/snmp6"),
          on("nfs", host -> new NfsMetrics(NfsReader.client(host.roots())))
              .reads("/proc/net/rpc/nfs"),
          on("nfsd", host -> new NfsdMetrics(NfsReader.server(host.roots())))
              .reads("/proc/net/rpc/nfsd"),
          on("nvme", host -> new NvmeMetrics(host.roots())).reads("/sys/class/nvme"),
          on("os", host -> new OsMetrics(new OsReleaseReader(host.roots())))
              .reads("/etc/os-release, /usr/lib/os-release"),
          on(
                  "powersupplyclass",
                  host ->
                      new PowerSupplyMetrics(
                          host.roots(), host.excluding("ignored_supplies")::accepts),
                  Option.regex("ignored_supplies", "^$"))
              .reads("/sys/class/power_supply"),
          on("pressure", host -> new PressureMetrics(new PressureReader(host.roots())))
              .reads("/proc/pressure"),
          off(
                  "processes",
                  host ->
                      new ProcessesMetrics(
                          new ProcessesReader(host.roots()), new SysctlReader(host.roots())))
              .reads("/proc/*/stat, /proc/*/task/*/stat"),
          on(
                  "rapl",
                  host -> new RaplMetrics(host.roots(), host.flag("enable_zone_label")),
                  Option.flag("enable_zone_label"))
              .reads("/sys/class/powercap"),
          on(
                  "rpi",
                  host ->
                      new PiMetrics(new PiThrottleReader(host.roots(), host.flag("get_throttled"))),
                  Option.flag("get_throttled"))
              .reads("/sys/class/hwmon, /sys/devices/platform/soc*/*firmware/get_throttled"),
          on("schedstat", host -> new SchedstatMetrics(new SchedstatReader(host.roots())))
              .reads("/proc/schedstat"),
          on("selinux", host -> new SelinuxMetrics(new SelinuxReader(host.roots())))
              .reads("/sys/fs/selinux, /etc/selinux/config"),
          on("sockstat", host -> new SockstatMetrics(new SockstatReader(host.roots())))
              .reads("/proc/net/sockstat, /proc/net/sockstat6"),
          off("softirqs", host -> new SoftirqMetrics(InterruptReader.soft(host.roots())))
              .reads("/proc/softirqs"),
          on("softnet", host -> new SoftnetMetrics(new SoftnetReader(host.roots())))
              .reads("/proc/net/softnet_stat"),
          on(
                  "stat",
                  host -> new StatMetrics(new StatReader(host.roots()), host.flag("softirq")),
                  Option.flag("softirq"))
              .reads("/proc/stat"),
          off(
                  "sysctl",
                  host ->
                      new SysctlMetrics(
                          new SysctlReader(host.roots()),
                          host.texts("include"),
                          host.texts("include_info")),
                  Option.texts("include"),
                  Option.texts("include_info"))
              .reads("/proc/sys"),
          off(
                  "systemd",
                  SystemdMetrics::node,
                  Option.anchoredFilter(
                      "unit", ".+", ".+\\.(automount|device|mount|scope|slice|target)"),
                  // Off in node_exporter: without it a service that systemd restarts looks well.
                  Option.flagOn("enable_restarts_metrics"),
                  Option.flag("enable_start_time_metrics"),
                  Option.flag("enable_task_metrics"))
              .reads("systemd over D-Bus"),
          off(
                  "systemd_exporter",
                  SystemdMetrics::exporter,
                  Option.anchoredFilter("unit", ".+", ".+\\.(device)"))
              .reads("systemd over D-Bus"),
          on(
                  "tapestats",
                  host -> new TapeMetrics(host.roots(), host.excluding("ignored_devices")::accepts),
                  Option.regex("ignored_devices", "^$"))
              .reads("/sys/class/scsi_tape"),
          off("tcpstat", host -> new TcpMetrics(new TcpReader(host.roots())))
              .reads("/proc/net/tcp, /proc/net/tcp6"),
          on("textfile", TextfileMetrics::of, Option.paths("directory", TextfileMetrics.DIRECTORY))
              .reads("*.prom in the option's folders"),
          on("thermal_zone", host -> new ThermalZoneMetrics(host.roots()))
              .reads("/sys/class/thermal"),
          on(
                  "time",
                  host ->
                      new TimeMetrics(
                          new ClockSourceReader(host.roots()), host.clock(), host.zone()))
              .reads("clock, /sys/devices/system/clocksource"),
          on("timex", host -> new TimexMetrics(host.timex()))
              .reads("adjtimex(2) by `perl`, `busybox`, `adjtimex` or `timedatectl`"),
          on("udp_queues", host -> new UdpMetrics(new UdpReader(host.roots())))
              .reads("/proc/net/udp, /proc/net/udp6"),
          on(
                  "uname",
                  host ->
                      new UnameMetrics(
                          new UnameReader(host.roots(), System.getProperty("os.arch", ""))))
              .reads("/proc/sys/kernel"),
          on(
                  "vmstat",
                  host ->
                      new VmstatMetrics(new VmstatReader(host.roots()), host.including("fields")),
                  Option.regex("fields", VmstatMetrics.FIELDS))
              .reads("/proc/vmstat"),
          on("watchdog", host -> new WatchdogMetrics(host.roots())).reads("/sys/class/watchdog"),
          on(
                  "wear",
                  host -> new WearMetrics(host.roots(), host.flag("serial")),
                  Option.flag("serial"))
              .reads("/sys/fs/ext4, /sys/fs/f2fs, /sys/block/mmcblk*/device"),
          on("xfs", host -> new XfsMetrics(host.roots())).reads("/sys/fs/xfs/*/stats/stats"),
          on("zfs", host -> new ZfsMetrics(host.roots())).reads("/proc/spl/kstat/zfs"));

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
    TimexReader timex = TimexReader.host(clock, blocking);
    Host host =
        new Host(roots, clock, ZoneId.systemDefault(), Statfs.host(), inodes, timex, blocking);
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

  /** And the facts of the hardware, unless they are turned off. */
  public NodeMetrics with(@Nullable Facts facts) {
    return facts == null ? this : with(new FactsMetrics(facts));
  }

  /** And the state of the probes. */
  public NodeMetrics with(Probes probes) {
    return with(new ProbeMetrics(probes::statuses));
  }

  /** And who the node is, with the agent's version. */
  public NodeMetrics with(NodeMeta node, String version) {
    String java = System.getProperty("java.version", "unknown");
    return with(new IdentityMetrics(version, java, System.getProperty("os.arch", ""), node));
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
