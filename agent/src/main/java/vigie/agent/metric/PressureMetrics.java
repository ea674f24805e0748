package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.PressureReader;

/** {@code node_pressure_*}: how long work waited for what the machine has too little of. */
final class PressureMetrics implements Subject {
  private final Family cpu =
      Family.counter(
          "node_pressure_cpu_waiting_seconds_total", "Seconds in which a task waited to run.");
  private final Family ioSome =
      Family.counter(
          "node_pressure_io_waiting_seconds_total", "Seconds in which a task waited for a disk.");
  private final Family ioFull =
      Family.counter(
          "node_pressure_io_stalled_seconds_total",
          "Seconds in which every task waited for a disk.");
  private final Family memorySome =
      Family.counter(
          "node_pressure_memory_waiting_seconds_total",
          "Seconds in which a task waited for memory.");
  private final Family memoryFull =
      Family.counter(
          "node_pressure_memory_stalled_seconds_total",
          "Seconds in which every task waited for memory.");
  private final Family irq =
      Family.counter(
          "node_pressure_irq_stalled_seconds_total",
          "Seconds in which every task waited while interrupts were served.");
  private final PressureReader reader;

  PressureMetrics(PressureReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "pressure";
  }

  @Override
  public List<Family> families() {
    return List.of(cpu, ioSome, ioFull, memorySome, memoryFull, irq);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    cpu.add(reader.someSeconds(PressureReader.CPU));
    ioSome.add(reader.someSeconds(PressureReader.IO));
    ioFull.add(reader.fullSeconds(PressureReader.IO));
    memorySome.add(reader.someSeconds(PressureReader.MEMORY));
    memoryFull.add(reader.fullSeconds(PressureReader.MEMORY));
    irq.add(reader.fullSeconds(PressureReader.IRQ));
  }
}
