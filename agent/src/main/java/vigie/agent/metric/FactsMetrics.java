package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.facts.Facts;
import vigie.agent.facts.Hardware.Battery;
import vigie.agent.facts.Hardware.Computer;
import vigie.agent.facts.Hardware.Disk;
import vigie.agent.facts.Hardware.MemoryModule;

/**
 * {@code vigie_hardware_*}, {@code vigie_sensor_*} and their kin: the last refresh of the facts.
 */
final class FactsMetrics implements Subject {
  private static final Computer UNKNOWN = new Computer("", "", "", "");

  private final Family hardware =
      Family.gauge("vigie_hardware_info", "Maker and model of the machine; always 1.");
  private final Family memoryInfo =
      Family.gauge(
          "vigie_memory_module_info", "Where the memory module is and what it is; always 1.");
  private final Family memorySize =
      Family.gauge("vigie_memory_module_size_bytes", "Size of the memory module in bytes.");
  private final Family memorySpeed =
      Family.gauge("vigie_memory_module_speed_hertz", "Clock of the memory module.");
  private final Family diskInfo = Family.gauge("vigie_disk_info", "Model of the disk; always 1.");
  private final Family diskSize =
      Family.gauge("vigie_disk_size_bytes", "Size of the disk in bytes.");
  private final Family celsius =
      Family.gauge("vigie_sensor_processor_celsius", "Temperature of the processor.");
  private final Family fans =
      Family.gauge("vigie_sensor_fan_rpm", "Turns of the fan a minute; 0 at rest.");
  private final Family charge =
      Family.gauge("vigie_battery_charge_ratio", "Charge of the battery, 0 to 1.");
  private final Family took =
      Family.gauge("vigie_facts_refresh_seconds", "How long the last refresh of facts took.");
  private final Family at =
      Family.gauge(
          "vigie_facts_last_refresh_timestamp_seconds",
          "When facts were refreshed last, in seconds since the epoch.");
  private final Facts facts;

  FactsMetrics(Facts facts) {
    this.facts = facts;
  }

  @Override
  public String name() {
    return "facts";
  }

  @Override
  public List<Family> families() {
    return List.of(
        hardware,
        memoryInfo,
        memorySize,
        memorySpeed,
        diskInfo,
        diskSize,
        celsius,
        fans,
        charge,
        took,
        at);
  }

  @Override
  public void collect() {
    Facts.Found found = facts.found();
    if (found == null) {
      return;
    }
    collect(found.computer());
    collect(found.memory());
    for (Disk disk : found.disks()) {
      diskInfo.add(
          Labels.of("device", disk.device(), "model", disk.model(), "serial", disk.serial()), 1);
      diskSize.add(Labels.of("device", disk.device()), (double) disk.sizeBytes());
    }
    celsius.add(found.sensors().celsius());
    for (int i = 0; i < found.sensors().fans().size(); i++) {
      fans.add(Labels.of("fan", String.valueOf(i + 1)), found.sensors().fans().get(i));
    }
    for (Battery battery : found.batteries()) {
      charge.add(Labels.of("battery", battery.name()), battery.charge());
    }
    took.add(found.took().toNanos() / 1e9);
    at.add(found.at().toEpochMilli() / 1e3);
  }

  private void collect(@Nullable Computer computer) {
    if (computer == null || computer.equals(UNKNOWN)) {
      return; // a virtual machine that does not say what it is
    }
    hardware.add(
        Labels.of(
            "manufacturer",
            computer.manufacturer(),
            "model",
            computer.model(),
            "board",
            computer.board(),
            "serial",
            computer.serial()),
        1);
  }

  private void collect(@Nullable List<MemoryModule> memory) {
    for (int i = 0; memory != null && i < memory.size(); i++) {
      MemoryModule module = memory.get(i);
      String number = String.valueOf(i + 1); // firmware may give two the same words
      memoryInfo.add(
          Labels.of(
              "module",
              number,
              "bank",
              module.bank(),
              "type",
              module.type(),
              "manufacturer",
              module.manufacturer(),
              "part",
              module.part()),
          1);
      memorySize.add(Labels.of("module", number), (double) module.sizeBytes());
      if (module.hertz() > 0) {
        memorySpeed.add(Labels.of("module", number), (double) module.hertz());
      }
    }
  }
}
