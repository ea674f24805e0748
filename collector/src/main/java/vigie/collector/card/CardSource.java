package vigie.collector.card;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import vigie.collector.dispatch.Notification;

/** Gathers what a card says beside its notification. Safe for all threads. */
public interface CardSource {
  /** Knows nothing. */
  CardSource NONE = wanted -> CardContext.NONE;

  /** All but the picture, at once. */
  CardContext facts(Notification wanted);

  /**
   * All, and a picture where there is time for one. Does not block; completes within half a second
   * and never exceptionally.
   *
   * @param edit whether the card is there already: a first one waits for no picture that tells
   *     little
   */
  default CompletionStage<CardContext> gather(Notification wanted, boolean edit) {
    return CompletableFuture.completedFuture(facts(wanted));
  }
}
