package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.SysctlReader;

/**
 * {@code node_sysctl_*}: the kernel parameters that the configuration names. {@code NAME} gives its
 * number, or its numbers by {@code index}; {@code NAME:KEY,KEY} gives each of its numbers a name.
 * Of parameters whose metrics would have one name the first is told.
 */
final class SysctlMetrics implements Subject {
  private static final int MOST_NUMBERS = 64;

  private final Family info =
      Family.gauge("node_sysctl_info", "Words of a kernel parameter; always 1.");
  private final Map<String, Family> families = new LinkedHashMap<>();
  private final List<Parameter> parameters = new ArrayList<>();
  private final List<String> words;
  private final double[] numbers = new double[MOST_NUMBERS];
  private final SysctlReader sysctl;

  SysctlMetrics(SysctlReader sysctl, List<String> include, List<String> includeInfo) {
    this.sysctl = sysctl;
    this.words = List.copyOf(new LinkedHashSet<>(includeInfo));
    for (String each : include) {
      add(each);
    }
  }

  private void add(String included) {
    int colon = included.indexOf(':');
    String name = colon < 0 ? included : included.substring(0, colon);
    List<String> keys =
        colon < 0 ? List.of() : Arrays.asList(included.substring(colon + 1).split(",", -1));
    List<Family> its = new ArrayList<>();
    for (int i = 0; i < Math.max(1, keys.size()); i++) {
      String key = keys.isEmpty() ? "" : "_" + keys.get(i);
      String metric = "node_sysctl_" + clean(name + key);
      String help = "Kernel parameter " + name + (keys.isEmpty() ? "." : ", number " + i + ".");
      Family family = Family.untyped(metric, help);
      if (families.putIfAbsent(metric, family) != null) {
        return;
      }
      its.add(family);
    }
    parameters.add(new Parameter(name, !keys.isEmpty(), its));
  }

  @Override
  public String name() {
    return "sysctl";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(families.values());
    all.add(info);
    return all;
  }

  @Override
  public void collect() throws NoDataException {
    for (Parameter parameter : parameters) {
      sysctl.numbers(path(parameter.name), numbers);
      int count = 0;
      while (count < MOST_NUMBERS && !Double.isNaN(numbers[count])) {
        count++;
      }
      collect(parameter, count);
    }
    for (String name : words) {
      List<String> values = sysctl.words(path(name));
      for (int i = 0; i < values.size(); i++) {
        String index = String.valueOf(i);
        info.add(Labels.of("name", name, "value", values.get(i), "index", index), 1);
      }
    }
  }

  private void collect(Parameter parameter, int count) throws NoDataException {
    int expected = parameter.families.size();
    if (count == 0 || (parameter.named && count != expected)) {
      String keys = parameter.named ? " for " + expected + " keys" : "";
      throw new NoDataException(
          "sysctl "
              + parameter.name
              + " has "
              + count
              + " numbers"
              + keys
              + "; see sysctl.include");
    }
    for (int i = 0; i < count; i++) {
      if (parameter.named) {
        parameter.families.get(i).add(numbers[i]);
      } else {
        Labels labels = count == 1 ? Labels.EMPTY : Labels.of("index", String.valueOf(i));
        parameter.families.get(0).add(labels, numbers[i]);
      }
    }
  }

  /** As sysctl(8) has it: dots for slashes. */
  private static String path(String name) {
    return name.replace('.', '/');
  }

  private static String clean(String name) {
    StringBuilder cleaned = new StringBuilder(name);
    for (int i = 0; i < cleaned.length(); i++) {
      char c = cleaned.charAt(i);
      if (c >= 0x80 || !Character.isLetterOrDigit(c)) {
        cleaned.setCharAt(i, '_');
      }
    }
    return cleaned.toString();
  }

  /**
   * A parameter.
   *
   * @param named whether each of its numbers has a family, else they share one
   */
  private record Parameter(String name, boolean named, List<Family> families) {}
}
