package vigie.agent.reader;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Control groups of units, containers, machines and users, from version 2 where it has the root,
 * else from version 1. What lies below such a group counts to it and is not looked at.
 *
 * <p>Source: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel.
 */
public final class CgroupReader {
  /** Numbers of a group: seconds, bytes or counts; NaN where not told or without a limit. */
  public static final int CPU_USER = 0,
      CPU_SYSTEM = 1,
      PERIODS = 2,
      THROTTLED_PERIODS = 3,
      THROTTLED_SECONDS = 4,
      MEMORY = 5,
      WORKING_SET = 6,
      MEMORY_LIMIT = 7,
      OOM_KILLS = 8,
      READ_BYTES = 9,
      WRITTEN_BYTES = 10,
      READS = 11,
      WRITES = 12,
      PIDS = 13,
      PIDS_LIMIT = 14,
      CPU_SOME = 15,
      MEMORY_SOME = 16,
      MEMORY_FULL = 17,
      IO_SOME = 18,
      IO_FULL = 19;

  private static final int NUMBERS = 20;
  private static final int MAX_GROUPS = 500;
  private static final int MAX_FOLDERS = 2000;
  private static final int MAX_DEPTH = 8;

  /** A controller can be turned on for a group that lives. */
  private static final int READINGS_UNTIL_ASKED_AGAIN = 20;

  /** How the kernel's own files in a folder begin, and two that stand alone. */
  private static final String[] FILES = {
    "cgroup.",
    "cpu.",
    "cpuset.",
    "cpuacct.",
    "io.",
    "memory.",
    "pids.",
    "hugetlb.",
    "rdma.",
    "misc.",
    "irq.",
    "dmem.",
    "blkio.",
    "devices.",
    "freezer.",
    "net_cls.",
    "net_prio.",
    "perf_event.",
    "tasks",
    "notify_on_release",
    "release_agent"
  };

  private final String root;
  private final Predicate<String> wanted;
  private final boolean pressure;
  private final SmallFiles files = new SmallFiles();
  private Map<String, Group> known = new HashMap<>();
  private List<Group> groups = List.of();
  private int folders;
  private int leftOut;

  /**
   * @param wanted the paths of the groups to tell of, below the root, such as {@code
   *     /system.slice/ssh.service}
   * @param pressure whether to read how long tasks waited, three files more for each group
   */
  public CgroupReader(Roots roots, Predicate<String> wanted, boolean pressure) {
    root = roots.sysfs() + "/fs/cgroup";
    this.wanted = wanted;
    this.pressure = pressure;
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when no control groups are mounted
   */
  public void read() throws NoDataException {
    CgroupFiles version = mounted();
    Map<String, Group> found = new HashMap<>();
    List<Group> list = new ArrayList<>(groups.size());
    folders = 0;
    leftOut = 0;
    walk(version, "", 0, found, list);
    for (Group group : list) {
      group.read();
    }
    known = found;
    groups = list;
  }

  private CgroupFiles mounted() throws NoDataException {
    if (new File(root, "cgroup.controllers").exists()) {
      return new CgroupFiles2(root, pressure);
    }
    // The hierarchy in which most folders are: without accounting, systemd makes none in the
    // others.
    for (String controller : new String[] {"memory", "pids", "cpuacct", "cpu"}) {
      if (new File(root, controller).isDirectory()) {
        return new CgroupFiles1(root, controller);
      }
    }
    throw new NoDataException("no control groups below " + root);
  }

  private void walk(
      CgroupFiles version, String parent, int depth, Map<String, Group> found, List<Group> list) {
    if (depth == MAX_DEPTH || folders == MAX_FOLDERS) {
      leftOut++;
      return;
    }
    folders++;
    String folder = version.folder() + parent;
    boolean leaf = true;
    for (String entry : SmallFiles.list(folder)) {
      if (isFile(entry) || (!isUnit(entry) && !new File(folder, entry).isDirectory())) {
        continue;
      }
      leaf = false;
      CgroupName name = CgroupName.of(parent, entry);
      if (name != null) {
        take(version, parent + "/" + entry, name, found, list);
      } else {
        walk(version, parent + "/" + entry, depth + 1, found, list);
      }
    }
    if (leaf && depth > 0 && !parent.endsWith(".slice")) {
      String name = parent.substring(parent.lastIndexOf('/') + 1);
      take(version, parent, new CgroupName("other", name), found, list);
    }
  }

  private void take(
      CgroupFiles version,
      String path,
      CgroupName name,
      Map<String, Group> found,
      List<Group> list) {
    if (!wanted.test(path)) {
      return;
    }
    if (list.size() == MAX_GROUPS) {
      leftOut++;
      return;
    }
    Group group = known.get(path);
    if (group == null) {
      group = new Group(path, name, version);
    }
    found.put(path, group);
    list.add(group);
  }

  /** Spares asking the kernel what most entries are. */
  private static boolean isUnit(String entry) {
    return entry.endsWith(".service") || entry.endsWith(".scope") || entry.endsWith(".slice");
  }

  private static boolean isFile(String entry) {
    if (isUnit(entry)) {
      return false;
    }
    for (String prefix : FILES) {
      if (entry.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  /**
   * The groups wanted in the order of their paths, at most 500; overwritten by the next reading.
   */
  public List<Group> groups() {
    return groups;
  }

  /** How many groups or folders of groups were more than is looked at. */
  public int leftOut() {
    return leftOut;
  }

  /** One control group. */
  public final class Group {
    private final String path;
    private final CgroupName name;
    private final String[] paths;
    private final CgroupFiles version;
    private final double[] values = new double[NUMBERS];
    private long absent;
    private int readings;

    Group(String path, CgroupName name, CgroupFiles version) {
      this.path = path;
      this.name = name;
      this.version = version;
      paths = version.paths(path);
    }

    private void read() {
      if (readings++ % READINGS_UNTIL_ASKED_AGAIN == 0) {
        absent = 0;
      }
      Arrays.fill(values, Double.NaN);
      for (int i = 0; i < paths.length; i++) {
        if ((absent & (1L << i)) == 0) {
          read(i);
        }
      }
      if (values[PERIODS] == 0) {
        // No limit was ever set: three counters less for almost every group.
        Arrays.fill(values, PERIODS, THROTTLED_SECONDS + 1, Double.NaN);
      }
    }

    private void read(int file) {
      Bytes text = files.open(paths[file]);
      if (text != null || new File(paths[file]).exists()) {
        version.take(file, text, values);
      } else {
        // A controller that is not in use here; an attempt to open costs more than all else.
        absent |= 1L << file;
      }
    }

    /** Below the root, such as {@code /system.slice/ssh.service}. */
    public String path() {
      return path;
    }

    /** {@code unit}, {@code container}, {@code machine}, {@code user} or {@code other}. */
    public String kind() {
      return name.kind();
    }

    /**
     * The unit's full name, the first 12 digits of the container's id or its name, the machine's
     * name, the user's number, or the folder's name.
     */
    public String name() {
      return name.name();
    }

    public double value(int number) {
      return values[number];
    }
  }
}
