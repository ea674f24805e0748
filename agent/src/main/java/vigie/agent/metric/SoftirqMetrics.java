package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.InterruptReader;
import vigie.agent.reader.InterruptReader.Row;

/** {@code node_softirqs_functions_total}: the kernel's deferred work by kind and processor. */
final class SoftirqMetrics implements Subject {
  private final Family functions =
      Family.counter(
          "node_softirqs_functions_total", "Deferred work of interrupts, by kind and processor.");
  private final LabelCache<Key> labels =
      new LabelCache<>(key -> Labels.of("cpu", Integer.toString(key.cpu), "type", key.type));
  private final InterruptReader reader;

  SoftirqMetrics(InterruptReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "softirqs";
  }

  @Override
  public List<Family> families() {
    return List.of(functions);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Row row : reader.rows()) {
      for (int column = 0; column < reader.cpuCount(); column++) {
        functions.add(labels.get(new Key(reader.cpu(column), row.name())), row.value(column));
      }
    }
  }

  private record Key(int cpu, String type) {}
}
