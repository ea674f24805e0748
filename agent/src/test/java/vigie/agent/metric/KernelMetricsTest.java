package vigie.agent.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot.UnknownDataPointSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.ConntrackReader;
import vigie.agent.reader.InterruptReader;
import vigie.agent.reader.IpvsReader;
import vigie.agent.reader.NetstatReader;
import vigie.agent.reader.NfsReader;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SelinuxReader;
import vigie.agent.reader.SockstatReader;
import vigie.agent.reader.SysctlReader;
import vigie.agent.reader.TcpReader;

/** What node_exporter over the same trees cannot judge: options, and what it reads elsewhere. */
class KernelMetricsTest {
  private final Roots vm = new Fixture("vm-6.18").roots();
  private final Roots server = new Fixture("server-6.1").roots();
  @TempDir Path folder;

  @Test
  void givenTableOfSockets_whenCollected_thenStatesThatOccurAndQueues() throws IOException {
    assertThat(collect(new TcpMetrics(new TcpReader(vm))))
        .containsExactlyEntriesOf(
            new TreeMap<>(
                Map.of(
                    "node_tcp_connection_states{state=\"close_wait\"}", 1.0,
                    "node_tcp_connection_states{state=\"established\"}", 3.0,
                    "node_tcp_connection_states{state=\"listen\"}", 3.0,
                    "node_tcp_connection_states{state=\"rx_queued_bytes\"}", 257.0,
                    "node_tcp_connection_states{state=\"time_wait\"}", 5.0,
                    "node_tcp_connection_states{state=\"tx_queued_bytes\"}", 52.0)));
  }

  @Test
  void givenKernelParameters_whenCollected_thenByIndexByKeyAndAsWords() throws IOException {
    List<String> include =
        List.of("kernel.pid_max", "fs.file-nr", "fs.file-nr:allocated,free,maximum", "fs.file-nr");
    SysctlReader sysctl = new SysctlReader(vm);
    assertThat(collect(new SysctlMetrics(sysctl, include, List.of("kernel.ostype"))))
        .containsOnlyKeys(
            "node_sysctl_kernel_pid_max{}",
            "node_sysctl_fs_file_nr{index=\"0\"}",
            "node_sysctl_fs_file_nr{index=\"1\"}",
            "node_sysctl_fs_file_nr{index=\"2\"}",
            "node_sysctl_fs_file_nr_allocated{}",
            "node_sysctl_fs_file_nr_free{}",
            "node_sysctl_fs_file_nr_maximum{}",
            "node_sysctl_info{index=\"0\",name=\"kernel.ostype\",value=\"Linux\"}")
        .containsEntry("node_sysctl_fs_file_nr_allocated{}", 1066.0);
    assertThatThrownBy(new SysctlMetrics(sysctl, List.of("fs.file-nr:one"), List.of())::collect)
        .isInstanceOf(NoDataException.class)
        .hasMessage("sysctl fs.file-nr has 3 numbers for 1 keys; see sysctl.include");
  }

  @Test
  void givenSelinux_whenCollected_thenModesAndCacheSummedOverProcessors() throws IOException {
    assertThat(collect(new SelinuxMetrics(new SelinuxReader(server))))
        .containsEntry("node_selinux_enabled{}", 1.0)
        .containsEntry("node_selinux_config_mode{}", 0.0)
        .containsEntry("node_selinux_current_mode{}", 1.0)
        .containsEntry("node_selinux_avc_threshold{}", 512.0)
        .containsEntry("node_selinux_avc_lookups_total{}", 91591784.0)
        .containsEntry("node_selinux_avc_frees_total{}", 21331.0)
        .containsEntry("node_selinux_avc_hash_buckets_used{}", 257.0)
        .containsEntry("node_selinux_avc_hash_buckets_available{}", 512.0)
        .containsEntry("node_selinux_avc_hash_longest_chain{}", 8.0)
        .hasSize(14);
    assertThat(collect(new SelinuxMetrics(new SelinuxReader(vm))))
        .isEqualTo(Map.of("node_selinux_enabled{}", 0.0));
  }

  @Test
  void givenPagesOf16KiB_whenCollected_thenBytesAreByThem() throws IOException {
    write("net/sockstat", "sockets: used 9\nTCP: inuse 4 orphan 0 tw 0 alloc 5 mem 3 new 7\n");
    write("self/smaps", "7f00-7f01 r--p 0 00:00 0\nSize:  16 kB\nKernelPageSize:       16 kB\n");

    assertThat(collect(new SockstatMetrics(new SockstatReader(roots()))))
        .containsEntry("node_sockstat_sockets_used{}", 9.0)
        .containsEntry("node_sockstat_TCP_mem{}", 3.0)
        .containsEntry("node_sockstat_TCP_mem_bytes{}", 3 * 16384.0)
        .doesNotContainKey("node_sockstat_TCP_new{}");
  }

  @Test
  void givenOtherFields_whenCollected_thenThose() throws IOException {
    Filter fields = Filter.of("^Tcp_MaxConn$", null);

    assertThat(collect(new NetstatMetrics(new NetstatReader(server), fields)))
        .isEqualTo(Map.of("node_netstat_Tcp_MaxConn{}", -1.0));
  }

  @Test
  void givenFilterAndNoZeros_whenInterruptsAreCollected_thenTheOthers() throws IOException {
    InterruptReader reader = InterruptReader.hard(server);
    Filter names = Filter.of(null, "^(LOC|NMI);|;timer$|rtc0");

    assertThat(collect(new InterruptMetrics(reader, names, false)))
        .containsOnlyKeys(
            "node_interrupts_total{cpu=\"0\",devices=\"16-fasteoi ehci_hcd:usb1, mmc0\","
                + "info=\"IR-IO-APIC\",type=\"16\"}",
            "node_interrupts_total{cpu=\"1\",devices=\"16-fasteoi ehci_hcd:usb1, mmc0\","
                + "info=\"IR-IO-APIC\",type=\"16\"}",
            "node_interrupts_total{cpu=\"1\",devices=\"0-edge eth0-TxRx-0\","
                + "info=\"IR-PCI-MSIX-0000:3b:00.0\",type=\"125\"}",
            "node_interrupts_total{cpu=\"0\",devices=\"2-edge timer\",info=\"IR-IO-APIC\","
                + "type=\"0\"}");
  }

  @Test
  void givenProcessorOffLine_whenInterruptsAreCollected_thenItsNumberIsLeftOut()
      throws IOException {
    write("softirqs", "    CPU0 CPU2\n  HI:  1 2\n");

    assertThat(collect(new SoftirqMetrics(InterruptReader.soft(roots()))))
        .containsOnlyKeys(
            "node_softirqs_functions_total{cpu=\"0\",type=\"HI\"}",
            "node_softirqs_functions_total{cpu=\"2\",type=\"HI\"}");
  }

  @Test
  void givenFewerLabels_whenIpvsIsCollected_thenServersAreSummed() throws IOException {
    IpvsMetrics metrics = new IpvsMetrics(new IpvsReader(server), "proto,local_port");

    assertThat(collect(metrics))
        .containsEntry(
            "node_ipvs_backend_connections_active{local_port=\"80\",proto=\"TCP\"}", 263.0)
        .containsEntry("node_ipvs_backend_weight{local_port=\"80\",proto=\"TCP\"}", 201.0);
  }

  @Test
  void givenKernelWithoutTheFacility_whenCollected_thenNoData() {
    for (Subject subject :
        List.of(
            new ConntrackMetrics(new ConntrackReader(roots())),
            new NfsMetrics(NfsReader.client(roots())),
            new TcpMetrics(new TcpReader(roots())))) {
      assertThatThrownBy(subject::collect).isInstanceOf(NoDataException.class);
    }
  }

  private Map<String, Double> collect(Subject subject) throws IOException {
    subject.collect();
    Map<String, Double> series = new TreeMap<>();
    for (Family family : subject.families()) {
      MetricSnapshot snapshot = family.take();
      if (snapshot != null) {
        for (DataPointSnapshot point : snapshot.getDataPoints()) {
          series.put(family.name() + point.getLabels(), value(point));
        }
      }
    }
    return series;
  }

  private static double value(DataPointSnapshot point) {
    if (point instanceof GaugeDataPointSnapshot gauge) {
      return gauge.getValue();
    } else if (point instanceof CounterDataPointSnapshot counter) {
      return counter.getValue();
    }
    return ((UnknownDataPointSnapshot) point).getValue();
  }

  private Roots roots() {
    return new Roots(folder, folder, folder);
  }

  private void write(String path, String text) throws IOException {
    Files.createDirectories(folder.resolve(path).getParent());
    Files.writeString(folder.resolve(path), text);
  }
}
