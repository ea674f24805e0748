package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/**
 * {@code node_infiniband_*}: the ports of InfiniBand and RoCE adapters, after the kernel's
 * Documentation/ABI/stable/sysfs-class-infiniband. Drivers differ in what they count.
 */
final class InfinibandMetrics implements Subject {
  private static final String FOLDER = "class/infiniband";

  /** What /sys has as Gb/s, in bytes. */
  private static final double GIGABIT = 125e6;

  /** The line has four lanes, and what is counted are the bytes of one. */
  private static final int LANES = 4;

  private final List<Column> columns =
      List.of(
          new Column("rate", GIGABIT, gauge("rate_bytes_per_second", "Speed of the link.")),
          new Column(
              "hw_counters/lifespan",
              1e-3,
              gauge("lifespan_seconds", "How often the hardware renews its counters.")),
          counter(
              "counters/excessive_buffer_overrun_errors",
              1,
              "excessive_buffer_overrun_errors",
              "Times that the port ran out of buffers for longer than allowed."),
          counter(
              "counters/link_downed",
              1,
              "link_downed",
              "Times that the link could not recover and went down."),
          counter(
              "counters/link_error_recovery",
              1,
              "link_error_recovery",
              "Times that the link recovered from an error."),
          counter(
              "counters/local_link_integrity_errors",
              1,
              "local_link_integrity_errors",
              "Times that errors of the link were more than the limit."),
          counter(
              "counters/multicast_rcv_packets",
              1,
              "multicast_packets_received",
              "Multicast packets received."),
          counter(
              "counters/multicast_xmit_packets",
              1,
              "multicast_packets_transmitted",
              "Multicast packets sent."),
          counter(
              "counters/port_rcv_constraint_errors",
              1,
              "port_constraint_errors_received",
              "Packets received that a rule of the port forbids."),
          counter("counters/port_rcv_data", LANES, "port_data_received_bytes", "Bytes received."),
          counter(
              "counters/port_rcv_discards",
              1,
              "port_discards_received",
              "Packets received and dropped: port down or congested."),
          counter(
              "counters/port_rcv_errors",
              1,
              "port_errors_received",
              "Packets received with an error."),
          counter("counters/port_rcv_packets", 1, "port_packets_received", "Packets received."),
          counter(
              "counters/port_rcv_remote_physical_errors",
              1,
              "port_receive_remote_physical_errors",
              "Packets received that were marked bad on the way."),
          counter(
              "counters/port_rcv_switch_relay_errors",
              1,
              "port_receive_switch_relay_errors",
              "Packets received that the switch could not pass on."),
          counter(
              "counters/port_xmit_constraint_errors",
              1,
              "port_constraint_errors_transmitted",
              "Packets not sent, since a rule of the port forbids them."),
          counter("counters/port_xmit_data", LANES, "port_data_transmitted_bytes", "Bytes sent."),
          counter(
              "counters/port_xmit_discards",
              1,
              "port_discards_transmitted",
              "Packets not sent: port down or congested."),
          counter("counters/port_xmit_packets", 1, "port_packets_transmitted", "Packets sent."),
          counter(
              "counters/port_xmit_wait",
              1,
              "port_transmit_wait",
              "Ticks in which there was data to send and none was sent."),
          counter("counters/symbol_error", 1, "symbol_error", "Errors in the symbols of the line."),
          counter(
              "counters/unicast_rcv_packets",
              1,
              "unicast_packets_received",
              "Unicast packets received."),
          counter(
              "counters/unicast_xmit_packets",
              1,
              "unicast_packets_transmitted",
              "Unicast packets sent."),
          counter(
              "counters/VL15_dropped",
              1,
              "vl15_dropped",
              "Management packets dropped for want of buffers."),
          counter(
              "counters_ext/port_multicast_rcv_packets",
              1,
              "legacy_multicast_packets_received",
              "Multicast packets received, on kernels before 4.5."),
          counter(
              "counters_ext/port_multicast_xmit_packets",
              1,
              "legacy_multicast_packets_transmitted",
              "Multicast packets sent, on kernels before 4.5."),
          counter(
              "counters_ext/port_rcv_data_64",
              LANES,
              "legacy_data_received_bytes",
              "Bytes received, on kernels before 4.5."),
          counter(
              "counters_ext/port_rcv_packets_64",
              1,
              "legacy_packets_received",
              "Packets received, on kernels before 4.5."),
          counter(
              "counters_ext/port_unicast_rcv_packets",
              1,
              "legacy_unicast_packets_received",
              "Unicast packets received, on kernels before 4.5."),
          counter(
              "counters_ext/port_unicast_xmit_packets",
              1,
              "legacy_unicast_packets_transmitted",
              "Unicast packets sent, on kernels before 4.5."),
          counter(
              "counters_ext/port_xmit_data_64",
              LANES,
              "legacy_data_transmitted_bytes",
              "Bytes sent, on kernels before 4.5."),
          counter(
              "counters_ext/port_xmit_packets_64",
              1,
              "legacy_packets_transmitted",
              "Packets sent, on kernels before 4.5."),
          counter(
              "hw_counters/duplicate_request",
              1,
              "duplicate_requests_packets",
              "Requests received twice."),
          counter(
              "hw_counters/implied_nak_seq_err",
              1,
              "implied_nak_seq_errors",
              "Answers for a request behind one that was lost."),
          counter(
              "hw_counters/local_ack_timeout_err",
              1,
              "local_ack_timeout_errors",
              "Times that no acknowledgement came in time."),
          counter("hw_counters/np_cnp_sent", 1, "np_cnp_packets_sent", "Congestion notices sent."),
          counter(
              "hw_counters/np_ecn_marked_roce_packets",
              1,
              "np_ecn_marked_roce_packets_received",
              "RoCE packets received with a mark of congestion."),
          counter(
              "hw_counters/out_of_buffer",
              1,
              "out_of_buffer_drops",
              "Packets dropped: no work request was posted for them."),
          counter(
              "hw_counters/out_of_sequence",
              1,
              "out_of_sequence_packets_received",
              "Packets received out of order."),
          counter(
              "hw_counters/packet_seq_err",
              1,
              "packet_sequence_errors",
              "Packets that the other end missed."),
          counter(
              "hw_counters/req_cqe_error",
              1,
              "req_cqes_errors",
              "Requests that completed with an error."),
          counter(
              "hw_counters/req_cqe_flush_error",
              1,
              "req_cqes_flush_errors",
              "Requests that were flushed."),
          counter(
              "hw_counters/req_remote_access_errors",
              1,
              "req_remote_access_errors",
              "Requests that the other end had no right to grant."),
          counter(
              "hw_counters/req_remote_invalid_request",
              1,
              "req_remote_invalid_request_errors",
              "Requests that the other end found invalid."),
          counter(
              "hw_counters/resp_cqe_error",
              1,
              "resp_cqes_errors",
              "Answers that completed with an error."),
          counter(
              "hw_counters/resp_cqe_flush_error",
              1,
              "resp_cqes_flush_errors",
              "Answers that were flushed."),
          counter(
              "hw_counters/resp_local_length_error",
              1,
              "resp_local_length_errors",
              "Answers of a wrong length."),
          counter(
              "hw_counters/resp_remote_access_errors",
              1,
              "resp_remote_access_errors",
              "Requests received that had no right to what they asked."),
          counter(
              "hw_counters/rnr_nak_retry_err",
              1,
              "rnr_nak_retry_packets_received",
              "Times that the other end was not ready to receive."),
          counter(
              "hw_counters/roce_adp_retrans",
              1,
              "roce_adp_retransmits",
              "Adaptive retransmissions."),
          counter(
              "hw_counters/roce_adp_retrans_to",
              1,
              "roce_adp_retransmits_timeout",
              "Adaptive retransmissions that ran out of time."),
          counter(
              "hw_counters/roce_slow_restart",
              1,
              "roce_slow_restart_used",
              "Times that a slow restart was used."),
          counter(
              "hw_counters/roce_slow_restart_cnps",
              1,
              "roce_slow_restart_cnps",
              "Congestion notices made by slow restarts."),
          counter(
              "hw_counters/roce_slow_restart_trans",
              1,
              "roce_slow_restart",
              "Times that the state became slow restart."),
          counter(
              "hw_counters/rp_cnp_handled",
              1,
              "rp_cnp_packets_handled",
              "Congestion notices that slowed the port down."),
          counter(
              "hw_counters/rp_cnp_ignored",
              1,
              "rp_cnp_ignored_packets_received",
              "Congestion notices ignored."),
          counter(
              "hw_counters/rx_atomic_requests",
              1,
              "rx_atomic_requests",
              "Atomic requests received."),
          counter(
              "hw_counters/rx_dct_connect",
              1,
              "rx_dct_connect_requests",
              "Connection requests received for dynamic transports."),
          counter(
              "hw_counters/rx_icrc_encapsulated",
              1,
              "rx_icrc_encapsulated_errors",
              "RoCE packets received with a wrong checksum."),
          counter("hw_counters/rx_read_requests", 1, "rx_read_requests", "Read requests received."),
          counter(
              "hw_counters/rx_write_requests", 1, "rx_write_requests", "Write requests received."));
  private final Family state =
      gauge("state_id", "State of the port: 1 down, 2 init, 3 armed, 4 active, 5 deferred.");
  private final Family physical =
      gauge(
          "physical_state_id",
          "State of the line: 1 sleep, 2 polling, 3 disabled, 4 training, 5 up, 6 recovery, 7 test.");
  private final Family info =
      gauge("info", "Kind of the adapter and version of its firmware; always 1.");
  private final LabelCache<List<String>> labels =
      new LabelCache<>(pair -> Labels.of("device", pair.get(0), "port", pair.get(1)));
  private final LabelCache<List<String>> infoLabels =
      new LabelCache<>(
          texts -> Labels.of(List.of("board_id", "firmware_version", "hca_type", "device"), texts));
  private final Map<String, SysDevices> ports = new HashMap<>();
  private final Roots roots;
  private final SysDevices adapters;

  InfinibandMetrics(Roots roots) {
    this.roots = roots;
    this.adapters =
        new SysDevices(roots, FOLDER, "", List.of(), List.of("board_id", "fw_ver", "hca_type"));
  }

  private record Column(String file, double by, Family family) {}

  private static Column counter(String file, int by, String what, String help) {
    return new Column(file, by, Family.counter("node_infiniband_" + what + "_total", help));
  }

  private static Family gauge(String what, String help) {
    return Family.gauge("node_infiniband_" + what, help);
  }

  @Override
  public String name() {
    return "infiniband";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(List.of(state, physical, info));
    columns.forEach(column -> all.add(column.family));
    return all;
  }

  @Override
  public void collect() throws IOException {
    adapters.readOrFail();
    for (Device adapter : adapters.devices()) {
      String name = adapter.name();
      info.add(infoLabels.get(List.of(adapter.text(0), adapter.text(1), adapter.text(2), name)), 1);
      SysDevices of = ports.computeIfAbsent(name, this::ports);
      of.read();
      for (Device port : of.devices()) {
        Labels at = labels.get(List.of(name, port.name()));
        state.add(at, id(port.text(0)));
        physical.add(at, id(port.text(1)));
        for (int i = 0; i < columns.size(); i++) {
          columns.get(i).family.add(at, port.number(i) * columns.get(i).by);
        }
      }
    }
  }

  private SysDevices ports(String adapter) {
    List<String> files = columns.stream().map(Column::file).toList();
    return new SysDevices(
        roots, FOLDER + "/" + adapter + "/ports", "", files, List.of("state", "phys_state"));
  }

  /** What stands before the colon of {@code 4: ACTIVE}; NaN when there is none. */
  private static double id(String state) {
    boolean known = state.length() > 1 && state.charAt(1) == ':';
    int id = known ? Character.digit(state.charAt(0), 10) : -1;
    return id < 0 ? Double.NaN : id;
  }
}
