package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_thermal_zone_temp}, {@code node_cooling_device_*}: the kernel's own heat control. */
final class ThermalZoneMetrics implements Subject {
  private static final String ZONE = "thermal_zone";
  private static final String COOLER = "cooling_device";
  private static final double MILLIDEGREES = 1000;

  private final Family temperature =
      Family.gauge("node_thermal_zone_temp", "Temperature of the zone, in degrees Celsius.");
  private final Family state =
      Family.gauge("node_cooling_device_cur_state", "How hard the device cools now.");
  private final Family mostState =
      Family.gauge("node_cooling_device_max_state", "How hard the device can cool.");
  private final LabelCache<List<String>> zoneLabels =
      new LabelCache<>(pair -> Labels.of("type", pair.get(1), "zone", pair.get(0)));
  private final LabelCache<List<String>> coolerLabels =
      new LabelCache<>(pair -> Labels.of("name", pair.get(0), "type", pair.get(1)));
  private final SysDevices zones;
  private final SysDevices coolers;

  ThermalZoneMetrics(Roots roots) {
    zones = new SysDevices(roots, "class/thermal", ZONE, List.of("temp"), List.of("type"));
    coolers =
        new SysDevices(
            roots, "class/thermal", COOLER, List.of("cur_state", "max_state"), List.of("type"));
  }

  @Override
  public String name() {
    return ZONE;
  }

  @Override
  public List<Family> families() {
    return List.of(temperature, state, mostState);
  }

  @Override
  public void collect() throws IOException {
    zones.read();
    coolers.read();
    for (Device zone : zones.devices()) {
      // A sensor that is switched off answers an error: then there is no number.
      temperature.add(
          zoneLabels.get(List.of(zone.name().substring(ZONE.length()), zone.text(0))),
          zone.number(0) / MILLIDEGREES);
    }
    for (Device cooler : coolers.devices()) {
      Labels of =
          coolerLabels.get(List.of(cooler.name().substring(COOLER.length()), cooler.text(0)));
      state.add(of, cooler.number(0));
      mostState.add(of, cooler.number(1));
    }
  }
}
