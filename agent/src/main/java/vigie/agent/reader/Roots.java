package vigie.agent.reader;

import java.nio.file.Path;

/**
 * Where the kernel's trees are found: {@code /proc}, {@code /sys} and the root that mount points
 * are relative to, as node_exporter's {@code --path.procfs}, {@code --path.sysfs} and {@code
 * --path.rootfs}. Another root than {@code /} is for an agent in a container and for tests.
 */
public record Roots(Path procfs, Path sysfs, Path rootfs) {
  /** The machine's own trees. */
  public static final Roots HOST = new Roots(Path.of("/proc"), Path.of("/sys"), Path.of("/"));

  public Roots {
    procfs = procfs.toAbsolutePath().normalize();
    sysfs = sysfs.toAbsolutePath().normalize();
    rootfs = rootfs.toAbsolutePath().normalize();
  }

  /** {@code path}, absolute as the watched system sees it, below the root. */
  public Path inRoot(String path) {
    return Path.of(rootfs + "/" + path);
  }
}
