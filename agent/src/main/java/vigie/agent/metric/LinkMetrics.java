package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.LinkReader;
import vigie.agent.reader.LinkReader.Link;

/** {@code node_network_*} of the devices' settings and state. */
final class LinkMetrics implements Subject {
  private static final double BYTES_PER_MEGABIT = 125_000;

  private final List<Column> columns =
      List.of(
          gauge(
              LinkReader.ADDRESS_ASSIGN_TYPE,
              "address_assign_type",
              "Address: 0 its own, 1 random, 2 stolen, 3 set."),
          gauge(LinkReader.CARRIER, "carrier", "Whether there is a carrier on the link."),
          counter(
              LinkReader.CARRIER_CHANGES,
              "carrier_changes_total",
              "Times the carrier came or went."),
          counter(LinkReader.CARRIER_UP, "carrier_up_changes_total", "Times the carrier came."),
          counter(LinkReader.CARRIER_DOWN, "carrier_down_changes_total", "Times the carrier went."),
          gauge(
              LinkReader.DEVICE_ID,
              "device_id",
              "Number of the device among those that share its address."),
          gauge(LinkReader.DORMANT, "dormant", "Whether the link waits for an event outside it."),
          gauge(LinkReader.FLAGS, "flags", "The kernel's flags as a number."),
          gauge(LinkReader.INDEX, "iface_id", "The kernel's number of the device."),
          gauge(LinkReader.LINK, "iface_link", "Number of the device that this one lies upon."),
          gauge(LinkReader.LINK_MODE, "iface_link_mode", "Link mode as a number."),
          gauge(LinkReader.MTU_BYTES, "mtu_bytes", "Largest packet in bytes."),
          gauge(
              LinkReader.NAME_ASSIGN_TYPE,
              "name_assign_type",
              "Name: 1 by the kernel, 2 predictable, 3 by user space, 4 renamed."),
          gauge(LinkReader.GROUP, "net_dev_group", "Device group as a number."),
          gauge(LinkReader.PROTOCOL_TYPE, "protocol_type", "Hardware type as a number."),
          gauge(LinkReader.QUEUE_LENGTH, "transmit_queue_length", "Packets that the queue holds."));
  private final Family speed =
      Family.gauge(
          "node_network_speed_bytes", "Speed of the link in bytes a second; negative: unknown.");
  private final Family up =
      Family.gauge("node_network_up", "Whether the operational state of the link is \"up\".");
  private final Family info =
      Family.gauge("node_network_info", "Addresses and state of the device; always 1.");
  private final LabelCache<String> labels = LabelCache.of("device");
  private final LabelCache<List<String>> infoLabels = new LabelCache<>(LinkMetrics::infoLabels);
  private final LinkReader reader;
  private final Filter filter;
  private final boolean onlyKnownSpeeds;

  /**
   * @param onlyKnownSpeeds leaves out the speed where the driver tells a negative one
   */
  LinkMetrics(LinkReader reader, Filter filter, boolean onlyKnownSpeeds) {
    this.onlyKnownSpeeds = onlyKnownSpeeds;
    this.reader = reader;
    this.filter = filter;
  }

  private static Column gauge(int attribute, String what, String help) {
    return new Column(attribute, Family.gauge("node_network_" + what, help));
  }

  private static Column counter(int attribute, String what, String help) {
    return new Column(attribute, Family.counter("node_network_" + what, help));
  }

  private static Labels infoLabels(List<String> values) {
    return Labels.of(
        List.of("address", "adminstate", "broadcast", "device", "duplex", "ifalias", "operstate"),
        values);
  }

  @Override
  public String name() {
    return "netclass";
  }

  @Override
  public List<Family> families() {
    List<Family> families = new ArrayList<>(List.of(speed, up, info));
    columns.forEach(column -> families.add(column.family));
    return families;
  }

  @Override
  public void collect() {
    reader.read();
    for (Link link : reader.links()) {
      if (!filter.accepts(link.name())) {
        continue;
      }
      Labels of = labels.get(link.name());
      for (Column column : columns) {
        column.family.add(of, link.value(column.attribute));
      }
      if (!onlyKnownSpeeds || link.value(LinkReader.SPEED) >= 0) {
        speed.add(of, link.value(LinkReader.SPEED) * BYTES_PER_MEGABIT);
      }
      up.add(of, link.state().equals("up") ? 1 : 0);
      info.add(
          infoLabels.get(
              List.of(
                  link.address(),
                  adminState(link.value(LinkReader.FLAGS)),
                  link.broadcast(),
                  link.name(),
                  link.duplex(),
                  link.alias(),
                  link.state())),
          1);
    }
  }

  /** From the flag IFF_UP, whether somebody wants the device up. */
  private static String adminState(double flags) {
    if (Double.isNaN(flags)) {
      return "unknown";
    }
    return ((long) flags & 1) == 1 ? "up" : "down";
  }

  /** An attribute and its family. */
  private record Column(int attribute, Family family) {}
}
