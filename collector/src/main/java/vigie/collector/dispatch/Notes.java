package vigie.collector.dispatch;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.label.Labels;

/**
 * What a card says beside its alerts.
 *
 * @param marks by the fingerprint of a listed alert; only of those with something to say
 * @param held alerts that are told here, under their root cause, and on no card of their own: the
 *     newest first, at most {@link #MOST_HELD}
 * @param heldCount how many are held now or were in this incident, listed or not
 * @param lines what happened that needs nobody, the oldest first, at most {@link #MOST_LINES}
 */
public record Notes(
    Map<String, AlertMark> marks, List<Held> held, int heldCount, List<Line> lines) {
  public static final int MOST_HELD = 20;
  public static final int MOST_LINES = 20;
  public static final Notes NONE = new Notes(Map.of(), List.of(), 0, List.of());

  public Notes {
    marks = Map.copyOf(marks);
    held = List.copyOf(held);
    lines = List.copyOf(lines);
  }

  /** What stands beside the alert; {@link AlertMark#NONE} where nothing does. */
  public AlertMark mark(String fingerprint) {
    return marks.getOrDefault(fingerprint, AlertMark.NONE);
  }

  /**
   * An alert that is told under its root cause.
   *
   * @param summary its annotation, may be empty
   * @param resolvedAt null while it fires
   */
  public record Held(
      String fingerprint,
      Labels labels,
      String summary,
      Instant since,
      @Nullable Instant resolvedAt) {}

  /**
   * Something that happened and is told without a page.
   *
   * @param at when it happened, or began
   * @param until when it ended; null for a moment
   * @param node where
   * @param text in words, in English
   */
  public record Line(Kind kind, Instant at, @Nullable Instant until, String node, String text) {
    /** Why it is no page. */
    public enum Kind {
      /** Somebody meant it, such as a shutdown. */
      PLANNED,
      /** It lies in the past: it became known after a link or the collector was away. */
      HISTORY
    }
  }
}
