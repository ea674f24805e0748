package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * /proc/mdstat: the arrays of Linux's software RAID, and of each how many disks it wants and lacks,
 * from /sys/block. Source: the kernel's md(4) and admin-guide/md.
 */
public final class MdReader implements AutoCloseable {
  private static final int MAX_ARRAYS = 1000;

  private final KernelFile file;
  private final SysDevices devices;
  private List<Array> arrays = List.of();

  public MdReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("mdstat"));
    devices =
        new SysDevices(roots, "block", "", List.of("md/raid_disks", "md/degraded"), List.of());
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException when the kernel has no software RAID
   * @throws IOException when /proc/mdstat cannot be read
   */
  public void read() throws IOException {
    File path = file.path().toFile();
    if (!path.exists()) {
      throw new NoDataException(path.toString());
    }
    Bytes bytes = file.read();
    String text = new String(bytes.data, 0, bytes.length(), StandardCharsets.UTF_8);
    arrays = parse(text.split("\n", -1));
    if (arrays.isEmpty()) {
      return;
    }
    devices.read();
  }

  /** The arrays of /proc/mdstat, in its order. */
  public List<Array> arrays() {
    return arrays;
  }

  /**
   * The block devices, of which number 0 is how many disks the array wants (NaN: it is no array)
   * and 1 how many of them are missing or failed (NaN: its level has no spare parts).
   */
  public List<SysDevices.Device> devices() {
    return arrays.isEmpty() ? List.of() : devices.devices();
  }

  private static List<Array> parse(String[] lines) {
    List<Array> found = new ArrayList<>();
    for (int i = 0; i < lines.length && found.size() < MAX_ARRAYS; i++) {
      String line = lines[i];
      if (isDevice(line)) {
        int end = i + 1;
        while (end < lines.length && lines[end].startsWith(" ") && !lines[end].isBlank()) {
          end++;
        }
        found.add(array(line, lines, i + 1, end));
      }
    }
    return found;
  }

  private static boolean isDevice(String line) {
    return line.contains(" : ")
        && !line.startsWith(" ")
        && !line.startsWith("Personalities")
        && !line.startsWith("unused");
  }

  /**
   *
   *
   * <pre>
   * md1 : active raid5 sdc1[2] sdb1[1](F) sda1[0]
   *       1953260544 blocks super 1.2 level 5, 512k chunk, algorithm 2 [3/2] [U_U]
   *       [==>..................]  recovery = 12.6% (123456/976630272) finish=1.2min speed=99K/sec
   * </pre>
   */
  private static Array array(String line, String[] lines, int from, int to) {
    int colon = line.indexOf(" : ");
    String rest = line.substring(colon + 3);
    int space = rest.indexOf(' ');
    String state = space < 0 ? rest : rest.substring(0, space);
    String status = from < to ? lines[from].strip() : "";
    double blocks = number(status, 0);
    double synced = blocks;
    double wanted = 0;
    double active = 0;
    if (line.contains("raid0") || line.contains("linear")) {
      wanted = count(line, "[");
      active = wanted;
    } else if (!state.equals("inactive")) {
      int slash = slash(status);
      wanted = slash < 0 ? Double.NaN : number(status, status.lastIndexOf('[', slash) + 1);
      active = slash < 0 ? Double.NaN : number(status, slash + 1);
    }
    for (int i = from + 1; i < to; i++) {
      String action = action(lines[i]);
      if (!action.isEmpty()) {
        state = action;
        boolean waits = lines[i].contains("PENDING") || lines[i].contains("DELAYED");
        synced = waits ? 0 : number(lines[i], lines[i].indexOf('(') + 1);
      }
    }
    return new Array(
        line.substring(0, colon).strip(),
        state,
        wanted,
        active,
        count(line, "(F)"),
        count(line, "(S)"),
        blocks,
        synced);
  }

  /** What is being done to the array, in node_exporter's words; empty: nothing. */
  private static String action(String line) {
    if (line.contains("bitmap")) {
      return "";
    }
    if (line.contains("recovery")) {
      return "recovering";
    }
    if (line.contains("check")) {
      return "checking";
    }
    if (line.contains("reshape")) {
      return "reshaping";
    }
    return line.contains("resync") ? "resyncing" : "";
  }

  /** Where the slash of {@code [3/2]} is, or -1. */
  private static int slash(String status) {
    for (int i = status.indexOf('/'); i > 0; i = status.indexOf('/', i + 1)) {
      int open = status.lastIndexOf('[', i);
      int close = status.indexOf(']', i);
      if (open >= 0 && isNumber(status, open + 1, i) && isNumber(status, i + 1, close)) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isNumber(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return to > from;
  }

  /** The digits at {@code from} as a number; NaN when there are none. */
  private static double number(String text, int from) {
    int to = from;
    while (to < text.length() && text.charAt(to) >= '0' && text.charAt(to) <= '9') {
      to++;
    }
    return to == from || to - from > 18 ? Double.NaN : Long.parseLong(text, from, to, 10);
  }

  private static int count(String text, String part) {
    int count = 0;
    for (int i = text.indexOf(part); i >= 0; i = text.indexOf(part, i + part.length())) {
      count++;
    }
    return count;
  }

  @Override
  public void close() {
    file.close();
  }

  /**
   * An array. Numbers are NaN where the kernel does not tell them.
   *
   * @param state "active", "inactive", "recovering", "resyncing", "checking" or "reshaping"
   * @param wanted disks that the array consists of
   * @param blocks of 1 KiB
   */
  public record Array(
      String name,
      String state,
      double wanted,
      double active,
      double failed,
      double spare,
      double blocks,
      double synced) {}
}
