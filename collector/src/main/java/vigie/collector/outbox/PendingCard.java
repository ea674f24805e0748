package vigie.collector.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Notification;

/**
 * A card whose wanted state is not seen yet, or that has messages beside it to be told.
 *
 * @param receiver where it goes: the one that the notification names, or its fallback
 * @param state of its delivery
 * @param attempts made for it since the start or since it last went well
 * @param lastError in words, without secrets; empty where there was none
 * @param nextTry null while one is under way, or where nothing is planned
 * @param messages how many wait beside it
 * @param since when the card should look different from what is seen
 */
public record PendingCard(
    Notification wanted,
    String receiver,
    State state,
    int attempts,
    String lastError,
    @Nullable Instant nextTry,
    int messages,
    Instant since) {
  /** Where the delivery stands. */
  public enum State {
    /** Its turn will come. */
    WAITING,
    /** A request is under way. */
    SENDING,
    /** An attempt failed; the next one is planned. */
    RETRYING,
    /** Only a person can help; tried again rarely. */
    STUCK
  }
}
