package vigie.collector.card;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Alert;
import vigie.collector.event.Event;

/**
 * What a card says beside its notification, as it was when it was asked for.
 *
 * @param measures of the rules of its alerts
 * @param before what changed on the node in the hour before, the newest first
 * @param picture null where there is none or it would have taken too long
 */
public record CardContext(Measures measures, List<Event> before, @Nullable Picture picture) {
  /** Nothing is known. */
  public static final CardContext NONE =
      new CardContext(alert -> Optional.empty(), List.of(), null);

  public CardContext {
    before = List.copyOf(before);
  }

  /** The same without its picture. */
  public CardContext withoutPicture() {
    return new CardContext(measures, before, null);
  }

  /** Finds what an alert's rule measures. */
  @FunctionalInterface
  interface Measures {
    Optional<Measure> of(Alert alert);
  }
}
