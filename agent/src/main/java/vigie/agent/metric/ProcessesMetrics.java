package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.ProcessesReader;
import vigie.agent.reader.SysctlReader;

/** {@code node_processes_*}: processes and threads by state; reads a file for each of them. */
final class ProcessesMetrics implements Subject {
  private final Family threads = Family.gauge("node_processes_threads", "Threads now.");
  private final Family maxThreads =
      Family.gauge("node_processes_max_threads", "Threads that there can be at once.");
  private final Family threadStates =
      Family.gauge("node_processes_threads_state", "Threads in each state.");
  private final Family processes = Family.gauge("node_processes_pids", "Processes now.");
  private final Family maxProcesses =
      Family.gauge("node_processes_max_processes", "Numbers that processes can have.");
  private final Family processStates =
      Family.gauge("node_processes_state", "Processes in each state.");
  private final LabelCache<String> processLabels = LabelCache.of("state");
  private final LabelCache<String> threadLabels = LabelCache.of("thread_state");
  private final ProcessesReader reader;
  private final SysctlReader sysctl;

  ProcessesMetrics(ProcessesReader reader, SysctlReader sysctl) {
    this.reader = reader;
    this.sysctl = sysctl;
  }

  @Override
  public String name() {
    return "processes";
  }

  @Override
  public List<Family> families() {
    return List.of(threads, maxThreads, threadStates, processes, maxProcesses, processStates);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    threads.add(reader.threads());
    maxThreads.add(sysctl.number("kernel/threads-max"));
    processes.add(reader.processes());
    maxProcesses.add(sysctl.number("kernel/pid_max"));
    reader
        .processStates()
        .forEach((state, count) -> processStates.add(processLabels.get(state), count));
    reader
        .threadStates()
        .forEach((state, count) -> threadStates.add(threadLabels.get(state), count));
  }
}
