package vigie.collector.card;

import java.time.Instant;
import java.util.List;

/**
 * How a place shows text and times. What comes from outside goes through {@link #text} or {@link
 * #block} before a template sees it, so that no template can let it out raw.
 */
public interface Style {
  /** One line that means nothing to the place, of at most so many code points. */
  String text(String outside, int most);

  /** The lines set apart, as a log is shown; {@code ""} for none. */
  String block(List<String> lines, int mostOfLine);

  /** Day and time. */
  String time(Instant at);

  /** How long ago, where the place can say that and keep it true; else day and time. */
  String ago(Instant at);

  /** The time of day, for a moment within the last hours. */
  String clock(Instant at);
}
