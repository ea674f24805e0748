package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import vigie.agent.reader.BcachefsReader;
import vigie.agent.reader.Roots;

/** {@code node_bcachefs_*}: what mounted bcachefs did, one family for each counter it has. */
final class BcachefsMetrics implements Subject, BcachefsReader.Sink {
  private final Family info = gauge("info", "A bcachefs that is mounted; always 1.");
  private final Family treeCache =
      gauge("btree_cache_size_bytes", "Memory that the file system's trees take.");
  private final Family compressed =
      gauge("compression_compressed_bytes", "Data by algorithm, as it is on disk.");
  private final Family uncompressed =
      gauge("compression_uncompressed_bytes", "Data by algorithm, before it was compressed.");
  private final Family errors = counter("errors_total", "Errors that were found, by type.");
  private final Family writes = counter("btree_writes_total", "Writes of trees, by cause.");
  private final Family writeSize =
      gauge("btree_write_average_size_bytes", "Mean size of the writes of trees, by cause.");
  private final Family device = gauge("device_info", "A device of the file system; always 1.");
  private final Family bucketSize =
      gauge("device_bucket_size_bytes", "Size of the device's buckets.");
  private final Family buckets = gauge("device_buckets", "Buckets of the device.");
  private final Family durability =
      gauge("device_durability", "For how many copies one on the device counts.");
  private final Family done =
      counter("device_io_done_bytes_total", "Bytes read and written, by kind of data.");
  private final Family deviceErrors =
      counter("device_io_errors_total", "Errors of the device since the file system was made.");
  private final List<Family> fixed =
      List.of(
          info,
          treeCache,
          compressed,
          uncompressed,
          errors,
          writes,
          writeSize,
          device,
          bucketSize,
          buckets,
          durability,
          done,
          deviceErrors);
  private final Set<String> taken = fixed.stream().map(Family::name).collect(Collectors.toSet());
  private final FamilyMap counters = new FamilyMap();
  private final LabelCache<List<String>> labels =
      new LabelCache<>(pairs -> Labels.of(pairs.toArray(new String[0])));
  private final BcachefsReader reader;

  BcachefsMetrics(Roots roots) {
    reader = new BcachefsReader(roots);
  }

  private static Family gauge(String what, String help) {
    return Family.gauge("node_bcachefs_" + what, help);
  }

  private static Family counter(String what, String help) {
    return Family.counter("node_bcachefs_" + what, help);
  }

  @Override
  public String name() {
    return "bcachefs";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(fixed);
    all.addAll(counters.all());
    return all;
  }

  @Override
  public void collect() throws IOException {
    reader.read(this);
  }

  private Labels of(String... pairs) {
    return labels.get(List.of(pairs));
  }

  @Override
  public void volume(String uuid, double cacheBytes) {
    info.add(of("uuid", uuid), 1);
    treeCache.add(of("uuid", uuid), cacheBytes);
  }

  @Override
  public void compression(String uuid, String algorithm, double on, double before) {
    Labels of = of("uuid", uuid, "algorithm", algorithm);
    compressed.add(of, on);
    uncompressed.add(of, before);
  }

  @Override
  public void error(String uuid, String type, double count) {
    errors.add(of("uuid", uuid, "error_type", type), count);
  }

  @Override
  public void counter(String uuid, String name, double count) {
    String family = "node_bcachefs_" + plain(name) + "_total";
    if (!taken.contains(family)) {
      String help = "How often " + name + " happened since the file system was made.";
      counters.get(family, any -> Family.counter(family, help)).add(of("uuid", uuid), count);
    }
  }

  /** What may not stand in a metric's name becomes an underscore. */
  private static String plain(String name) {
    StringBuilder plain = new StringBuilder(name);
    for (int i = 0; i < plain.length(); i++) {
      char c = plain.charAt(i);
      if (c >= 0x80 || !Character.isLetterOrDigit(c)) {
        plain.setCharAt(i, '_');
      }
    }
    return plain.toString();
  }

  @Override
  public void treeWrites(String uuid, String type, double count, double meanBytes) {
    writes.add(of("uuid", uuid, "type", type), count);
    writeSize.add(of("uuid", uuid, "type", type), meanBytes);
  }

  @Override
  public void device(
      String uuid,
      String name,
      String label,
      String state,
      double bucketBytes,
      double bucketCount,
      double copies) {
    device.add(of("uuid", uuid, "device", name, "label", label, "state", state), 1);
    Labels of = of("uuid", uuid, "device", name);
    bucketSize.add(of, bucketBytes);
    buckets.add(of, bucketCount);
    durability.add(of, copies);
  }

  @Override
  public void done(String uuid, String name, String operation, String type, double bytes) {
    done.add(of("uuid", uuid, "device", name, "operation", operation, "data_type", type), bytes);
  }

  @Override
  public void deviceError(String uuid, String name, String type, double count) {
    deviceErrors.add(of("uuid", uuid, "device", name, "type", type), count);
  }
}
