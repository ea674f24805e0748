package vigie.collector.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Scheduler;
import vigie.collector.event.Event;
import vigie.collector.event.EventListener;
import vigie.collector.event.SyslogRun;

/**
 * What events tell without a page: a shutdown that was meant is a line in the next card; what
 * happened on a node while its link was lost is told as history, all of it at once, when no more of
 * it comes. What began and ended in the past is one line. Whether a neighbour reaches a silent node
 * is told on the card of that. Safe for all threads.
 */
public final class PastEvents implements EventListener {
  /** History comes as fast as the link allows: after such a pause there is no more. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  /** So long after its first event it is told, whatever still comes. */
  private static final int MOST_PAUSES = 12;

  private static final int MOST_EVENTS = 500;
  private static final int MOST_NODES = 1_000;
  private static final int ERROR = 3;
  private static final int LONGEST_TEXT = 200;

  /** What ends what, by the field that says of which. */
  private static final Map<String, String> ENDS =
      Map.of(
          "probe.up", "probe",
          "unit.recovered", "unit");

  private static final Map<String, String> BEGINS =
      Map.of(
          "probe.down", "probe",
          "unit.failed", "unit",
          "unit.crashed", "unit");

  private static final Set<String> TOLD =
      Set.of("kernel.oom", "node.boot", "backup.late", "backup.small");

  private static final class Past {
    final List<Event> events = new ArrayList<>();
    int left;
    boolean more;
    int pauses;
  }

  private final Dispatcher dispatcher;
  private final Scheduler scheduler;
  private final Executor executor;

  /** By node; guarded by this. */
  private final Map<String, Past> coming = new HashMap<>();

  /**
   * @param executor runs what may wait for the disk
   */
  public PastEvents(Dispatcher dispatcher, Scheduler scheduler, Executor executor) {
    this.dispatcher = dispatcher;
    this.scheduler = scheduler;
    this.executor = executor;
  }

  @Override
  public void onEvent(Event event, boolean late) {
    if (event.type().equals("node.shutdown") && event.origin() != null) {
      Notes.Line line = line(event, Notes.Line.Kind.PLANNED, null);
      executor.execute(() -> dispatcher.sayWithNextCard(line));
    } else if (late && event.origin() != null && !event.isOfShutdown() && isTold(event)) {
      add(event);
    } else if (event.origin() != null && !event.field("peer").isEmpty()) {
      executor.execute(() -> dispatcher.reachTold(event.field("peer")));
    }
  }

  @Override
  public void onSyslog(SyslogRun run, boolean late) {
    // Agents' own events only.
  }

  private static boolean isTold(Event event) {
    return ENDS.containsKey(event.type())
        || BEGINS.containsKey(event.type())
        || TOLD.contains(event.type())
        || (event.severity() <= ERROR && !event.type().startsWith("agent."));
  }

  private synchronized void add(Event event) {
    String node = event.node();
    Past past = coming.get(node);
    if (past == null) {
      if (coming.size() >= MOST_NODES) {
        return;
      }
      past = new Past();
      coming.put(node, past);
      executor.execute(() -> dispatcher.awaitHistory(node, PAUSE.multipliedBy(2)));
      scheduler.after(PAUSE, () -> executor.execute(() -> look(node)));
    }
    past.more = true;
    if (past.events.size() < MOST_EVENTS) {
      past.events.add(event);
    } else {
      past.left++;
    }
  }

  private void look(String node) {
    Past past;
    synchronized (this) {
      past = coming.get(node);
      if (past == null) {
        return;
      }
      if (past.more && ++past.pauses < MOST_PAUSES) {
        past.more = false;
        scheduler.after(PAUSE, () -> executor.execute(() -> look(node)));
        past = null;
      } else {
        coming.remove(node);
      }
    }
    if (past == null) {
      dispatcher.awaitHistory(node, PAUSE.multipliedBy(2));
    } else {
      dispatcher.history(node, lines(past));
    }
  }

  /** One line for what began and ended, one for each other event; the oldest first. */
  private static List<Notes.Line> lines(Past past) {
    List<Event> events = new ArrayList<>(past.events);
    events.sort(Comparator.comparing(Event::time));
    Map<String, Event> open = new LinkedHashMap<>();
    List<Notes.Line> lines = new ArrayList<>();
    for (Event event : events) {
      String begins = BEGINS.get(event.type());
      String ends = ENDS.get(event.type());
      if (begins != null) {
        open.putIfAbsent(begins + "/" + event.field(begins), event);
      } else if (ends != null) {
        Event begun = open.remove(ends + "/" + event.field(ends));
        if (begun != null) {
          lines.add(line(begun, Notes.Line.Kind.HISTORY, event.time()));
        }
      } else {
        lines.add(line(event, Notes.Line.Kind.HISTORY, null));
      }
    }
    open.values().forEach(begun -> lines.add(line(begun, Notes.Line.Kind.HISTORY, null)));
    lines.sort(Comparator.comparing(Notes.Line::at));
    int more = past.left + Math.max(0, lines.size() - Notes.MOST_LINES + 1);
    if (lines.size() <= Notes.MOST_LINES && past.left == 0) {
      return lines;
    }
    List<Notes.Line> shown =
        new ArrayList<>(lines.subList(0, Math.min(lines.size(), Notes.MOST_LINES - 1)));
    Event last = events.get(events.size() - 1);
    shown.add(
        new Notes.Line(
            Notes.Line.Kind.HISTORY, last.time(), null, last.node(), "… and " + more + " more"));
    return shown;
  }

  private static Notes.Line line(Event event, Notes.Line.Kind kind, @Nullable Instant until) {
    String text = event.text();
    return new Notes.Line(
        kind,
        event.time(),
        until,
        event.node(),
        text.isEmpty()
            ? event.type()
            : Trim.cut(text.lines().findFirst().orElse(""), LONGEST_TEXT));
  }
}
