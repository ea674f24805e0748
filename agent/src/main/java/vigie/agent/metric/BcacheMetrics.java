package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.BcacheReader;
import vigie.agent.reader.Roots;

/** {@code node_bcache_*}: disks behind caches on faster ones. */
final class BcacheMetrics implements Subject {
  private static final double MICROS = 1e-6;

  private final Map<String, Column> ofSet = new LinkedHashMap<>();
  private final Map<String, Column> ofBacking = new LinkedHashMap<>();
  private final Map<String, Column> ofCache = new LinkedHashMap<>();
  private final LabelCache<String> labels = LabelCache.of("uuid");
  private final LabelCache<List<String>> backing =
      new LabelCache<>(of -> Labels.of("uuid", of.get(0), "backing_device", of.get(1)));
  private final LabelCache<List<String>> caches =
      new LabelCache<>(of -> Labels.of("uuid", of.get(0), "cache_device", of.get(1)));
  private final BcacheReader reader;

  /**
   * @param priorities whether to tell how the caches are filled, which costs the kernel a pass over
   *     all of their buckets
   */
  BcacheMetrics(Roots roots, boolean priorities) {
    gauge(ofSet, "average_key_size", "average_key_size_sectors", "Data of a key, in sectors.");
    gauge(ofSet, "btree_cache_size", "btree_cache_size_bytes", "Memory that the tree takes.");
    gauge(ofSet, "cache_available_percent", "cache_available_percent", "Cache without dirty data.");
    gauge(ofSet, "congested", "congested", "How congested the cache is; 0 when it is not.");
    gauge(ofSet, "root_usage_percent", "root_usage_percent", "How full the tree's root is.");
    gauge(ofSet, "tree_depth", "tree_depth", "Depth of the tree.");
    gauge(
        ofSet,
        "internal/active_journal_entries",
        "active_journal_entries",
        "Journal entries newer than the index.");
    gauge(ofSet, "internal/btree_nodes", "btree_nodes", "Nodes of the tree.");
    ofSet.put(
        "internal/btree_read_average_duration_us",
        new Column(
            Family.gauge(
                "node_bcache_btree_read_average_duration_seconds",
                "How long reading a node of the tree takes, in seconds."),
            MICROS));
    counter(
        ofSet,
        "internal/cache_read_races",
        "cache_read_races",
        "Reads from the cache whose bucket was given to others meanwhile.");
    gauge(ofBacking, "dirty_data", "dirty_data_bytes", "Data that is only in the cache yet.");
    rate("target", "dirty_target_bytes", "How much dirty data is aimed at.");
    rate("rate", "writeback_rate", "Bytes a second written back from the cache.");
    rate(
        "proportional",
        "writeback_rate_proportional_term",
        "What the distance from the target adds to the rate.");
    rate(
        "integral",
        "writeback_rate_integral_term",
        "What the distance over time adds to the rate.");
    rate("change", "writeback_change", "How the rate changed last.");
    total("bypassed", "bypassed_bytes", "Bytes read and written past the cache.");
    total("cache_hits", "cache_hits", "Requests answered from the cache.");
    total("cache_misses", "cache_misses", "Requests not answered from the cache.");
    total("cache_bypass_hits", "cache_bypass_hits", "Hits of requests meant to pass the cache.");
    total(
        "cache_bypass_misses",
        "cache_bypass_misses",
        "Misses of requests meant to pass the cache.");
    total(
        "cache_miss_collisions",
        "cache_miss_collisions",
        "Misses whose data was in the cache when it was to be put there.");
    gauge(ofCache, "io_errors", "io_errors", "Recent errors of the cache, decaying.");
    counter(ofCache, "metadata_written", "metadata_written_bytes", "Bytes written but for data.");
    counter(ofCache, "written", "written_bytes", "Bytes written to the cache.");
    if (priorities) {
      gauge(
          ofCache,
          "priority_stats#Unused",
          "priority_stats_unused_percent",
          "Part of the cache without data.");
      gauge(
          ofCache,
          "priority_stats#Metadata",
          "priority_stats_metadata_percent",
          "Part of the cache that holds what is not data.");
    }
    reader =
        new BcacheReader(
            roots,
            List.copyOf(ofSet.keySet()),
            List.copyOf(ofBacking.keySet()),
            List.copyOf(ofCache.keySet()));
  }

  private record Column(Family family, double by) {}

  private static void gauge(Map<String, Column> of, String file, String what, String help) {
    of.put(file, new Column(Family.gauge("node_bcache_" + what, help), 1));
  }

  private static void counter(Map<String, Column> of, String file, String what, String help) {
    of.put(file, new Column(Family.counter("node_bcache_" + what + "_total", help), 1));
  }

  private void rate(String line, String what, String help) {
    gauge(ofBacking, "writeback_rate_debug#" + line, what, help);
  }

  private void total(String file, String what, String help) {
    counter(ofBacking, "stats_total/" + file, what, help);
  }

  @Override
  public String name() {
    return "bcache";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>();
    for (Map<String, Column> columns : List.of(ofSet, ofBacking, ofCache)) {
      columns.values().forEach(column -> all.add(column.family));
    }
    return all;
  }

  @Override
  public void collect() {
    reader.read(
        (set, device, file, value) -> {
          if (device.isEmpty()) {
            add(ofSet.get(file), labels.get(set), value);
          } else if (device.startsWith("bdev")) {
            add(ofBacking.get(file), backing.get(List.of(set, device)), value);
          } else {
            add(ofCache.get(file), caches.get(List.of(set, device)), value);
          }
        });
  }

  private static void add(@Nullable Column column, Labels labels, double value) {
    if (column != null) {
      column.family.add(labels, value * column.by);
    }
  }
}
