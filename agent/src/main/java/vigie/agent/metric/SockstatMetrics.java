package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.SockstatReader;

/** {@code node_sockstat_*}: sockets in use by protocol, and their memory. */
final class SockstatMetrics implements Subject {
  private static final Filter KNOWN =
      Filter.of("^sockets_used$|_(inuse|orphan|tw|alloc|mem|mem_bytes|memory)$", null);

  private final NamedFamilies families = new NamedFamilies(KNOWN, SockstatMetrics::family);
  private final SockstatReader reader;

  SockstatMetrics(SockstatReader reader) {
    this.reader = reader;
  }

  private static Family family(String name) {
    int split = name.indexOf('_');
    String protocol = name.substring(0, split);
    String help =
        switch (name.substring(split + 1)) {
          case "used" -> "Sockets in use, of all protocols.";
          case "inuse" -> "Sockets of " + protocol + " in use.";
          case "orphan" -> "Sockets of " + protocol + " that belong to no process any more.";
          case "tw" -> "Sockets of " + protocol + " that wait in TIME_WAIT.";
          case "alloc" -> "Sockets of " + protocol + " allocated.";
          case "mem" -> "Memory of " + protocol + " buffers, in pages.";
          case "mem_bytes" -> "Memory of " + protocol + " buffers, in bytes.";
          default -> "Memory of " + protocol + " queues, in bytes.";
        };
    return Family.gauge("node_sockstat_" + name, help);
  }

  @Override
  public String name() {
    return "sockstat";
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
