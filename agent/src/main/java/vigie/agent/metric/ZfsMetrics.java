package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import vigie.agent.reader.Roots;
import vigie.agent.reader.ZfsReader;

/** {@code node_zfs_*}: the counters of OpenZFS, under its own names. */
final class ZfsMetrics implements Subject, ZfsReader.Sink {
  private static final String[] FILES = {
    "abdstats",
    "arcstats",
    "dbufstats",
    "dmu_tx",
    "dnodestats",
    "fm",
    "vdev_cache_stats",
    "vdev_mirror_stats",
    "xuio_stats",
    "zfetchstats",
    "zil"
  };
  private static final String[] PREFIXES = {
    "abd",
    "arc",
    "dbuf",
    "dmu_tx",
    "dnode",
    "fm",
    "vdev_cache",
    "vdev_mirror",
    "xuio",
    "zfetch",
    "zil"
  };
  private static final String[] STATES = {
    "online", "degraded", "faulted", "offline", "removed", "unavail", "suspended"
  };

  private final FamilyMap families = new FamilyMap();
  private final Map<String, Family>[] partFamilies = maps();
  private final Map<String, Family> poolFamilies = new HashMap<>();
  private final Map<String, Family> setFamilies = new HashMap<>();
  private final Family state;
  private final LabelCache<String> poolLabels = LabelCache.of("zpool");
  private final LabelCache<List<String>> setLabels =
      new LabelCache<>(pair -> Labels.of("dataset", pair.get(1), "zpool", pair.get(0)));
  private final LabelCache<List<String>> stateLabels =
      new LabelCache<>(pair -> Labels.of("state", pair.get(1), "zpool", pair.get(0)));
  private final ZfsReader reader;

  ZfsMetrics(Roots roots) {
    reader = new ZfsReader(roots, FILES);
    state =
        families.get(
            "node_zfs_zpool_state",
            name -> Family.gauge(name, "Whether the pool is in the state."));
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of maps cannot be made otherwise
  private static Map<String, Family>[] maps() {
    Map<String, Family>[] maps = new Map[FILES.length];
    for (int i = 0; i < maps.length; i++) {
      maps[i] = new HashMap<>();
    }
    return maps;
  }

  @Override
  public String name() {
    return "zfs";
  }

  @Override
  public List<Family> families() {
    return families.all();
  }

  @Override
  public void collect() throws IOException {
    reader.read(this);
  }

  @Override
  public void part(int part, String name, double value) {
    family(partFamilies[part], PREFIXES[part] + "_", name, FILES[part]).add(value);
  }

  @Override
  public void pool(String pool, String name, double value) {
    family(poolFamilies, "zpool_", name, "POOL/io").add(poolLabels.get(pool), value);
  }

  @Override
  public void set(String pool, String set, String name, double value) {
    family(setFamilies, "zpool_dataset_", name, "POOL/objset-*")
        .add(setLabels.get(List.of(pool, set)), value);
  }

  @Override
  public void state(String pool, String now) {
    for (String one : STATES) {
      state.add(stateLabels.get(List.of(pool, one)), one.equals(now) ? 1 : 0);
    }
  }

  private Family family(Map<String, Family> known, String prefix, String name, String file) {
    Family family = known.get(name);
    if (family == null) {
      family =
          families.get(
              "node_zfs_" + prefix + name.replace('-', '_'),
              full ->
                  Family.untyped(full, "Value " + name + " of /proc/spl/kstat/zfs/" + file + "."));
      known.put(name, family);
    }
    return family;
  }
}
