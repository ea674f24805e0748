package vigie.agent.source;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.Places;

/** A spool as sources see it: events, and with each in the same step its place. */
final class KeptPlaces implements EventSink, Places {
  final Told told = new Told();
  private final Map<String, String> cursors = new HashMap<>();

  private int crashIn = -1;
  private boolean isWritten;

  /** Ends the process. */
  static final class Crash extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * @param events before the crash; negative for none
   * @param written whether the event that crashes it is still written
   */
  synchronized void crashIn(int events, boolean written) {
    crashIn = events;
    isWritten = written;
  }

  @Override
  public synchronized void accept(Event event) {
    boolean crashes = crashIn-- == 0;
    if (!crashes || isWritten) {
      told.accept(event);
      event.places().forEach(place -> cursors.put(place.source(), place.cursor()));
    }
    if (crashes) {
      throw new Crash();
    }
  }

  @Override
  public synchronized @Nullable String cursor(String source) {
    return cursors.get(source);
  }
}
