package vigie.collector.event;

import java.util.ArrayDeque;
import vigie.collector.label.Labels;
import vigie.collector.sample.Appender;
import vigie.collector.sample.Staleness;

/**
 * One series that stays alive by having its value appended again and again, with the events that
 * its next sample will show. Guarded by {@link EventSeries}.
 */
final class LiveSeries {
  /** Of more events at once only the newest are shown with a sample. */
  static final int MOST_UNSHOWN = 10;

  final String node;
  final Labels labels;
  double value;
  private final Appender appender;
  private final ArrayDeque<Event> unshown = new ArrayDeque<>();
  private long newest = Long.MIN_VALUE;
  private boolean ended;

  LiveSeries(String node, Labels labels, Appender appender) {
    this.node = node;
    this.labels = labels;
    this.appender = appender;
  }

  /** Remembers an event for the next sample; of many only the newest. */
  void add(Event event) {
    if (unshown.size() == MOST_UNSHOWN) {
      unshown.remove();
    }
    unshown.add(event);
  }

  /** Whether its newest sample is so young that the next one should wait. */
  boolean isCrowded(long now, long apartMillis) {
    // A clock that was set back is no reason to wait.
    return newest <= now && newest > now - apartMillis;
  }

  void append(long at) {
    append(at, value);
  }

  void append(long at, double other) {
    appender.append(labels, at, other);
    newest = at;
  }

  void end(long at) {
    append(at, Staleness.MARKER);
    ended = true;
  }

  boolean hasEnded() {
    return ended;
  }

  /** The events since the last call, oldest first. */
  ArrayDeque<Event> takeUnshown() {
    ArrayDeque<Event> taken = new ArrayDeque<>(unshown);
    unshown.clear();
    return taken;
  }
}
