package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.LoadReader;

/** {@code node_load*}. */
final class LoadMetrics implements Subject {
  private final Family load1 = Family.gauge("node_load1", "Load average over 1 minute.");
  private final Family load5 = Family.gauge("node_load5", "Load average over 5 minutes.");
  private final Family load15 = Family.gauge("node_load15", "Load average over 15 minutes.");
  private final LoadReader reader;

  LoadMetrics(LoadReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "loadavg";
  }

  @Override
  public List<Family> families() {
    return List.of(load1, load5, load15);
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    load1.add(reader.load1());
    load5.add(reader.load5());
    load15.add(reader.load15());
  }
}
