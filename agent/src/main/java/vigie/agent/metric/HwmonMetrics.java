package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.HwmonReader;
import vigie.agent.reader.HwmonReader.Attribute;
import vigie.agent.reader.HwmonReader.Chip;
import vigie.agent.reader.HwmonReader.Sensor;

/** {@code node_hwmon_*}: temperatures, fans, voltages and what else monitoring chips sense. */
final class HwmonMetrics implements Subject {
  private final Family chipNames =
      Family.gauge("node_hwmon_chip_names", "What kind of chip the chip is; always 1.");
  private final Family labels =
      Family.gauge("node_hwmon_sensor_label", "What the chip calls the sensor; always 1.");
  private final FamilyMap families = new FamilyMap();
  private final HwmonReader reader;
  private List<Chip> chips = List.of();
  private List<Column> columns = List.of();
  private List<Constant> constants = List.of();

  HwmonMetrics(HwmonReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "hwmon";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(families.all());
    all.add(chipNames);
    all.add(labels);
    return all;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    if (reader.chips() != chips) {
      chips = reader.chips();
      arrange();
    }
    for (Constant constant : constants) {
      constant.family.add(constant.labels, 1);
    }
    for (Column column : columns) {
      double value = column.attribute.value();
      column.family.add(column.labels, column.by == 0 ? value * column.times : value / column.by);
    }
  }

  /** Gives each value its family and labels, for as long as the sensors are the same. */
  private void arrange() {
    columns = new ArrayList<>();
    constants = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (Chip chip : chips) {
      if (!chip.humanName().isEmpty()) {
        add(chipNames, Labels.of("chip", chip.name(), "chip_name", chip.humanName()));
      }
      for (Sensor sensor : chip.sensors()) {
        String label = sensor.label();
        if (label != null) {
          add(labels, Labels.of("chip", chip.name(), "label", label, "sensor", sensor.name()));
        }
        for (Attribute attribute : sensor.attributes()) {
          Column column = column(chip, sensor, attribute);
          if (column != null && taken.add(column.family.name() + column.labels)) {
            columns.add(column);
          }
        }
      }
    }
  }

  private void add(Family family, Labels of) {
    constants.add(new Constant(family, of));
  }

  private @Nullable Column column(Chip chip, Sensor sensor, Attribute attribute) {
    String type = sensor.type();
    String element = attribute.element();
    Labels of = Labels.of("chip", chip.name(), "sensor", sensor.name());
    if (type.equals("beep_enable")) {
      return gauge("node_hwmon_beep_enabled", "Whether the chip may beep.", of, attribute, 1, 0);
    }
    if (type.equals("vrm")) {
      String help = "Version of the voltage regulator's specification.";
      return gauge("node_hwmon_voltage_regulator_version", help, of, attribute, 1, 0);
    }
    if (type.equals("update_interval")) {
      String help = "Seconds between two measurements of the chip.";
      return gauge("node_hwmon_update_interval_seconds", help, of, attribute, 1e-3, 0);
    }
    String name = "node_hwmon_" + type;
    if (element.equals("input")) {
      name += sensor.has("") ? "_input" : "";
    } else if (!element.isEmpty()) {
      name += "_" + HwmonReader.clean(element);
    }
    String what = "File " + type + "*" + (element.isEmpty() ? "" : "_" + element) + " of a sensor";
    if (element.equals("fault") || element.equals("alarm")) {
      return gauge(name, what + "; 1: raised.", of, attribute, 1, 0);
    }
    if (element.equals("beep")) {
      return gauge(name + "_enabled", what + "; 1: an alarm beeps.", of, attribute, 1, 0);
    }
    return switch (type) {
      case "in", "cpu" -> gauge(name + "_volts", what + ", in volts.", of, attribute, 1e-3, 0);
      case "curr" -> gauge(name + "_amps", what + ", in amperes.", of, attribute, 1e-3, 0);
      case "humidity" ->
          gauge(
              name,
              what + ", in node_exporter's unit: a tenth of the ratio.",
              of,
              attribute,
              0,
              1e6);
      case "energy" ->
          new Column(
              families.get(name + "_joule_total", n -> Family.counter(n, what + ", in joules.")),
              of,
              attribute,
              0,
              1e6);
      case "power" -> power(name, what, element, of, attribute);
      case "temp" ->
          element.equals("type")
              ? gauge(name, what + ", the kind of sensor as a number.", of, attribute, 1, 0)
              : gauge(name + "_celsius", what + ", in degrees Celsius.", of, attribute, 1e-3, 0);
      case "fan" ->
          isSpeed(element)
              ? gauge(name + "_rpm", what + ", in turns a minute.", of, attribute, 1, 0)
              : gauge(name, what + ".", of, attribute, 1, 0);
      case "freq" ->
          element.equals("input")
              ? frequency(name, what, chip, sensor, attribute)
              : gauge(name, what + ".", of, attribute, 1, 0);
      default -> gauge(name, what + ".", of, attribute, 1, 0);
    };
  }

  private Column power(String name, String what, String element, Labels of, Attribute attribute) {
    if (element.equals("accuracy")) {
      return gauge(name, what + ", as a ratio.", of, attribute, 0, 1e6);
    }
    if (element.startsWith("average_interval")) {
      return gauge(name + "_seconds", what + ", in seconds.", of, attribute, 1e-3, 0);
    }
    return gauge(name + "_watt", what + ", in watts.", of, attribute, 0, 1e6);
  }

  private @Nullable Column frequency(
      String name, String what, Chip chip, Sensor sensor, Attribute attribute) {
    String label = sensor.label();
    if (label == null) {
      return null;
    }
    Labels of = Labels.of("chip", chip.name(), "sensor", HwmonReader.clean(label));
    return gauge(name + "_freq_mhz", what + ", in megahertz.", of, attribute, 0, 1e6);
  }

  private static boolean isSpeed(String element) {
    return element.equals("input")
        || element.equals("min")
        || element.equals("max")
        || element.equals("target");
  }

  private Column gauge(
      String name, String help, Labels of, Attribute attribute, double times, double by) {
    return new Column(families.get(name, n -> Family.gauge(n, help)), of, attribute, times, by);
  }

  /** A value and where it goes: times {@code times}, or divided by {@code by} where that is set. */
  private record Column(
      Family family, Labels labels, Attribute attribute, double times, double by) {}

  private record Constant(Family family, Labels labels) {}
}
