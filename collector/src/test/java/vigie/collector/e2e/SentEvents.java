package vigie.collector.e2e;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which events an agent sent, by the trace of its system calls, and whether each was safe then. */
final class SentEvents {
  private static final Pattern CALL =
      Pattern.compile("^(\\d+) +(<\\.\\.\\. )?(\\w+)(?:\\((\\d+)<([^>]*)>|.*? resumed>)?(.*)$");
  private static final Pattern EVENT =
      Pattern.compile(
          "spool=\\\\\"[^\\\\]+\\\\\" seq=\\\\\"(\\d+)\\\\\".*? type=\\\\\"([a-z.]+)\\\\\"");

  private final TreeSet<Long> written = new TreeSet<>(); // and not synced
  private final TreeSet<Long> synced = new TreeSet<>();
  private final Map<Long, String> sent = new TreeMap<>();
  private final List<String> faults = new ArrayList<>();
  private int syncs;

  private SentEvents() {}

  static SentEvents of(List<String> trace) {
    SentEvents events = new SentEvents();
    Map<String, List<Long>> begun = new HashMap<>(); // by thread: what its call makes so
    Map<String, Boolean> syncing = new HashMap<>();
    for (String line : trace) {
      Matcher call = CALL.matcher(line);
      if (!call.matches()) {
        continue;
      }
      String thread = call.group(1);
      boolean isEnd = call.group(2) != null;
      boolean isWhole = !isEnd && !line.endsWith("<unfinished ...>");
      boolean isSync = call.group(3).endsWith("sync");
      String file = call.group(5) == null ? "" : call.group(5);
      if (!isEnd && file.endsWith(".seg")) {
        // A sync makes safe what was written when it was asked for; a write counts at its end.
        begun.put(
            thread,
            isSync ? List.copyOf(events.written) : numbers(line).keySet().stream().toList());
        syncing.put(thread, isSync);
      } else if (!isEnd && file.startsWith("socket")) {
        numbers(line).forEach(events::send);
      }
      if ((isWhole || isEnd) && begun.containsKey(thread)) {
        events.end(begun.remove(thread), syncing.remove(thread));
      }
    }
    return events;
  }

  private static Map<Long, String> numbers(String line) {
    Map<Long, String> found = new TreeMap<>();
    Matcher event = EVENT.matcher(line);
    while (event.find()) {
      found.put(Long.valueOf(event.group(1)), event.group(2));
    }
    return found;
  }

  private void end(List<Long> these, boolean isSync) {
    if (isSync) {
      syncs++;
      synced.addAll(these);
      these.forEach(written::remove);
    } else {
      written.addAll(these);
    }
  }

  private void send(long seq, String type) {
    sent.put(seq, type);
    if (!synced.contains(seq)) {
      faults.add(type + " " + seq + " was sent before it was synced");
    }
  }

  /** What was sent and not safe; empty if all is as it should be. */
  List<String> faults() {
    return faults;
  }

  long count(String type) {
    return sent.values().stream().filter(type::equals).count();
  }

  /** Of segments. */
  int syncs() {
    return syncs;
  }
}
