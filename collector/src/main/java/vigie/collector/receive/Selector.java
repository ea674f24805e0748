package vigie.collector.receive;

import java.util.List;
import java.util.Map;
import vigie.collector.event.EventQuery;

/**
 * Which records a line of syslogd's configuration is for: {@code FACILITIES.PRIORITY}, several
 * parted by {@code ;}, read from left to right, each adding to or taking from what stands before:
 *
 * <pre>
 * FACILITIES  kern,daemon,… or *
 * PRIORITY    err   that and all more urgent       =err   that alone
 *             !err  not that nor more urgent       !=err  not that
 *             *     all                            none   none of these facilities
 * </pre>
 *
 * Names as in RFC 5424, with syslogd's older ones ({@code panic}, {@code error}, {@code warn},
 * {@code security}) and numbers.
 */
final class Selector {
  private static final Map<String, String> OLDER =
      Map.of("panic", "emerg", "error", "err", "warn", "warning", "security", "auth");
  private static final int ALL = 0xff;

  /** By facility: a bit for each severity. */
  private final int[] severities = new int[EventQuery.FACILITIES.size()];

  private Selector() {}

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException that says what is wrong and what was expected
   */
  static Selector parse(String text) {
    Selector selector = new Selector();
    for (String part : text.split(";", -1)) {
      String one = part.strip();
      int dot = one.lastIndexOf('.');
      if (dot <= 0 || dot == one.length() - 1) {
        throw new IllegalArgumentException(
            "\"" + one + "\" is not FACILITY.PRIORITY, such as daemon.err or *.info");
      }
      String priority = one.substring(dot + 1);
      for (String name : one.substring(0, dot).split(",", -1)) {
        if (name.strip().equals("*")) {
          for (int facility = 0; facility < EventQuery.FACILITIES.size(); facility++) {
            selector.apply(facility, priority);
          }
        } else {
          selector.apply(number(name.strip(), EventQuery.FACILITIES, "facility"), priority);
        }
      }
    }
    return selector;
  }

  private void apply(int facility, String priority) {
    boolean without = priority.startsWith("!");
    String rest = without ? priority.substring(1) : priority;
    boolean only = rest.startsWith("=");
    String name = only ? rest.substring(1) : rest;
    int bits;
    if (name.equals("*")) {
      bits = ALL;
    } else if (name.equals("none")) {
      bits = ALL;
      without = !without;
    } else {
      int severity = number(name, EventQuery.SEVERITIES, "priority");
      bits = only ? 1 << severity : (2 << severity) - 1;
    }
    severities[facility] = without ? severities[facility] & ~bits : severities[facility] | bits;
  }

  private static int number(String name, List<String> names, String kind) {
    int index = names.indexOf(OLDER.getOrDefault(name, name));
    if (index < 0 && name.length() <= 2 && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
      index = name.isEmpty() ? -1 : Integer.parseInt(name);
    }
    if (index < 0 || index >= names.size()) {
      throw new IllegalArgumentException(
          "\"" + name + "\" is no " + kind + "; one of " + String.join(", ", names));
    }
    return index;
  }

  /** Whether it is for records of this PRI. */
  boolean matches(int pri) {
    return (severities[pri >> 3] & 1 << (pri & 7)) != 0;
  }

  /** Whether it is for no record at all. */
  boolean isEmpty() {
    for (int bits : severities) {
      if (bits != 0) {
        return false;
      }
    }
    return true;
  }
}
