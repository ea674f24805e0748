package vigie.collector.dispatch;

import java.util.List;

/** Takes wanted states and keeps them; the outbox. Safe for all threads. */
public interface NotificationSink {
  /** Replaces the wanted state of each incident named; durable when this returns. */
  void want(List<Notification> notifications);

  /**
   * Takes a message beside the card of its incident, to be told once after the card is there;
   * durable when this returns. Nothing happens where that incident has no card (any more), where
   * its receiver tells no messages of the kind, or where it has one with this id. One that says
   * that somebody acknowledged the incident takes back escalations that nobody has seen yet.
   */
  default void tell(Message message) {}

  /** The last wanted state of every incident that is not over, also over a restart. */
  List<Notification> open();
}
