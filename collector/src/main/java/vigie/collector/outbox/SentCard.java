package vigie.collector.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Message;

/**
 * A wanted state that was seen, or a message beside a card that was told.
 *
 * @param beside the message; null for the card itself
 * @param edited whether an older state of the card was edited; otherwise it was posted
 * @param at when the other side confirmed it
 * @param message the other side's id of the message; may be empty
 */
public record SentCard(
    String incident,
    String receiver,
    @Nullable Message beside,
    int firing,
    int resolved,
    boolean edited,
    Instant at,
    String message) {}
