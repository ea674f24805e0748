package vigie.agent.reader;

import java.util.Arrays;
import java.util.Set;

/**
 * /sys/fs/bcachefs/UUID: what each mounted bcachefs did. Source: bcachefs's fs/bcachefs/sysfs.c.
 */
public final class BcachefsReader {
  private static final int MAX_ENTRIES = 256;
  private static final Set<String> OPERATIONS = Set.of("read", "write");

  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public BcachefsReader(Roots roots) {
    this.folder = roots.sysfs() + "/fs/bcachefs";
  }

  /** Takes the values; NaN is one that is not there or not a number. */
  public interface Sink {
    /** A file system and the memory that its trees take, in bytes. */
    void volume(String uuid, double cacheBytes);

    /** What an algorithm made of the data, in bytes. */
    void compression(String uuid, String algorithm, double compressed, double uncompressed);

    /** How often an error happened. */
    void error(String uuid, String type, double count);

    /** A counter by the kernel's name, since the file system was made. */
    void counter(String uuid, String name, double count);

    /** Writes of the trees of a kind, and their mean size in bytes. */
    void treeWrites(String uuid, String type, double count, double meanBytes);

    /** A device that the file system is on. */
    void device(
        String uuid,
        String device,
        String label,
        String state,
        double bucketBytes,
        double buckets,
        double durability);

    /** Bytes that were read or written of a kind of data. */
    void done(String uuid, String device, String operation, String type, double bytes);

    /** Errors of a device. */
    void deviceError(String uuid, String device, String type, double count);
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when no bcachefs is mounted
   */
  public void read(Sink sink) throws NoDataException {
    String[] volumes = SmallFiles.list(folder);
    if (volumes.length == 0) {
      throw new NoDataException(folder);
    }
    for (int i = 0; i < Math.min(volumes.length, MAX_ENTRIES); i++) {
      volume(volumes[i], folder + "/" + volumes[i] + "/", sink);
    }
  }

  private void volume(String uuid, String path, Sink sink) {
    sink.volume(uuid, size(path + "btree_cache_size"));
    Bytes in = files.open(path + "compression_stats");
    while (in != null && in.line()) {
      if (in.field()) {
        sink.compression(uuid, withoutColon(in.text()), size(in), size(in));
      }
    }
    in = files.open(path + "errors");
    while (in != null) {
      if (in.field()) {
        sink.error(uuid, in.text(), in.number());
      }
      in = in.line() ? in : null;
    }
    for (String name : list(path + "counters")) {
      sink.counter(uuid, name, sinceCreation(path + "counters/" + name));
    }
    in = files.open(path + "btree_write_stats");
    while (in != null && in.line()) {
      if (in.field()) {
        sink.treeWrites(uuid, withoutColon(in.text()), in.number(), size(in));
      }
    }
    for (String name : list(path)) {
      if (name.startsWith("dev-")) {
        device(uuid, name.substring("dev-".length()), path + name + "/", sink);
      }
    }
  }

  private void device(String uuid, String device, String path, Sink sink) {
    sink.device(
        uuid,
        device,
        files.text(path + "label"),
        files.text(path + "state"),
        size(path + "bucket_size"),
        files.number(path + "nbuckets"),
        files.number(path + "durability"));
    Bytes in = files.open(path + "io_done");
    String operation = "";
    while (in != null) {
      if (in.fieldBefore(':', false)) {
        String name = in.text().strip();
        double bytes = in.number();
        if (Double.isNaN(bytes) && OPERATIONS.contains(name)) {
          operation = name;
        } else if (!operation.isEmpty()) {
          sink.done(uuid, device, operation, name, bytes);
        }
      }
      in = in.line() ? in : null;
    }
    // Two lists, each below a title without a number: since creation, and since a reset.
    in = files.open(path + "io_errors");
    while (in != null && in.line() && in.fieldBefore(':', false)) {
      sink.deviceError(uuid, device, in.text().strip(), in.number());
    }
  }

  private double sinceCreation(String path) {
    Bytes in = files.open(path);
    while (in != null) {
      if (in.fieldBefore(':', false) && in.is("since filesystem creation")) {
        return size(in);
      }
      in = in.line() ? in : null;
    }
    return Double.NaN;
  }

  private double size(String path) {
    return BinarySize.parse(files.text(path));
  }

  private static double size(Bytes in) {
    return in.field() ? BinarySize.parse(in.text()) : Double.NaN;
  }

  private static String withoutColon(String text) {
    return text.endsWith(":") ? text.substring(0, text.length() - 1) : text;
  }

  private static String[] list(String path) {
    String[] names = SmallFiles.list(path);
    return names.length <= MAX_ENTRIES ? names : Arrays.copyOf(names, MAX_ENTRIES);
  }
}
