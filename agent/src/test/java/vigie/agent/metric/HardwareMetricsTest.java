package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.BtrfsReader;
import vigie.agent.reader.HwmonReader;
import vigie.agent.reader.MdReader;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.OsReleaseReader;
import vigie.agent.reader.PiThrottleReader;
import vigie.agent.reader.Roots;

/** What the trees of hosts do not have: devices that come and go, odd files, options. */
class HardwareMetricsTest {
  @TempDir Path folder;
  private Roots roots;

  @BeforeEach
  void makeRoots() {
    roots = new Roots(folder, folder, folder);
  }

  @Test
  void givenNoDevices_whenCollected_thenItIsNoDataWithoutASeries() {
    for (Subject subject :
        List.of(
            new HwmonMetrics(new HwmonReader(roots, chip -> true, sensor -> true)),
            new PowerSupplyMetrics(roots, supply -> true),
            new RaplMetrics(roots, false),
            new MdMetrics(new MdReader(roots)),
            new NvmeMetrics(roots),
            new DmiMetrics(roots),
            new OsMetrics(new OsReleaseReader(roots)),
            new WatchdogMetrics(roots),
            new ZfsMetrics(roots))) {
      assertThatThrownBy(subject::collect).as(subject.name()).isInstanceOf(NoDataException.class);
      assertThat(series(subject)).isEmpty();
    }
  }

  @Test
  void givenTwoMonitorsOfOneDevice_whenCollected_thenEachHasItsOwnName() throws IOException {
    for (String chip : new String[] {"hwmon0 fans", "hwmon1 heat", "hwmon2 heat"}) {
      String path = "class/hwmon/" + chip.substring(0, 6);
      write(path + "/name", chip.substring(7));
      write(path + "/temp1_input", "1000");
      Files.createDirectories(folder.resolve("devices/platform/foo.0"));
      Files.createSymbolicLink(
          folder.resolve(path + "/device"), folder.resolve("devices/platform/foo.0"));
    }

    assertThat(hwmon(".*"))
        .contains(
            "node_hwmon_temp_celsius{chip=\"platform_foo_0_fans\",sensor=\"temp1\"} 1.0",
            "node_hwmon_temp_celsius{chip=\"platform_foo_0_hwmon1\",sensor=\"temp1\"} 1.0",
            "node_hwmon_temp_celsius{chip=\"platform_foo_0_hwmon2\",sensor=\"temp1\"} 1.0");
    assertThat(hwmon("platform_foo_0_fans")).hasSize(2);
  }

  @Test
  void givenChipsThatComeAndGo_whenCollected_thenThoseThatAreThere() throws IOException {
    HwmonMetrics metrics = new HwmonMetrics(new HwmonReader(roots, chip -> true, s -> true));
    write("class/hwmon/hwmon0/name", "one");
    write("class/hwmon/hwmon0/fan1_input", "900");
    write("class/hwmon/hwmon0/fan1_label", "a \"b\"");
    write("class/hwmon/hwmon0/temp1", "no number");
    metrics.collect();
    assertThat(series(metrics))
        .containsExactly(
            "node_hwmon_chip_names{chip=\"one\",chip_name=\"one\"} 1.0",
            "node_hwmon_fan_rpm{chip=\"one\",sensor=\"fan1\"} 900.0",
            "node_hwmon_sensor_label{chip=\"one\",label=\"a \\\"b\\\"\",sensor=\"fan1\"} 1.0");
    Files.move(folder.resolve("class/hwmon/hwmon0"), folder.resolve("class/hwmon/hwmon3"));
    write("class/hwmon/hwmon3/name", "two");

    metrics.collect();

    assertThat(series(metrics)).contains("node_hwmon_fan_rpm{chip=\"two\",sensor=\"fan1\"} 900.0");
  }

  @Test
  void givenZoneLabel_whenCollected_thenOneMetricForAllZones() throws IOException {
    write("class/powercap/intel-rapl:0/name", "package-0");
    write("class/powercap/intel-rapl:0/energy_uj", "1500000");
    write("class/powercap/intel-rapl:1/name", "package-0-die-1");
    write("class/powercap/intel-rapl:1/energy_uj", "2500000");
    RaplMetrics metrics = new RaplMetrics(roots, true);
    metrics.collect();
    assertThat(series(metrics)).hasSize(2).allMatch(s -> s.startsWith("node_rapl_joules_total{"));

    RaplMetrics each = new RaplMetrics(roots, false);
    each.collect();

    assertThat(series(each).toString())
        .contains("node_rapl_package_joules_total", "node_rapl_package_0_die_1_joules_total");
  }

  @Test
  void givenArraysInEveryState_whenRead_thenNodeExportersWords() throws IOException {
    write(
        "mdstat",
        """
        Personalities : [raid1] [linear]
        md0 : active raid1 sdb1[2] sda1[0](F)
              100 blocks super 1.2 [2/1] [_U]
              bitmap: 1/1 pages [4KB], 65536KB chunk
              [==>....]  reshape = 12.6% (13/100) finish=1.2min speed=99K/sec

        md_home : active linear sdc1[1] sdd1[0]
              300 blocks super 1.2 0k rounding

        md2 : active raid1 sde1[1] sdf1[0]
              400 blocks [2/2] [UU]
              	resync=DELAYED

        md3 : active raid6
        unused devices: <none>
        """);
    MdReader reader = new MdReader(roots);

    reader.read();

    assertThat(reader.arrays())
        .containsExactly(
            new MdReader.Array("md0", "reshaping", 2, 1, 1, 0, 100, 13),
            new MdReader.Array("md_home", "active", 2, 2, 0, 0, 300, 300),
            new MdReader.Array("md2", "resyncing", 2, 2, 0, 0, 400, 0),
            new MdReader.Array(
                "md3", "active", Double.NaN, Double.NaN, 0, 0, Double.NaN, Double.NaN));
  }

  @Test
  void givenOsRelease_whenCollected_thenQuotesAreReadAsAShellWould() throws IOException {
    write(
        "etc/os-release",
        "# c=1\nNAME='A \"B\"'\nID=x\nPRETTY_NAME=\"A \\\"B\\\" \\$1\"\nVERSION_ID=22.04.5\n"
            + "SUPPORT_END=2027-06-01\nbroken\n");
    OsMetrics metrics = new OsMetrics(new OsReleaseReader(roots));

    metrics.collect();

    assertThat(series(metrics).toString())
        .contains("name=\"A \\\"B\\\"\"", "pretty_name=\"A \\\"B\\\" $1\"")
        .contains("node_os_version{id=\"x\",id_like=\"\",name=\"A \\\"B\\\"\"} 22.04")
        .contains("node_os_support_end_timestamp_seconds{} 1.811808E9");
  }

  @Test
  void givenPiWithBothSources_whenCollected_thenBitsOnlyIfAskedFor() throws IOException {
    write("class/hwmon/hwmon1/name", "rpi_volt");
    write("class/hwmon/hwmon1/in0_lcrit_alarm", "1");
    write("devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "80001");
    PiMetrics alarm = new PiMetrics(new PiThrottleReader(roots, false));
    PiMetrics bits = new PiMetrics(new PiThrottleReader(roots, true));

    alarm.collect();
    bits.collect();

    assertThat(series(alarm))
        .containsExactly("vigie_rpi_throttled{what=\"under_voltage\",when=\"now\"} 1.0");
    assertThat(series(bits))
        .hasSize(8)
        .contains(
            "vigie_rpi_throttled{what=\"under_voltage\",when=\"now\"} 1.0",
            "vigie_rpi_throttled{what=\"under_voltage\",when=\"since_boot\"} 0.0",
            "vigie_rpi_throttled{what=\"soft_temperature_limit\",when=\"since_boot\"} 1.0");
  }

  @Test
  void givenWornMemory_whenCollected_thenItsLifeAndIdentity() throws IOException {
    write("block/mmcblk0/device/life_time", "0x01 0x0B");
    write("block/mmcblk0/device/pre_eol_info", "0x02");
    write("block/mmcblk0/device/name", "DG4016");
    write("block/mmcblk0/device/serial", "0x1234");
    write("block/mmcblk0boot0/device/name", "DG4016");
    write("fs/f2fs/mmcblk0p2/lifetime_write_kbytes", "3");
    WearMetrics metrics = new WearMetrics(roots, false);

    metrics.collect();

    assertThat(series(metrics))
        .containsExactlyInAnyOrder(
            "vigie_filesystem_lifetime_written_bytes_total"
                + "{device=\"mmcblk0p2\",fstype=\"f2fs\"} 3072.0",
            "vigie_mmc_life_used_ratio{area=\"a\",device=\"mmcblk0\"} 0.1",
            "vigie_mmc_life_used_ratio{area=\"b\",device=\"mmcblk0\"} 1.1",
            "vigie_mmc_pre_eol_state{device=\"mmcblk0\"} 2.0",
            "vigie_mmc_info{date=\"\",device=\"mmcblk0\",manfid=\"\",name=\"DG4016\","
                + "oemid=\"\",type=\"\"} 1.0");
    WearMetrics withSerial = new WearMetrics(roots, true);
    withSerial.collect();
    assertThat(series(withSerial).toString()).contains("serial=\"0x1234\"");
  }

  @Test
  void givenGarbage_whenCollected_thenNothingWorseThanAFailedReading() throws IOException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String[] files = {
      "mdstat",
      "spl/kstat/zfs/arcstats",
      "spl/kstat/zfs/p/objset-0x1",
      "spl/kstat/zfs/p/io",
      "spl/kstat/zfs/p/state",
      "fs/xfs/a/stats/stats",
      "fs/btrfs/a-b/commit_stats",
      "fs/btrfs/a-b/devinfo/1/error_stats",
      "etc/os-release",
      "class/hwmon/hwmon0/name",
      "class/hwmon/hwmon0/temp1_label",
      "class/hwmon/hwmon0/temp1_input",
      "class/powercap/intel-rapl:0/name",
      "class/powercap/intel-rapl:0/energy_uj",
      "block/mmcblk0/device/life_time",
      "devices/platform/soc/soc:firmware/get_throttled"
    };
    List<Subject> subjects =
        List.of(
            new MdMetrics(new MdReader(roots)),
            new ZfsMetrics(roots),
            new XfsMetrics(roots),
            new BtrfsMetrics(new BtrfsReader(roots)),
            new OsMetrics(new OsReleaseReader(roots)),
            new HwmonMetrics(new HwmonReader(roots, c -> true, s -> true)),
            new RaplMetrics(roots, false),
            new WearMetrics(roots, true),
            new PiMetrics(new PiThrottleReader(roots, true)));
    String letters = "md0 : active raid1 [2/1](F)\nname type 4 nread\n 0x-./=\"\\\t9";
    for (int round = 0; round < 100; round++) {
      for (String file : files) {
        byte[] garbage = new byte[random.nextInt(6000)];
        for (int i = 0; i < garbage.length; i++) {
          garbage[i] =
              random.nextInt(20) == 0
                  ? (byte) random.nextInt()
                  : (byte) letters.charAt(random.nextInt(letters.length()));
        }
        Files.createDirectories(folder.resolve(file).getParent());
        Files.write(folder.resolve(file), garbage);
      }
      for (Subject subject : subjects) {
        try {
          subject.collect();
        } catch (IOException unreadable) {
          // as node_exporter: told by node_scrape_collector_success
        } catch (RuntimeException failure) {
          throw new AssertionError(subject.name() + " seed " + seed + " round " + round, failure);
        }
        subject.families().forEach(HardwareMetricsTest::takeIfPossible);
      }
    }
  }

  private static void takeIfPossible(Family family) {
    try {
      family.take();
    } catch (RuntimeException twice) {
      // Two series with the same labels: the collector tells it, see NodeCollectorTest.
    }
  }

  private List<String> hwmon(String chips) throws IOException {
    Filter filter = Filter.of(chips, null);
    HwmonMetrics metrics = new HwmonMetrics(new HwmonReader(roots, filter::accepts, s -> true));
    metrics.collect();
    return series(metrics);
  }

  private static List<String> series(Subject subject) {
    List<String> series = new ArrayList<>();
    for (Family family : subject.families()) {
      MetricSnapshot snapshot = family.take();
      if (snapshot != null) {
        for (DataPointSnapshot point : snapshot.getDataPoints()) {
          double value =
              point instanceof CounterDataPointSnapshot counter
                  ? counter.getValue()
                  : ((GaugeDataPointSnapshot) point).getValue();
          series.add(family.name() + point.getLabels() + " " + value);
        }
      }
    }
    series.sort(null);
    return series;
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }
}
