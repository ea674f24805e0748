package vigie.collector.outbox;

import java.time.Instant;

/**
 * A wanted state that was seen.
 *
 * @param edited whether an older state of the card was edited; otherwise it was posted
 * @param at when the other side confirmed it
 * @param message the other side's id of the message; may be empty
 */
public record SentCard(
    String incident,
    String receiver,
    int firing,
    int resolved,
    boolean edited,
    Instant at,
    String message) {}
