package vigie.agent.reader;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * /proc/buddyinfo: how many blocks of 1, 2, 4, … pages are free in each zone of memory. Source:
 * proc(5).
 */
public final class BuddyReader implements AutoCloseable {
  private static final int MAX_ZONES = 4096;
  private static final int MAX_SIZES = 32;

  private final KernelFile file;
  private final List<Zone> zones = new ArrayList<>();
  private int count;

  public BuddyReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("buddyinfo"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/buddyinfo cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    while (in.line() && count < MAX_ZONES) {
      if (!in.field() || !in.is("Node") || !in.fieldBefore(',', false)) {
        continue;
      }
      String node = in.text();
      if (!in.field() || !in.is("zone") || !in.field()) {
        continue;
      }
      if (count == zones.size()) {
        zones.add(new Zone());
      }
      Zone zone = zones.get(count++);
      zone.node = node;
      zone.name = in.text();
      zone.sizes = 0;
      while (zone.sizes < MAX_SIZES && in.field()) {
        zone.blocks[zone.sizes++] = in.takenNumber();
      }
    }
  }

  /** The zones, overwritten by the next reading. */
  public List<Zone> zones() {
    return zones.subList(0, count);
  }

  /** One zone of memory. */
  public static final class Zone {
    private String node = "";
    private String name = "";
    private final double[] blocks = new double[MAX_SIZES];
    private int sizes;

    /** The number of the memory's node. */
    public String node() {
      return node;
    }

    public String name() {
      return name;
    }

    /** How many sizes are told. */
    public int sizes() {
      return sizes;
    }

    /** Free blocks of 2 to the power of {@code size} pages. */
    public double blocks(int size) {
      return blocks[size];
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
