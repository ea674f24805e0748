package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.LinkReader;
import vigie.agent.reader.LinkReader.Attribute;
import vigie.agent.reader.LinkReader.Link;

/** {@code node_network_*} of the devices' settings and state. */
final class LinkMetrics implements Subject {
  private static final double BYTES_PER_MEGABIT = 125_000;

  private final List<Column> columns =
      List.of(
          gauge(Attribute.ADDRESS_ASSIGN_TYPE, "address_assign_type", "How it got its address."),
          gauge(Attribute.CARRIER, "carrier", "Whether there is a carrier on the link."),
          counter(Attribute.CARRIER_CHANGES, "carrier_changes_total", "Carrier gained or lost."),
          counter(Attribute.CARRIER_UP, "carrier_up_changes_total", "Carrier gained."),
          counter(Attribute.CARRIER_DOWN, "carrier_down_changes_total", "Carrier lost."),
          gauge(Attribute.DEVICE_ID, "device_id", "Number among devices of one address."),
          gauge(Attribute.DORMANT, "dormant", "Whether the link waits for an event outside it."),
          gauge(Attribute.FLAGS, "flags", "The kernel's flags as a number."),
          gauge(Attribute.INDEX, "iface_id", "The kernel's number of the device."),
          gauge(Attribute.LINK, "iface_link", "Number of the device that this one lies upon."),
          gauge(Attribute.LINK_MODE, "iface_link_mode", "Link mode as a number."),
          gauge(Attribute.MTU_BYTES, "mtu_bytes", "Largest packet in bytes."),
          gauge(Attribute.NAME_ASSIGN_TYPE, "name_assign_type", "How it got its name."),
          gauge(Attribute.GROUP, "net_dev_group", "Device group as a number."),
          gauge(Attribute.PROTOCOL_TYPE, "protocol_type", "Hardware type as a number."),
          gauge(Attribute.QUEUE_LENGTH, "transmit_queue_length", "Packets that the queue holds."));
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

  LinkMetrics(LinkReader reader) {
    this.reader = reader;
  }

  private static Column gauge(Attribute attribute, String what, String help) {
    return new Column(attribute, Family.gauge("node_network_" + what, help));
  }

  private static Column counter(Attribute attribute, String what, String help) {
    return new Column(attribute, Family.counter("node_network_" + what, help));
  }

  private static Labels infoLabels(List<String> values) {
    return Labels.of(
        List.of("address", "broadcast", "device", "duplex", "ifalias", "operstate"), values);
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
      Labels of = labels.get(link.name());
      for (Column column : columns) {
        column.family.add(of, link.value(column.attribute));
      }
      speed.add(of, link.value(Attribute.SPEED) * BYTES_PER_MEGABIT);
      up.add(of, link.state().equals("up") ? 1 : 0);
      info.add(
          infoLabels.get(
              List.of(
                  link.address(),
                  link.broadcast(),
                  link.name(),
                  link.duplex(),
                  link.alias(),
                  link.state())),
          1);
    }
  }

  /** An attribute and its family. */
  private record Column(Attribute attribute, Family family) {}
}
