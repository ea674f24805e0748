package vigie.agent.reader;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * /proc/diskstats: what each block device did since boot. Source: Documentation/admin-guide/
 * iostats.rst of the kernel; sectors are of 512 bytes whatever the disk has.
 */
public final class DiskReader implements AutoCloseable {
  /** The columns after the name, in the kernel's order; times are in milliseconds. */
  public static final int READS = 0,
      READS_MERGED = 1,
      SECTORS_READ = 2,
      READ_MS = 3,
      WRITES = 4,
      WRITES_MERGED = 5,
      SECTORS_WRITTEN = 6,
      WRITE_MS = 7,
      IN_PROGRESS = 8,
      IO_MS = 9,
      WEIGHTED_IO_MS = 10,
      DISCARDS = 11,
      DISCARDS_MERGED = 12,
      SECTORS_DISCARDED = 13,
      DISCARD_MS = 14,
      FLUSHES = 15,
      FLUSH_MS = 16;

  private static final int COLUMNS = 17;
  private static final int MAX_DISKS = 4096;

  private final KernelFile file;
  private final List<Disk> disks = new ArrayList<>();
  private int count;

  public DiskReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("diskstats"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/diskstats cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    while (in.line() && count < MAX_DISKS) {
      double major = in.number();
      double minor = in.number();
      if (Double.isNaN(major) || Double.isNaN(minor) || !in.field()) {
        continue;
      }
      if (count == disks.size()) {
        disks.add(new Disk());
      }
      Disk disk = disks.get(count++);
      disk.name = in.text();
      disk.major = (int) major;
      disk.minor = (int) minor;
      for (int column = 0; column < COLUMNS; column++) {
        disk.values[column] = in.number();
      }
    }
  }

  /** The block devices, overwritten by the next reading. */
  public List<Disk> disks() {
    return disks.subList(0, count);
  }

  /** One line of the file. */
  public static final class Disk {
    private String name = "";
    private int major;
    private int minor;
    private final double[] values = new double[COLUMNS];

    public String name() {
      return name;
    }

    public int major() {
      return major;
    }

    public int minor() {
      return minor;
    }

    /** The value of a column; NaN where this kernel does not tell it. */
    public double value(int column) {
      return values[column];
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
