package vigie.collector.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Notification;

/**
 * What is kept of one card: the state it should show, what is known of the message, and what is to
 * be told beside it.
 *
 * @param integration index of the way out within the receiver
 * @param fallback the receiver it goes to in place of the one that the notification names; null for
 *     that one
 * @param wanted the newest wanted state; older ones are forgotten
 * @param version counts up with each wanted state, from 1
 * @param wantedAt since when the card should look different from what is seen
 * @param delivered the last version that is seen; 0 for none
 * @param posted the message; null while none is known
 * @param postingSince when the first post began whose answer is not recorded; null where none was
 * @param deletions how often somebody deleted the message: after the first it is posted once more,
 *     after the second left alone
 * @param predecessor what the posted message says about one before it
 * @param beside messages
 */
public record Card(
    int integration,
    @Nullable String fallback,
    Notification wanted,
    long version,
    Instant wantedAt,
    long delivered,
    Notifier.@Nullable Posted posted,
    @Nullable Instant postingSince,
    int deletions,
    Notifier.Predecessor predecessor,
    Beside beside) {

  /** A card that nobody has seen. */
  static Card first(int integration, @Nullable String fallback, Notification wanted, Instant now) {
    return new Card(
        integration,
        fallback,
        wanted,
        1,
        now,
        0,
        null,
        null,
        0,
        Notifier.Predecessor.NONE,
        Beside.NOTHING);
  }

  /** Unique among all cards. */
  public String key() {
    return wanted.incident() + (fallback == null ? "" : "/instead/" + fallback) + "/" + integration;
  }

  /** Where it goes. */
  public String receiver() {
    return fallback == null ? wanted.receiver() : fallback;
  }

  /** The same for each attempt to post it, until it was deleted. */
  String nonce() {
    return Nonce.of(key() + "/" + deletions);
  }

  String nonce(String message) {
    return Nonce.of(key() + "/" + deletions + "/beside/" + message);
  }

  /** Twice deleted by somebody: nothing more is shown. */
  boolean isLeftAlone() {
    return deletions > 1;
  }

  boolean isDelivered() {
    return delivered == version || isLeftAlone();
  }

  /** Whether nothing is left to be sent. */
  boolean isDone() {
    return isDelivered() && beside.waiting().isEmpty();
  }

  Card wanting(Notification next, Instant now) {
    Instant since = isDelivered() ? now : wantedAt;
    return copy(next, version + 1, since, delivered, posted, postingSince, deletions, predecessor);
  }

  Card begun(Instant now) {
    Instant since = postingSince == null ? now : postingSince;
    return copy(wanted, version, wantedAt, delivered, posted, since, deletions, predecessor);
  }

  /** The attempt came to nothing for sure. */
  Card notPosted() {
    return copy(wanted, version, wantedAt, delivered, posted, null, deletions, predecessor);
  }

  Card seen(long version, Notifier.Posted posted, Notifier.Predecessor predecessor) {
    return copy(wanted, this.version, wantedAt, version, posted, null, deletions, predecessor);
  }

  Card deleted() {
    Card without = copy(wanted, version, wantedAt, 0, null, null, deletions + 1, predecessor);
    return without.isLeftAlone() ? without.with(beside.without(message -> true)) : without;
  }

  Card with(Beside next) {
    return new Card(
        integration,
        fallback,
        wanted,
        version,
        wantedAt,
        delivered,
        posted,
        postingSince,
        deletions,
        predecessor,
        next);
  }

  private Card copy(
      Notification wanted,
      long version,
      Instant wantedAt,
      long delivered,
      Notifier.@Nullable Posted posted,
      @Nullable Instant postingSince,
      int deletions,
      Notifier.Predecessor predecessor) {
    return new Card(
        integration,
        fallback,
        wanted,
        version,
        wantedAt,
        delivered,
        posted,
        postingSince,
        deletions,
        predecessor,
        beside);
  }
}
