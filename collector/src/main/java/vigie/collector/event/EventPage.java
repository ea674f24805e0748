package vigie.collector.event;

import java.util.List;

/**
 * An answer of the store.
 *
 * @param events newest first
 * @param next {@link EventQuery#before} of the next page; {@code ""} where there is none
 * @param newest id of the newest event that a search could see, whether it matched or not; {@code
 *     ""} where there was none
 * @param warnings what the answer may lack, each a sentence for a person
 */
public record EventPage(
    List<StoredEvent> events, String next, String newest, List<String> warnings) {
  public EventPage {
    events = List.copyOf(events);
    warnings = List.copyOf(warnings);
  }
}
