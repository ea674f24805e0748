package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.VmstatReader;

/** {@code node_vmstat_*}: the counters of memory management, named as the kernel names them. */
final class VmstatMetrics implements Subject {
  /** What is told unless the configuration says otherwise: node_exporter's choice. */
  static final String FIELDS = "^(oom_kill|pgpg|pswp|pg.*fault).*";

  private final NamedFamilies families;
  private final VmstatReader reader;

  VmstatMetrics(VmstatReader reader, Filter fields) {
    this.reader = reader;
    families =
        new NamedFamilies(
            fields,
            name -> Family.untyped("node_vmstat_" + name, "Line " + name + " of /proc/vmstat."));
  }

  @Override
  public String name() {
    return "vmstat";
  }

  @Override
  public List<Family> families() {
    return families.families();
  }

  @Override
  public void collect() throws IOException {
    families.add(reader.read());
  }
}
