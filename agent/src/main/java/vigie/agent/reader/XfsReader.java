package vigie.agent.reader;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * /sys/fs/xfs/DEVICE/stats/stats: what each mounted XFS file system did, as lines of a name and
 * counters. Source: the kernel's fs/xfs/xfs_stats.h.
 */
public final class XfsReader {
  private static final int MAX_VOLUMES = 256;

  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final List<String> lines;
  private final int[] columns;
  private final int width;

  /**
   * @param lines the lines wanted by name
   * @param columns how many counters are wanted of each
   */
  public XfsReader(Roots roots, List<String> lines, int... columns) {
    this.folder = roots.sysfs() + "/fs/xfs";
    this.lines = List.copyOf(lines);
    this.columns = columns.clone();
    this.width = Arrays.stream(columns).sum();
  }

  /** The file systems; none where the kernel has no XFS. */
  public List<Volume> read() {
    List<Volume> volumes = new ArrayList<>();
    for (String name : SmallFiles.list(folder)) {
      Bytes in = files.open(folder + "/" + name + "/stats/stats");
      if (in != null && volumes.size() < MAX_VOLUMES && !name.equals("stats")) {
        volumes.add(new Volume(name, counters(in)));
      }
    }
    return volumes;
  }

  private double[] counters(Bytes first) {
    double[] counters = new double[width];
    Arrays.fill(counters, Double.NaN);
    Bytes in = first;
    while (in != null) {
      int line = in.field() ? indexOf(in) : -1;
      if (line >= 0) {
        int at = 0;
        for (int i = 0; i < line; i++) {
          at += columns[i];
        }
        for (int i = 0; i < columns[line]; i++) {
          counters[at + i] = in.number();
        }
      }
      in = in.line() ? in : null;
    }
    return counters;
  }

  private int indexOf(Bytes in) {
    for (int i = 0; i < lines.size(); i++) {
      if (in.is(lines.get(i))) {
        return i;
      }
    }
    return -1;
  }

  /**
   * A file system.
   *
   * @param counters of the lines wanted, one after the other; NaN where the kernel has none
   */
  @SuppressWarnings("ArrayRecordComponent") // made and read within one scrape
  public record Volume(String device, double[] counters) {}
}
