package vigie.collector.dispatch;

import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Alert;

/** What the {@link Dispatcher} knows of one alert that fires, and guards. */
final class Live {
  enum Hold {
    NONE,
    /** A node that would be its cause is quiet; soon it is known whether it is silent. */
    LIKELY,
    /** Its cause is over; it has a moment to end as well. */
    RECOVERING,
    /** It ended as its node fell silent: whether it is over is known once that is heard again. */
    UNKNOWN
  }

  Alert alert;

  /** False before the rules said so in this life, and of one that flaps and has just ended. */
  boolean fires;

  /** How it ended, where that was heard before it is known what fires; else null. */
  @Nullable Alert end;

  /** Where it is, on any route. */
  final Set<Group> groups = new LinkedHashSet<>(2);

  AlertMark mark = AlertMark.NONE;

  /** Why it is held back although nothing is known to hold it back. */
  Hold hold = Hold.NONE;

  /** Until when at most, on the monotonic clock; means something while it is held. */
  long holdUntil;

  /** Whether its cause was known until now. */
  boolean hadCause;

  /** Whether it has waited for a likely cause; it does so once. */
  boolean waited;

  /** When it last opened or ended, on the monotonic clock. */
  long changedNanos;

  /** Whether a look is planned at whether it, flapping, has been quiet for long enough. */
  boolean quietPlanned;

  Live(Alert alert) {
    this.alert = alert;
  }
}
