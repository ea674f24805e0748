package vigie.collector.outbox;

import java.util.Comparator;
import org.jspecify.annotations.Nullable;
import vigie.collector.dispatch.Message;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Lane;
import vigie.collector.outbox.Notifier.Posted;
import vigie.collector.outbox.Notifier.Predecessor;

/** A card and what is known of it since the start. Guarded by the lock of the {@link Outbox}. */
final class Entry {
  /** A card that fails this often in a row lets the others go first. */
  private static final int PATIENCE = 5;

  /**
   * Begin, end and escalation of an incident before new texts, these before other messages, then
   * who failed less often, then who waits longest.
   */
  static final Comparator<Entry> ORDER =
      Comparator.<Entry>comparingInt(entry -> entry.attempts > PATIENCE ? 1 : 0)
          .thenComparingInt(Entry::rank)
          .thenComparingInt(entry -> entry.attempts)
          .thenComparing(entry -> entry.card.wantedAt());

  Card card;
  @Nullable Lane lane;
  int attempts;
  String lastError = "";

  /** How much is left out of the card, and of the message that is next. */
  int reduction;

  int tellReduction;

  /** On the monotonic clock. */
  long notBefore = Long.MIN_VALUE;

  boolean sending;

  Entry(Card card) {
    this.card = card;
  }

  /** What a request would do next, from the lane it would go on. */
  @Nullable Work next(Lane on) {
    if (card.isDone()) {
      return null;
    }
    if (editable(on) == null) {
      return Work.POST;
    }
    Message message = card.beside().first();
    boolean first = message != null && message.ping() != null && !card.wanted().isResolved();
    return card.isDelivered() || first ? Work.TELL : Work.EDIT;
  }

  @Nullable Posted editable(Lane on) {
    Posted posted = card.posted();
    return posted == null || posted.id().isEmpty() || !posted.target().equals(on.target())
        ? null
        : posted;
  }

  Predecessor predecessor() {
    return card.deletions() > 0 || card.posted() != null
        ? Predecessor.GONE
        : card.postingSince() != null ? Predecessor.PERHAPS : Predecessor.NONE;
  }

  private int rank() {
    Message message = card.beside().first();
    if (card.posted() == null
        || (card.wanted().isResolved() && !card.isDelivered())
        || (message != null && message.ping() != null)) {
      return 0;
    }
    return card.isDelivered() ? 2 : 1;
  }

  /** Whether somebody must hear of it who has not: a new incident, or one that escalates. */
  boolean isUrgent() {
    return !card.wanted().isResolved()
        && (card.posted() == null
            || card.beside().waiting().stream().anyMatch(message -> message.ping() != null));
  }

  /** Whether every form of it was refused. */
  boolean isRefused() {
    return reduction > Delivery.MOST_REDUCTION;
  }

  void failed(String reason) {
    attempts++;
    lastError = reason;
  }

  void wentWell() {
    attempts = 0;
    lastError = "";
  }
}
