package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.ProcessReader;

/** {@code process_*}: what the agent itself uses, named as Prometheus's client libraries do. */
final class ProcessMetrics implements Subject {
  private final Family cpu =
      Family.counter("process_cpu_seconds_total", "Processor time that the agent used.");
  private final Family start =
      Family.gauge(
          "process_start_time_seconds", "When the agent started, in seconds since the epoch.");
  private final Family resident =
      Family.gauge("process_resident_memory_bytes", "Memory of the agent in RAM, in bytes.");
  private final Family virtual =
      Family.gauge("process_virtual_memory_bytes", "Address space of the agent in bytes.");
  private final Family maxVirtual =
      Family.gauge(
          "process_virtual_memory_max_bytes",
          "What the agent's address space may grow to, in bytes.");
  private final Family openFiles =
      Family.gauge("process_open_fds", "Files and sockets that the agent has open.");
  private final Family maxFiles =
      Family.gauge("process_max_fds", "Files and sockets that the agent may have open.");
  private final ProcessReader reader;

  ProcessMetrics(ProcessReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "process";
  }

  @Override
  public List<Family> families() {
    return List.of(cpu, start, resident, virtual, maxVirtual, openFiles, maxFiles);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    cpu.add(reader.cpuSeconds());
    start.add(reader.startSeconds());
    resident.add(reader.residentBytes());
    virtual.add(reader.virtualBytes());
    maxVirtual.add(reader.maxVirtualBytes());
    openFiles.add(reader.openFiles());
    maxFiles.add(reader.maxFiles());
  }
}
