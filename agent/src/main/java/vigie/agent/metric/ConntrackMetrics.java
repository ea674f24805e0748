package vigie.agent.metric;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.ConntrackReader;

/** {@code node_nf_conntrack_*}: the table of tracked connections, how full and how busy it is. */
final class ConntrackMetrics implements Subject {
  private final Family entries =
      Family.gauge("node_nf_conntrack_entries", "Connections in the table now.");
  private final Family limit =
      Family.gauge("node_nf_conntrack_entries_limit", "Connections that the table can hold.");

  /** By the reader's index. */
  private final List<Family> sums =
      List.of(
          stat("found", "Lookups that found a connection."),
          stat("invalid", "Packets that cannot be tracked."),
          stat("ignore", "Packets that already belonged to a connection."),
          stat("insert", "Connections put into the table."),
          stat("insert_failed", "Connections that could not be put into the table."),
          stat("drop", "Packets dropped since their connection could not be tracked."),
          stat("early_drop", "Connections dropped to make room for new ones."),
          stat("search_restart", "Lookups begun again since the table was resized."));

  private final List<Family> families = new ArrayList<>(List.of(entries, limit));
  private final ConntrackReader reader;

  ConntrackMetrics(ConntrackReader reader) {
    this.reader = reader;
    families.addAll(sums);
  }

  private static Family stat(String what, String help) {
    return Family.gauge("node_nf_conntrack_stat_" + what, help);
  }

  @Override
  public String name() {
    return "conntrack";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    reader.read();
    entries.add(reader.entries());
    limit.add(reader.limit());
    for (int i = 0; i < sums.size(); i++) {
      sums.get(i).add(reader.sum(i));
    }
  }
}
