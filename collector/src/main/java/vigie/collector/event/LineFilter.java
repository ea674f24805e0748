package vigie.collector.event;

import org.jspecify.annotations.Nullable;
import vigie.collector.label.Regex;

/** A condition on the characters of an event's text, case included, as Loki's line filters are. */
public final class LineFilter {
  private final boolean not;
  private final String text;
  private final @Nullable Regex regex;

  private LineFilter(boolean not, String text, @Nullable Regex regex) {
    this.not = not;
    this.text = text;
    this.regex = regex;
  }

  /** The text contains this, or with {@code not} does not. */
  public static LineFilter contains(String text, boolean not) {
    return new LineFilter(not, text, null);
  }

  /**
   * The expression matches somewhere in the text, or with {@code not} nowhere.
   *
   * @throws IllegalArgumentException if it is no regular expression
   */
  public static LineFilter finds(String regex, boolean not) {
    return new LineFilter(not, regex, Regex.of(regex));
  }

  public boolean matches(String line) {
    return (regex != null ? regex.findsIn(line) : line.contains(text)) != not;
  }

  /** Whether {@link #needle} says all. */
  public boolean isNeedle() {
    return !not && regex == null;
  }

  /** What every text that passes contains; {@code ""} where there is nothing to say. */
  public String needle() {
    return not || regex != null ? "" : text;
  }
}
