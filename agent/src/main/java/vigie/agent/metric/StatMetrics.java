package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.StatReader;

/** The kernel's totals of /proc/stat: interrupts, context switches, forks, boot time. */
final class StatMetrics implements Subject {
  private final Family interrupts =
      Family.counter("node_intr_total", "Interrupts serviced since boot.");
  private final Family contextSwitches =
      Family.counter("node_context_switches_total", "Context switches since boot.");
  private final Family forks =
      Family.counter("node_forks_total", "Processes and threads created since boot.");
  private final Family bootTime =
      Family.gauge("node_boot_time_seconds", "When the node booted, in seconds since the epoch.");
  private final Family running =
      Family.gauge("node_procs_running", "Tasks that run or could run now.");
  private final Family blocked =
      Family.gauge("node_procs_blocked", "Tasks that wait for input or output now.");
  private final Family softirqs =
      Family.counter("node_softirqs_total", "Soft interrupts serviced since boot, by vector.");
  private final LabelCache<String> vectors = LabelCache.of("vector");
  private final StatReader reader;
  private final boolean withSoftirqs;

  StatMetrics(StatReader reader, boolean withSoftirqs) {
    this.reader = reader;
    this.withSoftirqs = withSoftirqs;
  }

  @Override
  public String name() {
    return "stat";
  }

  @Override
  public List<Family> families() {
    return List.of(interrupts, contextSwitches, forks, bootTime, running, blocked, softirqs);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    interrupts.add(reader.interrupts());
    contextSwitches.add(reader.contextSwitches());
    forks.add(reader.forks());
    bootTime.add(reader.bootTime());
    running.add(reader.running());
    blocked.add(reader.blocked());
    for (int i = 0; withSoftirqs && i < StatReader.SOFTIRQS.size(); i++) {
      softirqs.add(vectors.get(StatReader.SOFTIRQS.get(i)), reader.softirqs(i));
    }
  }
}
