package vigie.agent.metric;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.SelinuxReader;

/** {@code node_selinux_*}: whether SELinux is on, and its cache of decisions. */
final class SelinuxMetrics implements Subject {
  private final Family enabled = Family.gauge("node_selinux_enabled", "Whether SELinux is on.");
  private final Family configMode =
      Family.gauge(
          "node_selinux_config_mode", "1 configured to enforce, 0 to log only, -1 to be off.");
  private final Family currentMode =
      Family.gauge("node_selinux_current_mode", "1 enforces, 0 logs only.");
  private final Family threshold =
      Family.gauge("node_selinux_avc_threshold", "Decisions that the cache may hold.");

  /** By the reader's name. */
  private final Map<String, Family> cache = new LinkedHashMap<>();

  private final List<Family> families =
      new ArrayList<>(List.of(enabled, configMode, currentMode, threshold));
  private final SelinuxReader reader;

  SelinuxMetrics(SelinuxReader reader) {
    this.reader = reader;
    counter("lookups", "Decisions looked up in the cache.");
    counter("hits", "Decisions found in the cache.");
    counter("misses", "Decisions not found in the cache.");
    counter("allocations", "Entries made in the cache.");
    counter("reclaims", "Entries used again for another decision.");
    counter("frees", "Entries freed.");
    cache.put("entries", Family.gauge("node_selinux_avc_hash_entries", "Entries of the cache."));
    cache.put(
        "buckets_available",
        Family.gauge("node_selinux_avc_hash_buckets_available", "Buckets of the cache."));
    cache.put(
        "buckets_used",
        Family.gauge("node_selinux_avc_hash_buckets_used", "Buckets that hold an entry."));
    cache.put(
        "longest_chain",
        Family.gauge("node_selinux_avc_hash_longest_chain", "Entries in the fullest bucket."));
    families.addAll(cache.values());
  }

  private void counter(String what, String help) {
    cache.put(what, Family.counter("node_selinux_avc_" + what + "_total", help));
  }

  @Override
  public String name() {
    return "selinux";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    boolean on = reader.read();
    enabled.add(on ? 1 : 0);
    if (on) {
      configMode.add(reader.configured());
      currentMode.add(reader.enforcing());
      threshold.add(reader.threshold());
      cache.forEach((name, family) -> family.add(reader.value(name)));
    }
  }
}
