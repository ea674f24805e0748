package vigie.agent.reader;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * /sys/fs/btrfs: the mounted btrfs file systems. Source: the kernel's fs/btrfs/sysfs.c, btrfs(5).
 */
public final class BtrfsReader {
  /** The kinds of block groups. */
  public static final List<String> KINDS = List.of("data", "metadata", "system");

  /** The errors that are counted of each device. */
  public static final List<String> ERRORS =
      List.of("write_errs", "read_errs", "flush_errs", "corruption_errs", "generation_errs");

  private static final List<String> COMMITS =
      List.of("commits", "last_commit_ms", "max_commit_ms", "total_commit_ms");
  private static final double BYTES_PER_SECTOR = 512;
  private static final int MAX = 256;

  private final SmallFiles files = new SmallFiles();
  private final String folder;

  public BtrfsReader(Roots roots) {
    folder = roots.sysfs() + "/fs/btrfs";
  }

  /** The file systems; none where the kernel has no btrfs. */
  public List<Volume> read() {
    List<Volume> volumes = new ArrayList<>();
    for (String name : SmallFiles.list(folder)) {
      // Beside the folders named by identity there is one of the kernel's features.
      if (name.indexOf('-') > 0 && volumes.size() < MAX) {
        volumes.add(volume(name, folder + "/" + name));
      }
    }
    return volumes;
  }

  private Volume volume(String name, String path) {
    String uuid = files.text(path + "/metadata_uuid");
    List<Drive> drives = new ArrayList<>();
    for (String drive : names(path + "/devices")) {
      double sectors = files.number(path + "/devices/" + drive + "/size");
      drives.add(new Drive(drive, sectors * BYTES_PER_SECTOR));
    }
    List<Group> groups = new ArrayList<>();
    for (String kind : KINDS) {
      group(kind, path + "/allocation/" + kind, drives.size(), groups);
    }
    List<Errors> errors = new ArrayList<>();
    for (String id : names(path + "/devinfo")) {
      errors.add(new Errors(id, values(path + "/devinfo/" + id + "/error_stats", ERRORS)));
    }
    return new Volume(
        uuid.isEmpty() ? name : uuid,
        files.text(path + "/label"),
        files.number(path + "/allocation/global_rsv_size"),
        values(path + "/commit_stats", COMMITS),
        drives,
        groups,
        errors);
  }

  private static List<String> names(String path) {
    String[] names = SmallFiles.list(path);
    return List.of(names).subList(0, Math.min(names.length, MAX));
  }

  private void group(String kind, String path, int drives, List<Group> groups) {
    double reserved = files.number(path + "/bytes_reserved");
    List<Layout> layouts = new ArrayList<>();
    for (String mode : names(path)) {
      // Attributes of the group lie beside the folders of its layouts; only these have no "_".
      if (mode.indexOf('_') < 0) {
        double total = files.number(path + "/" + mode + "/total_bytes");
        double used = files.number(path + "/" + mode + "/used_bytes");
        if (!Double.isNaN(total)) {
          layouts.add(new Layout(mode, total, used, ratio(mode, drives)));
        }
      }
    }
    groups.add(new Group(kind, reserved, layouts));
  }

  /** How many bytes on the drives a byte takes. */
  private static double ratio(String mode, int drives) {
    return switch (mode) {
      case "single", "raid0" -> 1;
      case "dup", "raid1", "raid10" -> 2;
      case "raid1c3" -> 3;
      case "raid1c4" -> 4;
      case "raid5" -> drives / (drives - 1.0);
      case "raid6" -> drives / (drives - 2.0);
      default -> 0;
    };
  }

  /** The numbers of a file of lines {@code NAME NUMBER}; NaN for those that it lacks. */
  private double[] values(String path, List<String> names) {
    double[] values = new double[names.size()];
    Arrays.fill(values, Double.NaN);
    Bytes in = files.open(path);
    while (in != null) {
      if (in.field()) {
        for (int i = 0; i < values.length; i++) {
          if (in.is(names.get(i))) {
            values[i] = in.number();
            break;
          }
        }
      }
      in = in.line() ? in : null;
    }
    return values;
  }

  /**
   * A file system. Numbers are NaN where an older kernel does not tell them.
   *
   * @param commits how many, then the milliseconds of the last, of the longest, and of all
   */
  @SuppressWarnings("ArrayRecordComponent") // made and read within one scrape
  public record Volume(
      String uuid,
      String label,
      double globalReserveBytes,
      double[] commits,
      List<Drive> drives,
      List<Group> groups,
      List<Errors> errors) {}

  /** A device of a file system. */
  public record Drive(String name, double sizeBytes) {}

  /** Block groups of one kind. */
  public record Group(String kind, double reservedBytes, List<Layout> layouts) {}

  /**
   * How blocks of a kind are spread over the devices.
   *
   * @param ratio bytes on the devices for a byte; 0: unknown
   */
  public record Layout(String mode, double totalBytes, double usedBytes, double ratio) {}

  /** Errors of a device by its number in the file system, in the order of {@link #ERRORS}. */
  @SuppressWarnings("ArrayRecordComponent") // as above
  public record Errors(String id, double[] counts) {}
}
