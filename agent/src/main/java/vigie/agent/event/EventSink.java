package vigie.agent.event;

import java.util.List;

/** Takes events. */
public interface EventSink {
  /**
   * Takes the event for good: when this returns it survives a kill of the process, and for urgent
   * types a power cut. Safe for all threads; blocks for as long as a disk write takes.
   *
   * @throws java.io.UncheckedIOException if it could not be written; the event is then not taken
   */
  void accept(Event event);

  /**
   * Takes all of them or none, also where the process is killed meanwhile: what one entry of a
   * source leads to, whose place thus holds for all. In their order; otherwise as {@link #accept}.
   */
  default void acceptAll(List<Event> together) {
    together.forEach(this::accept);
  }

  /**
   * Whether most of the room is taken by events that nobody has fetched yet: who can wait should,
   * since what is taken now costs others their place. Safe for all threads and cheap.
   */
  default boolean isFilling() {
    return false;
  }
}
