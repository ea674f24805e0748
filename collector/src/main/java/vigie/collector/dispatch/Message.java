package vigie.collector.dispatch;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Severity;

/**
 * What is told once beside an incident's card and never edited: in its thread where there are
 * threads, else in the channel or not at all. Texts may come from outside; who shows them makes
 * them harmless.
 *
 * @param incident whose card it belongs to
 * @param id unique within the incident and the same over restarts: the same id again is the same
 *     message
 * @param at when it happened
 * @param ping the severity whose configured roles are pinged; null for nobody
 * @param by who did it, as shown; {@code ""} for nobody in particular
 * @param text one paragraph; {@code ""} where the kind and the wanted state of the card say all
 * @param lines shown one below the other, such as events; the newest {@link #MOST_LINES} are kept
 */
public record Message(
    String incident,
    String id,
    Kind kind,
    Instant at,
    @Nullable Severity ping,
    String by,
    String text,
    List<String> lines) {
  /** More lines than anybody reads. */
  public static final int MOST_LINES = 20;

  private static final int LONGEST_ID = 64;
  private static final int LONGEST_TEXT = 2_000;
  private static final int LONGEST_LINE = 400;

  /** What is told; who shows messages finds the words for it. */
  public enum Kind {
    /** It still fires and nobody acknowledged it, or it got worse: pings. */
    ESCALATION,
    /** The incident is over; the card says so, too. */
    RESOLVED,
    /** What happened meanwhile: events, alerts that joined or left. */
    EVENT,
    /** Somebody acknowledged it. */
    ACK,
    /** Somebody wrote something. */
    NOTE,
    /** What happened while nobody could know: no news any more. */
    HISTORY
  }

  public Message {
    if (id.isEmpty() || id.length() > LONGEST_ID) {
      throw new IllegalArgumentException("a message's id of " + id.length() + " letters");
    }
    by = Trim.cut(by, LONGEST_LINE);
    text = Trim.cut(text, LONGEST_TEXT);
    lines =
        lines.stream()
            .skip(Math.max(0, lines.size() - MOST_LINES))
            .map(line -> Trim.cut(line, LONGEST_LINE))
            .toList();
  }

  /** One that pings nobody. */
  public static Message of(
      String incident, String id, Kind kind, Instant at, String by, String text) {
    return new Message(incident, id, kind, at, null, by, text, List.of());
  }

  /** The incident is over. */
  public static Message resolved(String incident, Instant at) {
    return of(incident, "resolved", Kind.RESOLVED, at, "", "");
  }
}
