package vigie.agent.reader;

import java.util.List;

/**
 * /sys/fs/bcache: sets of caches, the devices that they stand before and the caches themselves.
 * Source: the kernel's Documentation/admin-guide/bcache.rst and drivers/md/bcache/sysfs.c.
 */
public final class BcacheReader {
  private static final int MAX_SETS = 64;
  private static final int MAX_DEVICES = 64;

  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final List<String> ofSet;
  private final List<String> ofBacking;
  private final List<String> ofCache;

  /** Takes the values. */
  public interface Sink {
    /**
     * One value.
     *
     * @param set the cache set's UUID
     * @param device {@code bdev0}, {@code cache0}; empty for what the set as a whole has
     * @param file the file below the device's folder; with {@code #} and the line's name where it
     *     has several lines
     * @param value NaN where there is no such file or it holds no number
     */
    void value(String set, String device, String file, double value);
  }

  /**
   * @param ofSet the files wanted of each set, written as the sink gets them
   * @param ofBacking of each backing device
   * @param ofCache of each cache
   */
  public BcacheReader(
      Roots roots, List<String> ofSet, List<String> ofBacking, List<String> ofCache) {
    this.folder = roots.sysfs() + "/fs/bcache";
    this.ofSet = List.copyOf(ofSet);
    this.ofBacking = List.copyOf(ofBacking);
    this.ofCache = List.copyOf(ofCache);
  }

  /** Reads anew; nothing is told where the kernel has no bcache. */
  public void read(Sink sink) {
    int sets = 0;
    for (String set : SmallFiles.list(folder)) {
      if (set.indexOf('-') > 0 && sets++ < MAX_SETS) {
        tell(set, "", ofSet, sink);
        int devices = 0;
        for (String device : SmallFiles.list(folder + "/" + set)) {
          boolean backing = isNumbered(device, "bdev");
          if ((backing || isNumbered(device, "cache")) && devices++ < MAX_DEVICES) {
            tell(set, device, backing ? ofBacking : ofCache, sink);
          }
        }
      }
    }
  }

  private static boolean isNumbered(String name, String prefix) {
    return name.length() > prefix.length()
        && name.startsWith(prefix)
        && Character.isDigit(name.charAt(prefix.length()));
  }

  private void tell(String set, String device, List<String> wanted, Sink sink) {
    String path = folder + "/" + set + "/" + (device.isEmpty() ? "" : device + "/");
    for (String file : wanted) {
      int line = file.indexOf('#');
      double value =
          line < 0
              ? BinarySize.ofBcache(files.text(path + file))
              : line(path + file.substring(0, line), file.substring(line + 1));
      sink.value(set, device, file, value);
    }
  }

  /** The value behind a name and a colon: {@code rate: 1.1M/sec}, {@code Unused: 99%}. */
  private double line(String path, String name) {
    Bytes in = files.open(path);
    while (in != null) {
      if (in.fieldBefore(':', false) && in.is(name)) {
        String text = in.rest() ? in.text() : "";
        int end = text.endsWith("%") ? text.length() - 1 : text.indexOf("/sec");
        return BinarySize.ofBcache(end < 0 ? text : text.substring(0, end));
      }
      in = in.line() ? in : null;
    }
    return Double.NaN;
  }
}
