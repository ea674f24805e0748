package vigie.collector.event;

import java.time.Instant;
import java.util.List;
import vigie.collector.label.LabelMatcher;

/**
 * What to search for; all conditions hold together.
 *
 * @param since the earliest event time, included
 * @param until the latest event time, excluded
 * @param matchers on {@code node}, {@code type}, {@code severity} (its name, such as {@code err}),
 *     {@code app} and the event's fields
 * @param text words that must all occur in the text, without regard to case; {@code ""} for no
 *     condition
 * @param limit most events returned, 1 to 10,000
 * @param before return only events older than the one with this id ({@code ""} from the newest):
 *     the next page
 */
public record EventQuery(
    Instant since,
    Instant until,
    List<LabelMatcher> matchers,
    String text,
    int limit,
    String before) {
  public EventQuery {
    matchers = List.copyOf(matchers);
    if (limit < 1 || limit > 10_000) {
      throw new IllegalArgumentException("limit " + limit + " is not within 1 to 10000");
    }
  }
}
