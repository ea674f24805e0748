package vigie.agent.source;

import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;

/**
 * Marks what goes wrong while this node goes down, since its services end then: {@code stopping} is
 * {@code yes}, by which the collector keeps it as history. systemd knows before it stops the first
 * of them, so who asks it behind each fault is never too early. Safe for all threads.
 */
public final class GoingDown implements EventSink {
  static final String STOPPING = "stopping";
  private static final Set<EventType> FAULTS =
      EnumSet.of(
          EventType.PROBE_DOWN,
          EventType.BACKUP_LATE,
          EventType.BACKUP_SMALL,
          EventType.UNIT_CRASHED,
          EventType.UNIT_FAILED);

  /** An event is told unmarked rather than late. */
  private static final Duration PATIENCE = Duration.ofMillis(250);

  private static final long ANSWER_HOLDS = Duration.ofMillis(100).toNanos();

  /** A bus that hangs must not hold up a storm of events one by one. */
  private static final long ANSWER_HOLDS_AFTER_WAITING = Duration.ofSeconds(1).toNanos();

  private final EventSink events;
  private final Roots roots;
  private final Systemd systemd;
  private final Clock clock;

  // Guarded by this.
  private boolean known;
  private boolean goingDown;
  private long askAgainNanos;

  public GoingDown(EventSink events, Roots roots, Systemd systemd, Clock clock) {
    this.events = events;
    this.roots = roots;
    this.systemd = systemd;
    this.clock = clock;
  }

  @Override
  public void accept(Event event) {
    events.accept(marked(event));
  }

  @Override
  public void acceptAll(List<Event> together) {
    events.acceptAll(together.stream().map(this::marked).toList());
  }

  @Override
  public boolean isFilling() {
    return events.isFilling();
  }

  private Event marked(Event event) {
    if (!FAULTS.contains(event.type()) || event.fields().containsKey(STOPPING) || !isGoingDown()) {
      return event;
    }
    Map<String, String> fields = new LinkedHashMap<>(event.fields());
    fields.put(STOPPING, "yes");
    return new Event(
        event.time(), event.severity(), event.type(), fields, event.text(), event.places());
  }

  private synchronized boolean isGoingDown() {
    long began = clock.nanos();
    if (!known || began - askAgainNanos >= 0) {
      goingDown = Shutdown.hasBegun(roots, systemd, PATIENCE);
      long now = clock.nanos();
      boolean waited = now - began >= PATIENCE.toNanos();
      askAgainNanos = now + (waited ? ANSWER_HOLDS_AFTER_WAITING : ANSWER_HOLDS);
      known = true;
    }
    return goingDown;
  }
}
