package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/**
 * {@code node_fibrechannel_*}: the ports of Fibre Channel adapters, after the kernel's
 * Documentation/scsi/scsi_fc_transport.rst. A counter that the adapter does not have is all ones.
 */
final class FibreChannelMetrics implements Subject {
  private static final List<String> COUNTERS =
      List.of(
          "dumped_frames",
          "error_frames",
          "invalid_crc_count",
          "rx_frames",
          "rx_words",
          "tx_frames",
          "tx_words",
          "seconds_since_last_reset",
          "invalid_tx_word_count",
          "link_failure_count",
          "loss_of_sync_count",
          "loss_of_signal_count",
          "nos_count",
          "fcp_packet_aborts");

  /** Those that are written in hexadecimal first. */
  private static final List<String> TEXTS =
      List.of(
          "fabric_name",
          "port_id",
          "port_name",
          "dev_loss_tmo",
          "port_state",
          "port_type",
          "speed",
          "supported_classes",
          "supported_speeds",
          "symbolic_name");

  private static final int HEXADECIMAL = 3;

  private final List<Family> counters =
      List.of(
          counter("dumped_frames", "Frames dropped for want of a buffer."),
          counter("error_frames", "Frames received with an error."),
          counter("invalid_crc", "Frames received with a wrong checksum."),
          counter("rx_frames", "Frames received."),
          counter("rx_words", "Words of four bytes received."),
          counter("tx_frames", "Frames sent."),
          counter("tx_words", "Words of four bytes sent."),
          counter("seconds_since_last_reset", "Seconds since the port's counters were reset."),
          counter("invalid_tx_words", "Invalid transmission words received."),
          counter("link_failure", "Times the link failed."),
          counter("loss_of_sync", "Times the port lost the beginning of words."),
          counter("loss_of_signal", "Times the port saw no signal."),
          counter("nos", "Times the other end said that it is not operational."),
          counter("fcp_packet_aborts", "SCSI commands given up."));
  private final Family info =
      Family.gauge("node_fibrechannel_info", "What the port is and how it is connected; always 1.");
  private final LabelCache<String> labels = LabelCache.of("fc_host");
  private final LabelCache<List<String>> infoLabels;
  private final SysDevices hosts;

  FibreChannelMetrics(Roots roots) {
    List<String> files = COUNTERS.stream().map(counter -> "statistics/" + counter).toList();
    this.hosts = new SysDevices(roots, "class/fc_host", "", files, TEXTS);
    List<String> names = new ArrayList<>(TEXTS);
    names.add("fc_host");
    this.infoLabels = new LabelCache<>(texts -> Labels.of(names, texts));
  }

  private static Family counter(String what, String help) {
    return Family.counter("node_fibrechannel_" + what + "_total", help);
  }

  @Override
  public String name() {
    return "fibrechannel";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(counters);
    all.add(info);
    return all;
  }

  @Override
  public void collect() throws IOException {
    hosts.readOrFail();
    for (Device host : hosts.devices()) {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < TEXTS.size(); i++) {
        String text = host.text(i);
        texts.add(i < HEXADECIMAL && text.startsWith("0x") ? text.substring(2) : text);
      }
      texts.add(host.name());
      info.add(infoLabels.get(texts), 1);
      for (int i = 0; i < counters.size(); i++) {
        counters.get(i).add(labels.get(host.name()), host.number(i));
      }
    }
  }
}
