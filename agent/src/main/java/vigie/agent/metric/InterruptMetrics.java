package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import vigie.agent.reader.InterruptReader;
import vigie.agent.reader.InterruptReader.Row;

/**
 * {@code node_interrupts_total}: interrupts by kind and processor, as /proc/interrupts has them.
 */
final class InterruptMetrics implements Subject {
  private final Family interrupts =
      Family.counter("node_interrupts_total", "Interrupts served, by kind and processor.");
  private final LabelCache<Key> labels =
      new LabelCache<>(
          key ->
              Labels.of(
                  List.of("cpu", "devices", "info", "type"),
                  List.of(Integer.toString(key.cpu), key.devices, key.info, key.type)));
  private final InterruptReader reader;
  private final Filter names;
  private final boolean includeZeros;

  /**
   * @param names judges {@code TYPE;INFO;DEVICES}
   */
  InterruptMetrics(InterruptReader reader, Filter names, boolean includeZeros) {
    this.reader = reader;
    this.names = names;
    this.includeZeros = includeZeros;
  }

  @Override
  public String name() {
    return "interrupts";
  }

  @Override
  public List<Family> families() {
    return List.of(interrupts);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (Row row : reader.rows()) {
      // Of a numbered interrupt the first word is its controller, the rest its devices.
      boolean numbered = !row.name().isEmpty() && Character.isDigit(row.name().charAt(0));
      String info = numbered ? row.firstWord() : row.words();
      String devices = numbered ? row.words().substring(info.length()).strip() : "";
      if (info.isEmpty()
          || (names != Filter.ALL && !names.accepts(row.name() + ";" + info + ";" + devices))) {
        continue;
      }
      for (int column = 0; column < reader.cpuCount(); column++) {
        if (includeZeros || row.value(column) != 0) {
          Key key = new Key(reader.cpu(column), row.name(), info, devices);
          interrupts.add(labels.get(key), row.value(column));
        }
      }
    }
  }

  private record Key(int cpu, String type, String info, String devices) {}
}
