package vigie.collector.outbox;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Notification;

/**
 * Shows cards in one place, such as one Discord channel. It makes one attempt and says how that
 * went; when to try again is the outbox's business. Safe for all threads.
 */
public interface Notifier {
  /** Where the next request would go; reads rotated secrets anew. Never throws. */
  Lane lane();

  /**
   * Makes one attempt to have the wanted state seen. Does not block; the stage completes on any
   * thread, within a bounded time and never exceptionally.
   */
  CompletionStage<Outcome> deliver(Delivery delivery);

  /**
   * What shares rate limits and faults.
   *
   * @param origin shares the global limits
   * @param target where cards are; a card that was posted to another target can't be edited
   * @param name unique for one target of that origin, and another one when the target or its secret
   *     changes; holds no secret
   */
  record Lane(String origin, String target, String name) {}

  /**
   * One attempt.
   *
   * @param wanted what shall be seen
   * @param posted the card that is there already and is to be edited; null to post one
   * @param predecessor what a new card should say about an older one
   * @param reduction 0 the whole card, 1 without text from outside, 2 hardly anything: what was
   *     refused before is not sent again
   */
  record Delivery(
      Notification wanted, @Nullable Posted posted, Predecessor predecessor, int reduction) {
    /** The last {@link #reduction}. */
    public static final int MOST_REDUCTION = 2;
  }

  /** What is known of a card before this one. */
  enum Predecessor {
    NONE,
    /** A request was sent and its answer was never seen: there may be a card already. */
    PERHAPS,
    /** There was one, and it was deleted or left with its channel. */
    GONE
  }

  /**
   * A card that is there.
   *
   * @param id by which it is edited; empty where the other side gave none
   * @param target where it is, without secrets
   */
  record Posted(String id, String target) {}
}
