package vigie.collector.card;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import vigie.collector.event.Event;

/**
 * One line of what changed before: an event, or many of packages together.
 *
 * @param kind {@code boot}, {@code shutdown}, {@code upgrade}, {@code install}, {@code remove},
 *     {@code reload}, {@code deploy}, {@code clock}
 * @param event the newest of them
 * @param count how many they were, also those that were folded into one event
 * @param packages with their versions, those that are known
 */
record Change(String kind, Event event, long count, List<String> packages) {
  private static final Set<String> OF_PACKAGES = Set.of("upgrade", "install", "remove");

  /** The newest first. */
  static List<Change> of(List<Event> events) {
    List<Change> changes = new ArrayList<>();
    for (Event event : events) {
      String kind = kind(event);
      int last = changes.size() - 1;
      if (OF_PACKAGES.contains(kind)) {
        Change one = new Change(kind, event, count(event), List.of(packageOf(event)));
        if (last >= 0 && changes.get(last).kind.equals(kind)) {
          changes.set(last, changes.get(last).and(one));
        } else {
          changes.add(one);
        }
      } else {
        changes.add(new Change(kind, event, 1, List.of()));
      }
    }
    return changes;
  }

  private Change and(Change older) {
    List<String> all = new ArrayList<>(packages);
    all.addAll(older.packages);
    return new Change(kind, event, count + older.count, all.stream().distinct().toList());
  }

  /** What it is about, in its own words. */
  String what() {
    return switch (kind) {
      case "deploy" -> {
        String what = event.field("what");
        yield what.isEmpty() ? event.text() : what;
      }
      case "reload" -> {
        String service = event.field("service");
        yield service.isEmpty() ? event.text() : service;
      }
      default -> event.text();
    };
  }

  private static String kind(Event event) {
    return switch (event.type()) {
      case "node.boot" -> "boot";
      case "node.shutdown" -> "shutdown";
      case "agent.clock" -> "clock";
      case "agent.reload", "config.reload" -> "reload";
      case "log.match" -> ofPattern(event.field("pattern"));
      default -> "deploy";
    };
  }

  private static String ofPattern(String pattern) {
    return switch (pattern) {
      case "dpkg.upgraded" -> "upgrade";
      case "dpkg.installed" -> "install";
      case "dpkg.removed" -> "remove";
      case "changes.reload" -> "reload";
      default -> "deploy";
    };
  }

  private static long count(Event event) {
    String repeated = event.field("repeated");
    return repeated.matches("[0-9]{1,6}") ? Long.parseLong(repeated) : 1;
  }

  private static String packageOf(Event event) {
    String from = event.field("from");
    String to = event.field("to");
    return event.field("package")
        + (from.isEmpty() ? "" : " " + from)
        + (to.isEmpty() ? "" : (from.isEmpty() ? " " : " → ") + to);
  }
}
