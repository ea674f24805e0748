package vigie.agent.metric;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.MemoryReader;

/** {@code node_memory_*}: a family for each line that the kernel writes. */
final class MemoryMetrics implements Subject {
  private static final int MAX_FAMILIES = 256;

  private final Map<String, Family> families = new HashMap<>();
  private final MemoryReader reader;

  MemoryMetrics(MemoryReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "meminfo";
  }

  @Override
  public List<Family> families() {
    return List.copyOf(families.values());
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    for (int i = 0; i < reader.count(); i++) {
      String line = reader.name(i);
      Family family = families.get(line);
      if (family == null && families.size() < MAX_FAMILIES) {
        family = family(line, reader.inBytes(i));
        families.put(line, family);
      }
      if (family != null) {
        family.add(reader.value(i));
      }
    }
  }

  private static Family family(String line, boolean inBytes) {
    StringBuilder name = new StringBuilder("node_memory_");
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '(') {
        name.append('_'); // Active(anon) is Active_anon
      } else if (c == '_' || (c < 0x80 && Character.isLetterOrDigit(c))) {
        name.append(c);
      }
    }
    if (inBytes) {
      name.append("_bytes");
    }
    String help = "Line " + line + " of /proc/meminfo" + (inBytes ? ", in bytes." : ".");
    return Family.gauge(name.toString(), help);
  }
}
