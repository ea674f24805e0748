package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_power_supply_*}: batteries and mains, of /sys/class/power_supply. */
final class PowerSupplyMetrics implements Subject {
  private static final double MICRO = 1e6;
  private static final double TENTHS = 10;

  /** The attribute, its name as a metric, and what it is divided by. */
  private static final List<Column> COLUMNS =
      List.of(
          column("authentic", "authentic", 1),
          column("calibrate", "calibrate", 1),
          column("capacity", "capacity", 1),
          column("capacity_alert_max", "capacity_alert_max", 1),
          column("capacity_alert_min", "capacity_alert_min", 1),
          column("cycle_count", "cyclecount", 1),
          column("online", "online", 1),
          column("present", "present", 1),
          column("time_to_empty_now", "time_to_empty_seconds", 1),
          column("time_to_full_now", "time_to_full_seconds", 1),
          column("current_boot", "current_boot", MICRO),
          column("current_max", "current_max", MICRO),
          column("current_now", "current_ampere", MICRO),
          column("energy_empty", "energy_empty", MICRO),
          column("energy_empty_design", "energy_empty_design", MICRO),
          column("energy_full", "energy_full", MICRO),
          column("energy_full_design", "energy_full_design", MICRO),
          column("energy_now", "energy_watthour", MICRO),
          column("voltage_boot", "voltage_boot", MICRO),
          column("voltage_max", "voltage_max", MICRO),
          column("voltage_max_design", "voltage_max_design", MICRO),
          column("voltage_min", "voltage_min", MICRO),
          column("voltage_min_design", "voltage_min_design", MICRO),
          column("voltage_now", "voltage_volt", MICRO),
          column("voltage_ocv", "voltage_ocv", MICRO),
          column("charge_control_limit", "charge_control_limit", MICRO),
          column("charge_control_limit_max", "charge_control_limit_max", MICRO),
          column("charge_counter", "charge_counter", MICRO),
          column("charge_empty", "charge_empty", MICRO),
          column("charge_empty_design", "charge_empty_design", MICRO),
          column("charge_full", "charge_full", MICRO),
          column("charge_full_design", "charge_full_design", MICRO),
          column("charge_now", "charge_ampere", MICRO),
          column("charge_term_current", "charge_term_current", MICRO),
          column("constant_charge_current", "constant_charge_current", MICRO),
          column("constant_charge_current_max", "constant_charge_current_max", MICRO),
          column("constant_charge_voltage", "constant_charge_voltage", MICRO),
          column("constant_charge_voltage_max", "constant_charge_voltage_max", MICRO),
          column("precharge_current", "precharge_current", MICRO),
          column("input_current_limit", "input_current_limit", MICRO),
          column("power_now", "power_watt", MICRO),
          column("temp", "temp_celsius", TENTHS),
          column("temp_alert_max", "temp_alert_max_celsius", TENTHS),
          column("temp_alert_min", "temp_alert_min_celsius", TENTHS),
          column("temp_ambient", "temp_ambient_celsius", TENTHS),
          column("temp_ambient_max", "temp_ambient_max_celsius", TENTHS),
          column("temp_ambient_min", "temp_ambient_min_celsius", TENTHS),
          column("temp_max", "temp_max_celsius", TENTHS),
          column("temp_min", "temp_min_celsius", TENTHS));

  private static final List<String> TEXTS =
      List.of(
          "capacity_level",
          "charge_type",
          "health",
          "manufacturer",
          "model_name",
          "scope",
          "serial_number",
          "status",
          "technology",
          "type",
          "usb_type");

  private final List<Family> values =
      COLUMNS.stream()
          .map(
              column ->
                  Family.gauge(
                      "node_power_supply_" + column.name,
                      "Attribute " + column.attribute + " of the power supply" + column.unit()))
          .toList();
  private final Family info =
      Family.gauge("node_power_supply_info", "Kind and state of the power supply; always 1.");
  private final LabelCache<String> labels = LabelCache.of("power_supply");
  private final LabelCache<List<String>> infoLabels =
      new LabelCache<>(PowerSupplyMetrics::infoLabels);
  private final SysDevices supplies;
  private final Predicate<String> wanted;

  PowerSupplyMetrics(Roots roots, Predicate<String> wanted) {
    List<String> attributes = COLUMNS.stream().map(Column::attribute).toList();
    this.supplies = new SysDevices(roots, "class/power_supply", "", attributes, TEXTS);
    this.wanted = wanted;
  }

  private static Column column(String attribute, String name, double by) {
    return new Column(attribute, name, by);
  }

  @Override
  public String name() {
    return "powersupplyclass";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(values);
    all.add(info);
    return all;
  }

  @Override
  public void collect() throws IOException {
    supplies.readOrFail();
    for (Device supply : supplies.devices()) {
      if (!wanted.test(supply.name())) {
        continue;
      }
      Labels of = labels.get(supply.name());
      for (int i = 0; i < COLUMNS.size(); i++) {
        values.get(i).add(of, supply.number(i) / COLUMNS.get(i).by);
      }
      List<String> texts = new ArrayList<>(TEXTS.size() + 1);
      texts.add(supply.name());
      for (int i = 0; i < TEXTS.size(); i++) {
        texts.add(supply.text(i));
      }
      info.add(infoLabels.get(texts), 1);
    }
  }

  /** A text that the supply does not have makes no label. */
  private static Labels infoLabels(List<String> values) {
    Labels of = Labels.of("power_supply", values.get(0));
    for (int i = 0; i < TEXTS.size(); i++) {
      if (!values.get(i + 1).isEmpty()) {
        of = of.add(TEXTS.get(i), values.get(i + 1));
      }
    }
    return of;
  }

  private record Column(String attribute, String name, double by) {
    String unit() {
      if (by == MICRO) {
        String unit =
            attribute.startsWith("energy")
                ? "watt-hours"
                : attribute.startsWith("power")
                    ? "watts"
                    : attribute.contains("voltage")
                        ? "volts"
                        : attribute.startsWith("charge_") && !attribute.endsWith("current")
                            ? "ampere-hours"
                            : "amperes";
        return ", in " + unit + ".";
      }
      return by == TENTHS ? ", in degrees Celsius." : ".";
    }
  }
}
