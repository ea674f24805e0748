package vigie.agent.reader;

import java.util.ArrayList;
import java.util.List;

/** /sys/devices/system/clocksource: which counters the kernel could use and uses for its time. */
public final class ClockSourceReader {
  private static final String PREFIX = "clocksource";

  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public ClockSourceReader(Roots roots) {
    folder = roots.sysfs() + "/devices/system/clocksource";
  }

  /** The clock sources; empty without /sys. */
  public List<ClockSource> read() {
    List<ClockSource> sources = new ArrayList<>(1);
    for (String name : SmallFiles.list(folder)) {
      if (!name.startsWith(PREFIX)) {
        continue;
      }
      String path = folder + "/" + name;
      List<String> available = new ArrayList<>();
      Bytes line = files.open(path + "/available_clocksource");
      while (line != null && line.field()) {
        available.add(line.text());
      }
      String current = files.text(path + "/current_clocksource");
      sources.add(new ClockSource(name.substring(PREFIX.length()), available, current));
    }
    return sources;
  }

  /**
   * One folder of it.
   *
   * @param device the digits after {@code clocksource}
   */
  public record ClockSource(String device, List<String> available, String current) {
    public ClockSource {
      available = List.copyOf(available);
    }
  }
}
