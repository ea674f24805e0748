package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.SchedstatReader;

/** {@code node_schedstat_*}: how long tasks ran on each processor and waited for it. */
final class SchedstatMetrics implements Subject {
  private final Family running =
      Family.counter(
          "node_schedstat_running_seconds_total", "Seconds that tasks ran on the processor.");
  private final Family waiting =
      Family.counter(
          "node_schedstat_waiting_seconds_total", "Seconds that tasks waited for the processor.");
  private final Family timeslices =
      Family.counter(
          "node_schedstat_timeslices_total", "Slices of time that the processor gave to tasks.");
  private final LabelCache<Integer> labels =
      new LabelCache<>(cpu -> Labels.of("cpu", cpu.toString()));
  private final SchedstatReader reader;

  SchedstatMetrics(SchedstatReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "schedstat";
  }

  @Override
  public List<Family> families() {
    return List.of(running, waiting, timeslices);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < reader.count(); i++) {
      Labels of = labels.get(reader.cpu(i));
      running.add(of, reader.runningSeconds(i));
      waiting.add(of, reader.waitingSeconds(i));
      timeslices.add(of, reader.timeslices(i));
    }
  }
}
