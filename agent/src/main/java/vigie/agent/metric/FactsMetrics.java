package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.facts.Facts;
import vigie.agent.facts.Hardware.Battery;
import vigie.agent.facts.Hardware.Computer;
import vigie.agent.facts.Hardware.Disk;
import vigie.agent.facts.Hardware.Processor;

/**
 * {@code vigie_hardware_*}, {@code vigie_sensor_*} and their kin: the last refresh of the facts.
 */
final class FactsMetrics implements Subject {
  private static final Computer UNKNOWN = new Computer("", "", "", "");

  private final Family hardware =
      Family.gauge("vigie_hardware_info", "Maker and model of the machine; always 1.");
  private final Family processor =
      Family.gauge("vigie_processor_info", "Maker and model of the processor; always 1.");
  private final Family packages =
      Family.gauge("vigie_processor_packages", "Processor packages in the machine.");
  private final Family cores =
      Family.gauge("vigie_processor_cores", "Physical processor cores in the machine.");
  private final Family threads =
      Family.gauge("vigie_processor_threads", "Logical processors in the machine.");
  private final Family diskInfo = Family.gauge("vigie_disk_info", "Model of the disk; always 1.");
  private final Family diskSize =
      Family.gauge("vigie_disk_size_bytes", "Size of the disk in bytes.");
  private final Family celsius =
      Family.gauge("vigie_sensor_processor_celsius", "Temperature of the processor.");
  private final Family volts =
      Family.gauge("vigie_sensor_processor_volts", "Core voltage of the processor.");
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
        hardware, processor, packages, cores, threads, diskInfo, diskSize, celsius, volts, fans,
        charge, took, at);
  }

  @Override
  public void collect() {
    Facts.Found found = facts.found();
    if (found == null) {
      return;
    }
    collect(found.computer());
    collect(found.processor());
    for (Disk disk : found.disks()) {
      diskInfo.add(Labels.of("device", disk.device(), "model", disk.model()), 1);
      diskSize.add(Labels.of("device", disk.device()), (double) disk.sizeBytes());
    }
    celsius.add(found.sensors().celsius());
    volts.add(found.sensors().volts());
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
            "firmware",
            computer.firmware()),
        1);
  }

  private void collect(@Nullable Processor of) {
    if (of != null) {
      processor.add(
          Labels.of("name", of.name(), "vendor", of.vendor(), "architecture", of.architecture()),
          1);
      packages.add(of.packages());
      cores.add(of.cores());
      threads.add(of.threads());
    }
  }
}
