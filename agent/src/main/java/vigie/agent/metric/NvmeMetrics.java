package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_nvme_*}: controllers and their namespaces. */
final class NvmeMetrics implements Subject {
  private final Family info =
      Family.gauge("node_nvme_info", "Model, serial number and state of the device; always 1.");
  private final Family namespaceInfo =
      Family.gauge("node_nvme_namespace_info", "State of access to the namespace; always 1.");
  private final Family capacity = bytes("capacity", "Bytes that the namespace can hold.");
  private final Family size = bytes("size", "Size of the namespace in bytes.");
  private final Family used = bytes("used", "Bytes of the namespace that are in use.");
  private final Family block =
      bytes("logical_block_size", "Bytes of a logical block of the namespace.");
  private final LabelCache<List<String>> infoLabels =
      new LabelCache<>(
          values ->
              Labels.of(
                  List.of("cntlid", "device", "firmware_revision", "model", "serial", "state"),
                  values));
  private final LabelCache<List<String>> labels =
      new LabelCache<>(pair -> Labels.of("device", pair.get(0), "nsid", pair.get(1)));
  private final Map<String, SysDevices> namespaces = new HashMap<>();
  private final Roots roots;
  private final SysDevices devices;

  NvmeMetrics(Roots roots) {
    this.roots = roots;
    this.devices =
        new SysDevices(
            roots,
            "class/nvme",
            "",
            List.of(),
            List.of("cntlid", "firmware_rev", "model", "serial", "state"));
  }

  private static Family bytes(String what, String help) {
    return Family.gauge("node_nvme_namespace_" + what + "_bytes", help);
  }

  @Override
  public String name() {
    return "nvme";
  }

  @Override
  public List<Family> families() {
    return List.of(info, namespaceInfo, capacity, size, used, block);
  }

  @Override
  public void collect() throws IOException {
    devices.readOrFail();
    for (Device device : devices.devices()) {
      String name = device.name();
      info.add(
          infoLabels.get(
              List.of(
                  device.text(0),
                  name,
                  device.text(1),
                  device.text(2),
                  device.text(3),
                  device.text(4))),
          1);
      SysDevices of = namespaces.computeIfAbsent(name, this::namespaces);
      of.read();
      for (Device namespace : of.devices()) {
        collect(name, namespace);
      }
    }
  }

  private void collect(String device, Device namespace) {
    String id = namespace.name().substring(device.length() + 1);
    Labels of = labels.get(List.of(device, id));
    double bytes = namespace.number(0);
    String access = namespace.text(0).isEmpty() ? "unknown" : namespace.text(0);
    namespaceInfo.add(Labels.of("ana_state", access).merge(of), 1);
    capacity.add(of, namespace.number(1) * bytes);
    size.add(of, namespace.number(1) * bytes);
    used.add(of, namespace.number(2) * bytes);
    block.add(of, bytes);
  }

  /** nvme0n1, but not nvme0c0n1: that is one of several paths to it. */
  private SysDevices namespaces(String device) {
    return new SysDevices(
        roots,
        "class/nvme/" + device,
        device + "n",
        List.of("queue/logical_block_size", "size", "nuse"),
        List.of("ana_state"));
  }
}
