package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/**
 * {@code node_dmi_info}: what the firmware says of the machine. Serial numbers are readable by root
 * only, and are told where the agent runs as root, as node_exporter does. Read once: it stays the
 * same until the next boot.
 */
final class DmiMetrics implements Subject {
  private static final List<String> FILES =
      List.of(
          "bios_date",
          "bios_release",
          "bios_vendor",
          "bios_version",
          "board_asset_tag",
          "board_name",
          "board_serial",
          "board_vendor",
          "board_version",
          "chassis_asset_tag",
          "chassis_serial",
          "chassis_vendor",
          "chassis_version",
          "product_family",
          "product_name",
          "product_serial",
          "product_sku",
          "product_uuid",
          "product_version",
          "sys_vendor");

  private final Family info =
      Family.gauge("node_dmi_info", "What the firmware says of the machine; always 1.");
  private final SysDevices folder;
  private @Nullable Labels labels;

  DmiMetrics(Roots roots) {
    folder = new SysDevices(roots, "class/dmi", "", List.of(), FILES);
  }

  @Override
  public String name() {
    return "dmi";
  }

  @Override
  public List<Family> families() {
    return List.of(info);
  }

  @Override
  public void collect() throws IOException {
    Labels known = labels;
    if (known == null) {
      known = find();
      labels = known;
    }
    info.add(known, 1);
  }

  private Labels find() throws NoDataException {
    folder.readOrFail();
    for (Device device : folder.devices()) {
      if (device.name().equals("id")) {
        Labels found = Labels.EMPTY;
        for (int i = 0; i < FILES.size(); i++) {
          if (!device.text(i).isEmpty()) {
            String name = FILES.get(i).equals("sys_vendor") ? "system_vendor" : FILES.get(i);
            found = found.add(name, device.text(i));
          }
        }
        return found;
      }
    }
    throw new NoDataException("class/dmi/id");
  }
}
