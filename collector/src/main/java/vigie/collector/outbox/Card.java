package vigie.collector.outbox;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Notification;

/**
 * What is kept of one card: the state it should show and what is known of the message.
 *
 * @param integration index of the way out within the receiver
 * @param wanted the newest wanted state; older ones are forgotten
 * @param version counts up with each wanted state, from 1
 * @param wantedAt since when the card should look different from what is seen
 * @param delivered the last version that is seen; 0 for none
 * @param posted the message; null while none is known
 * @param posting whether a post was begun whose answer is not recorded
 * @param deletions how often somebody deleted the message: after the first it is posted once more,
 *     after the second left alone
 * @param predecessor what the posted message says about one before it
 */
public record Card(
    int integration,
    Notification wanted,
    long version,
    Instant wantedAt,
    long delivered,
    Notifier.@Nullable Posted posted,
    boolean posting,
    int deletions,
    Notifier.Predecessor predecessor) {

  /** A card that nobody has seen. */
  static Card first(int integration, Notification wanted, Instant now) {
    return new Card(integration, wanted, 1, now, 0, null, false, 0, Notifier.Predecessor.NONE);
  }

  /** Unique among all cards. */
  public String key() {
    return key(wanted.incident(), integration);
  }

  static String key(String incident, int integration) {
    return incident + "/" + integration;
  }

  boolean isDelivered() {
    return delivered == version || deletions > 1;
  }

  Card wanting(Notification next, Instant now) {
    Instant since = isDelivered() ? now : wantedAt;
    return new Card(
        integration, next, version + 1, since, delivered, posted, posting, deletions, predecessor);
  }

  Card begun() {
    return new Card(
        integration, wanted, version, wantedAt, delivered, posted, true, deletions, predecessor);
  }

  Card seen(long version, Notifier.Posted posted, Notifier.Predecessor predecessor) {
    return new Card(
        integration,
        wanted,
        this.version,
        wantedAt,
        version,
        posted,
        false,
        deletions,
        predecessor);
  }

  Card deleted() {
    return new Card(
        integration, wanted, version, wantedAt, 0, null, false, deletions + 1, predecessor);
  }
}
