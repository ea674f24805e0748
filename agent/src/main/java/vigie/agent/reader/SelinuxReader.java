package vigie.agent.reader;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * SELinux under /sys/fs/selinux and in /etc/selinux/config: whether it is on, what it enforces, and
 * its cache of decisions. Source: the kernel's security/selinux/selinuxfs.c.
 */
public final class SelinuxReader implements AutoCloseable {
  private static final int MAX_LINES = 10_000;

  private final String folder;
  private final String configPath;
  private final KernelFile cacheStats;
  private final KernelFile hashStats;
  private final SmallFiles files = new SmallFiles();
  private final Map<String, Double> values = new HashMap<>();

  public SelinuxReader(Roots roots) {
    folder = roots.sysfs() + "/fs/selinux";
    configPath = roots.inRoot("etc/selinux/config").toString();
    cacheStats = new KernelFile(roots.sysfs().resolve("fs/selinux/avc/cache_stats"));
    hashStats = new KernelFile(roots.sysfs().resolve("fs/selinux/avc/hash_stats"));
  }

  /**
   * Reads anew; false where SELinux is off, and nothing else is told then.
   *
   * @throws IOException when it is on and its numbers cannot be read
   */
  public boolean read() throws IOException {
    values.clear();
    // The folder is there, and empty, wherever the kernel could have SELinux.
    if (!SmallFiles.exists(folder + "/enforce")) {
      return false;
    }
    readCacheStats(cacheStats.read());
    Bytes in = hashStats.read();
    while (in.line()) {
      if (in.fieldBefore(':', false)) {
        readHashLine(in);
      }
    }
    return true;
  }

  /** A line of names, then a line of numbers for each processor: they are summed. */
  private void readCacheStats(Bytes in) {
    String[] names = new String[16];
    int count = 0;
    if (in.line()) {
      while (count < names.length && in.field()) {
        names[count++] = in.text();
      }
    }
    for (int line = 0; line < MAX_LINES && in.line(); line++) {
      for (int i = 0; i < count; i++) {
        values.merge(names[i], in.number(), Double::sum);
      }
    }
  }

  private void readHashLine(Bytes in) {
    if (in.is("entries")) {
      values.put("entries", in.number());
    } else if (in.is("longest chain")) {
      values.put("longest_chain", in.number());
    } else if (in.is("buckets used") && in.fieldBefore('/', false)) {
      values.put("buckets_used", in.takenNumber());
      values.put("buckets_available", in.number());
    }
  }

  /**
   * A number of the cache: {@code lookups}, {@code hits}, {@code misses}, {@code allocations},
   * {@code reclaims}, {@code frees}; {@code entries}, {@code buckets_used}, {@code
   * buckets_available}, {@code longest_chain}. NaN where not told.
   */
  public double value(String name) {
    return values.getOrDefault(name, Double.NaN);
  }

  /** Beyond how many entries the cache gives some up. */
  public double threshold() {
    return files.number(folder + "/avc/cache_threshold");
  }

  /** 1 where what is forbidden is prevented, 0 where it is only logged. */
  public double enforcing() {
    return files.number(folder + "/enforce");
  }

  /** The same as configured for the next boot; -1 is off. */
  public double configured() {
    Bytes in = files.open(configPath);
    boolean more = in != null;
    while (in != null && more) {
      if (in.rest() && in.startsWith("SELINUX=")) {
        return in.is("SELINUX=enforcing") ? 1 : in.is("SELINUX=permissive") ? 0 : -1;
      }
      more = in.line();
    }
    return -1;
  }

  @Override
  public void close() {
    cacheStats.close();
    hashStats.close();
  }
}
