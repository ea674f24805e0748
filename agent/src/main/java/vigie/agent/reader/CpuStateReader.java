package vigie.agent.reader;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * /sys/devices/system/cpu: which processors are on line, and which are kept from the scheduler.
 * Source: Documentation/ABI/testing/sysfs-devices-system-cpu of the kernel.
 */
public final class CpuStateReader {
  private static final int MAX_CPUS = 8192;

  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public CpuStateReader(Roots roots) {
    folder = roots.sysfs() + "/devices/system/cpu/";
  }

  /**
   * Whether each processor is on line. Empty where the first one has no such file, as it cannot be
   * taken off line: node_exporter tells nothing then, and other machines pay for one file.
   */
  public Map<Integer, Boolean> online() {
    Map<Integer, Boolean> online = new TreeMap<>();
    if (files.open(folder + "cpu0/online") == null) {
      return online;
    }
    for (String name : SmallFiles.list(folder)) {
      int cpu = number(name, 3);
      if (cpu >= 0 && name.startsWith("cpu")) {
        online.put(cpu, files.number(folder + name + "/online") == 1);
      }
    }
    return online;
  }

  /** The isolated processors; mostly none. */
  public List<Integer> isolated() {
    List<Integer> isolated = new ArrayList<>(0);
    String text = files.text(folder + "isolated");
    if (text.isEmpty()) {
      return isolated;
    }
    for (String part : text.split(",", -1)) {
      int dash = part.indexOf('-');
      int first = number(dash < 0 ? part : part.substring(0, dash), 0);
      int last = dash < 0 ? first : number(part, dash + 1);
      for (int cpu = first; first >= 0 && cpu <= last; cpu++) {
        isolated.add(cpu);
      }
    }
    return isolated;
  }

  /** The digits after {@code skip} characters; -1 where there are none or too many. */
  private static int number(String text, int skip) {
    int value = 0;
    for (int i = skip; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9 || value > MAX_CPUS) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return text.length() > skip && value < MAX_CPUS ? value : -1;
  }
}
