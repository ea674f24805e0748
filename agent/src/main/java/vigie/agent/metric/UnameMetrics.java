package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import vigie.agent.reader.UnameReader;
import vigie.agent.reader.UnameReader.Uname;

/** {@code node_uname_info}. */
final class UnameMetrics implements Subject {
  private final Family info =
      Family.gauge("node_uname_info", "Names of the system, as uname(2) tells them; always 1.");
  private final LabelCache<Uname> labels = new LabelCache<>(UnameMetrics::labels);
  private final UnameReader reader;

  UnameMetrics(UnameReader reader) {
    this.reader = reader;
  }

  private static Labels labels(Uname uname) {
    return Labels.of(
        new String[] {"sysname", "release", "version", "machine", "nodename", "domainname"},
        new String[] {
          uname.system(),
          uname.release(),
          uname.version(),
          uname.machine(),
          uname.node(),
          uname.domain()
        });
  }

  @Override
  public String name() {
    return "uname";
  }

  @Override
  public List<Family> families() {
    return List.of(info);
  }

  @Override
  public void collect() {
    info.add(labels.get(reader.read()), 1);
  }
}
