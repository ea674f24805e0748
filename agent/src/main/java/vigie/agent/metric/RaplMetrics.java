package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.NoDataException;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/**
 * {@code node_rapl_*_joules_total}: energy that parts of the processor used, which the kernel tells
 * root only.
 */
final class RaplMetrics implements Subject {
  private static final double MICRO = 1e6;

  private final FamilyMap families = new FamilyMap();
  private final LabelCache<List<String>> labels =
      new LabelCache<>(pair -> Labels.of("index", pair.get(0), "path", pair.get(1)));
  private final SysDevices zones;
  private final boolean zoneLabel;

  /**
   * @param zoneLabel one metric for all zones, which are told apart by a label
   */
  RaplMetrics(Roots roots, boolean zoneLabel) {
    this.zones = new SysDevices(roots, "class/powercap", "", List.of("energy_uj"), List.of("name"));
    this.zoneLabel = zoneLabel;
  }

  @Override
  public String name() {
    return "rapl";
  }

  @Override
  public List<Family> families() {
    return families.all();
  }

  @Override
  public void collect() throws IOException {
    zones.readOrFail();
    Map<String, Integer> uses = new HashMap<>();
    for (Device zone : zones.devices()) {
      if (!zone.text(0).isEmpty()) {
        collect(zone, uses);
      }
    }
  }

  private void collect(Device zone, Map<String, Integer> uses) throws NoDataException {
    if (Double.isNaN(zone.number(0))) {
      throw new NoDataException(zone.path() + "/energy_uj may be read by root only");
    }
    // package-1 has its number in the name; of zones of one name each has the next.
    String name = zone.text(0);
    int dash = name.indexOf('-');
    Integer index = dash < 0 ? null : number(name.substring(dash + 1));
    if (index == null) {
      index = uses.getOrDefault(name, 0);
    } else {
      name = name.substring(0, dash);
    }
    uses.put(name, index + 1);
    Labels of = labels.get(List.of(String.valueOf(index), zone.path()));
    double joules = zone.number(0) / MICRO;
    if (zoneLabel) {
      family("joules_total", "the zone").add(of.merge(Labels.of("rapl_zone", name)), joules);
    } else {
      family(sanitized(name) + "_joules_total", name).add(of, joules);
    }
  }

  private Family family(String suffix, String what) {
    String help = "Energy that " + what + " used, in joules; starts over from 0 now and then.";
    return families.get("node_rapl_" + suffix, name -> Family.counter(name, help));
  }

  private static @Nullable Integer number(String text) {
    if (text.isEmpty() || text.length() > 9) {
      return null;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return null;
      }
    }
    return Integer.valueOf(text);
  }

  /** Each run of what a metric's name may not have, and of underscores beside it, becomes one. */
  private static String sanitized(String name) {
    StringBuilder sanitized = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean taken = (c < 0x80 && Character.isLetterOrDigit(c)) || c == '_';
      boolean last = sanitized.length() > 0 && sanitized.charAt(sanitized.length() - 1) == '_';
      if (taken || !last) {
        sanitized.append(taken ? c : '_');
      }
    }
    return sanitized.toString();
  }
}
