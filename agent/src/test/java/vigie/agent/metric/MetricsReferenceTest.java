package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import vigie.agent.metric.CollectorsConfig.Chosen;

/** {@code docs/node-metrics.md} says what the code says. */
class MetricsReferenceTest {
  private static final String HEAD =
      """
      # What the agent measures of its node

      Made from the code by `MetricsReferenceTest`; `-Dgolden.update` rewrites it. Each section is a
      subject: `/metrics?collect[]=SUBJECT` gives it alone, and
      `node_scrape_collector_success{collector="SUBJECT"}` tells whether it could be read. Names,
      types and labels that begin with `node_` are node_exporter's.

      What is on, and which devices are told, is set under `collectors:` in `agent.yaml`:
      `NAME: true`, `NAME: false`, or `NAME: {enabled: true, OPTION: VALUE}`. Options are those of
      node_exporter's flags, without the collector's name and with `_` for `-`; expressions are Go's
      (RE2). `OPTION_include` lifts the default of `OPTION_exclude`, and the two exclude each other unless both have
      defaults (`systemd`). A reload takes changes over.

      - A value that the kernel does not tell is left out; it is never 0 instead.
      - `node_filesystem_files` and `node_filesystem_files_free` come from `stat -f` of coreutils or
        busybox, run at most once a minute and only while somebody scrapes: Java cannot ask for them.
        They can be a minute old, and without that program they are missing.
      - `node_timex_*` come from `perl`, `busybox`, `adjtimex` or `timedatectl`, whichever answers first,
        likewise run at most once a minute; `vigie_timex_age_seconds` tells how old they are. All but
        perl tell less. Under systemd the call must be allowed, as in our unit: no `ProtectClock=yes`.
      - A file system that does not answer within two seconds (a file server that is gone) is told by
        `node_filesystem_device_error` with a reason in `device_error`, and does not hold up a scrape
        again until it answers.
      - A subject whose reading takes longer than three seconds is given up: its metrics are missing
        and its success is 0, from then on without waiting, until the kernel answers.
        `vigie_agent_collectors_hanging` counts them.
      - Text files (`*.prom`) need a line end at their end and take no timestamps; a file with a fault
        is left out as a whole. At most 1,000 files, 4 MiB each and 16 MiB in all.
      - `sysctl` tells what it is told to: `include: ["kernel.pid_max", "fs.file-nr:allocated,free,maximum"]`
        gives numbers (names for those of one line behind the colon), `include_info` words.
      - Facts of the hardware are refreshed every five minutes (`facts.every`), first half a minute after
        the start, and never by a scrape. Memory modules are told to root only, where `dmidecode` is
        installed; agent-resources.md says what is run and what it costs.
      - Serial numbers are left out but where node_exporter's labels have them: `node_disk_info`,
        `node_nvme_info`, `node_power_supply_info`, and `node_dmi_info` where the agent is root. Those of
        an SD card are told with `collectors: {wear: {serial: true}}` only, those of the machine and its
        disks among the facts with `facts: {serials: true}`.
      - `hwmon`, `rapl` and `zfs` name their metrics after what the machine has, as node_exporter does;
        those of the machines that the tests know are in the goldens of the fixtures.
      - Devices are listed at each scrape, their attributes looked for again every 20: one that a driver
        adds later, or another device under the same name, is seen after five minutes at 15 s.
      - `vigie_rpi_throttled` has one series where the kernel has the chip `rpi_volt`. The others come from
        `get_throttled`, which such a kernel answers with a warning in its log, once a boot; it is read
        with `collectors: {rpi: {get_throttled: true}}`. `since_boot` is what the firmware remembers; the
        kernel's driver of the chip has it forget under-voltage.
      - `node_btrfs_device_unused_bytes` and `node_btrfs_device_errors_total` need ioctl(2), which Java
        does not have; the errors are `vigie_btrfs_device_errors_total`, by the device's number.

      Measured against node_exporter 1.11 (Debian sid). What differs from 1.5 (Debian 12) follows it:
      `lo` is counted in `node_network_*`; `node_network_info` has `adminstate` and `node_disk_info` has
      `rotational`; `node_filesystem_device_error` says why in `device_error`; `node_filesystem_mount_info`
      and `node_filesystem_purgeable_bytes`, collector `kernel_hung` and further fields of `netstat` and
      `softnet` are new. Where the two differ and we do not follow 1.11:

      - `node_memory_*` has every line of /proc/meminfo, as in 1.5; 1.11 tells a fixed list of them.
      - `rotational` is what the driver tells; 1.11 tells 0 where another file of the queue is missing.
      - What needs netlink or ioctl (`ethtool`, `qdisc`, `wifi`) is not told: Java has neither.
      """;

  /** What tells more than the defaults; each collector takes those that it knows. */
  private static final Map<String, List<String>> OPTIONS =
      Map.of(
          "info", List.of("true"),
          "info_flags_include", List.of("."),
          "info_bugs_include", List.of("."),
          "softirq", List.of("true"));

  @Test
  void givenSubjects_whenListed_thenTheReferenceIsTheSame() throws IOException {
    StringBuilder text = new StringBuilder(HEAD);
    for (Map.Entry<String, Map<String, Row>> subject : rows().entrySet()) {
      text.append("\n## ").append(subject.getKey()).append("\n\n");
      NodeMetrics.COLLECTORS.stream()
          .filter(entry -> entry.name().equals(subject.getKey()))
          .forEach(entry -> about(entry, text));
      text.append("| metric | type | labels | meaning |\n|---|---|---|---|\n");
      subject.getValue().forEach((name, row) -> row.append(name, text));
    }

    Path file = Path.of(System.getProperty("vigie.root", ".."), "docs/node-metrics.md");
    if (System.getProperty("golden.update") != null) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    }
    assertThat(file)
        .as("rewrite it with -Dgolden.update and look at the difference")
        .exists()
        .content()
        .isEqualTo(text.toString());
  }

  /** All subjects with all collectors on, over all trees: what they can tell. */
  private static Map<String, Map<String, Row>> rows() throws IOException {
    Map<String, Chosen> on = new HashMap<>();
    NodeMetrics.COLLECTORS.forEach(e -> on.put(e.name(), new Chosen(true, OPTIONS)));
    Map<String, Map<String, Row>> rows = new TreeMap<>();
    for (Fixture fixture : Fixture.all()) {
      NodeCollector node = fixture.metrics(new CollectorsConfig(on)).collector(Runnable::run);
      Map<String, Set<String>> labels = new HashMap<>();
      for (MetricSnapshot snapshot : node.collect()) {
        Set<String> names =
            labels.computeIfAbsent(snapshot.getMetadata().getName(), n -> new TreeSet<>());
        snapshot.getDataPoints().forEach(p -> p.getLabels().forEach(l -> names.add(l.getName())));
      }
      for (Subject subject : node.subjects()) {
        Map<String, Row> metrics = rows.computeIfAbsent(subject.name(), n -> new TreeMap<>());
        for (Family family : subject.families()) {
          Row row = metrics.computeIfAbsent(family.name(), n -> new Row(family, new TreeSet<>()));
          row.labels.addAll(labels.getOrDefault(family.name(), Set.of()));
        }
      }
    }
    return rows;
  }

  /** Whether it is on, where it reads, and what it can be told. */
  private static void about(NodeMetrics.Entry entry, StringBuilder text) {
    text.append(entry.on() ? "On" : "Off").append(" by default. Reads ");
    text.append(entry.source()).append(".\n\n");
    for (Option option : entry.options()) {
      for (int i = 0; i < option.keys().size(); i++) {
        text.append("- `").append(option.keys().get(i)).append("`: ");
        boolean none = i >= option.defaults().size() || option.defaults().get(i).isEmpty();
        text.append(none ? "nothing" : "`" + option.defaults().get(i).replace("|", "\\|") + "`");
        text.append(" by default\n");
      }
    }
    text.append(entry.options().isEmpty() ? "" : "\n");
  }

  /** A metric and the labels that it has on any of the trees. */
  private record Row(Family family, Set<String> labels) {
    void append(String name, StringBuilder text) {
      text.append("| `").append(name).append("` | ").append(family.type()).append(" | ");
      text.append(String.join(", ", labels)).append(" | ");
      text.append(family.metadata.getHelp()).append(" |\n");
    }
  }
}
