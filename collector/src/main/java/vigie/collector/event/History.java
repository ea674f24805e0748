package vigie.collector.event;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.label.LabelMatcher;

/** What the store still knows of the time before the collector was started. */
public final class History {
  private static final Logger log = LoggerFactory.getLogger(History.class);

  private History() {}

  /**
   * The newest events of these types, at most {@link EventQuery#MOST} of each, the oldest first by
   * when they were received. A type that the store cannot give is logged and left out: a collector
   * that starts without is better than none.
   *
   * @param within how long before and after now; a clock may have been wrong either way
   */
  public static List<Event> of(EventStore store, Instant now, Duration within, List<String> types) {
    List<Event> history = new ArrayList<>();
    for (String type : types) {
      List<LabelMatcher> ofType = List.of(LabelMatcher.equal("type", type));
      EventQuery query =
          new EventQuery(now.minus(within), now.plus(within), ofType, "", EventQuery.MOST, "");
      try {
        store.search(query).events().forEach(stored -> history.add(stored.event()));
      } catch (RuntimeException e) {
        log.error(
            "what was known before the start is not restored type={} cause=\"{}\"",
            type,
            e.getMessage());
      }
    }
    // Of those that came together in the order in which they were spooled.
    history.sort(Comparator.comparing(Event::received).thenComparingLong(History::seq));
    return history;
  }

  private static long seq(Event event) {
    return event.origin() == null ? 0 : event.origin().seq();
  }
}
