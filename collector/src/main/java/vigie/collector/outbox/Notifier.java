package vigie.collector.outbox;

import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import vigie.collector.alert.Severity;
import vigie.collector.dispatch.Message;
import vigie.collector.dispatch.Notification;

/**
 * Shows cards in one place, such as one Discord channel, and tells messages beside them. It makes
 * one attempt and says how that went; when to try again is the outbox's business. Safe for all
 * threads.
 */
public interface Notifier {
  /** Where the next request would go; reads rotated secrets anew. Never throws. */
  Lane lane();

  /**
   * Makes one attempt to have the wanted state seen. Does not block; the stage completes on any
   * thread, within a bounded time and never exceptionally. What it throws before it asks anybody
   * counts as refused, and a smaller form is tried.
   */
  CompletionStage<Outcome> deliver(Delivery delivery);

  /** The kinds of messages beside a card that it tells; the outbox keeps no others for it. */
  default Set<Message.Kind> tells() {
    return Set.of();
  }

  /**
   * Makes one attempt to tell a message beside a card that is there; as {@link #deliver}. {@link
   * Outcome.Done} names the message, {@link Outcome.Gone} says that the card is not there any more,
   * and the outbox then posts it anew.
   */
  default CompletionStage<Outcome> tell(Telling telling) {
    return CompletableFuture.completedFuture(new Outcome.Refused("this way out tells no messages"));
  }

  /** Lets go of connections once what is under way has ended; it is not asked again. */
  default void close() {}

  /** Whether it edits what it posted; otherwise each state is a message of its own. */
  default boolean edits() {
    return true;
  }

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
   * One attempt to show a card.
   *
   * @param wanted what shall be seen
   * @param posted the card that is there already and is to be edited; null to post one
   * @param predecessor what a new card should say about an older one
   * @param reduction 0 the whole card, 1 without text from outside, 2 hardly anything: what was
   *     refused before is not sent again
   * @param nonce up to 25 letters and digits, the same for every attempt to post this card, over
   *     restarts too; another one where it is posted anew because it was deleted
   * @param ping whose roles a new card pings; null for nobody. Edits never ping
   * @param standing for whom it stands in
   * @param doubtSince when the first attempt began whose answer was never seen; null where none
   *     was. Who can tell by the nonce whether the card is there says {@link Outcome.Done#stale}
   *     where it was, since it may show an older state
   */
  record Delivery(
      Notification wanted,
      @Nullable Posted posted,
      Predecessor predecessor,
      int reduction,
      String nonce,
      @Nullable Severity ping,
      Standing standing,
      @Nullable Instant doubtSince) {
    /** The last {@link #reduction}. */
    public static final int MOST_REDUCTION = 2;

    /** An attempt that pings nobody, for a card of its own receiver. */
    public Delivery(
        Notification wanted, @Nullable Posted posted, Predecessor predecessor, int reduction) {
      this(
          wanted,
          posted,
          predecessor,
          reduction,
          Nonce.of(wanted.incident()),
          null,
          Standing.OWN,
          null);
    }
  }

  /**
   * One attempt to tell a message.
   *
   * @param wanted the newest wanted state of the card
   * @param card the card that is there
   * @param reduction 0 the whole message, then less, as for a card
   * @param nonce up to 25 letters and digits, the same for every attempt, over restarts too
   * @param doubtSince when the first attempt began whose answer was never seen; null where none
   *     was. Who has no nonce then pings nobody: it may have been told
   */
  record Telling(
      Notification wanted,
      Posted card,
      Message message,
      int reduction,
      String nonce,
      @Nullable Instant doubtSince) {}

  /**
   * For whom a card stands in.
   *
   * @param role what the receiver is for this incident
   * @param other the receiver that it stands in for; {@code ""} for none
   * @param reason why, in words; may be empty
   */
  record Standing(Role role, String other, String reason) {
    /** The card of the receiver that the route names. */
    public static final Standing OWN = new Standing(Role.OWN, "", "");

    /** See {@link Standing}. */
    public enum Role {
      OWN,
      /** The other receiver does not take its card. */
      FALLBACK,
      /** The other receiver has its card after all: look there. */
      RELIEVED
    }
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
