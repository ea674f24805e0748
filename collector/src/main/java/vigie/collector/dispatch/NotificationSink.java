package vigie.collector.dispatch;

import java.util.List;

/** Takes wanted states and keeps them; the outbox. Safe for all threads. */
public interface NotificationSink {
  /** Replaces the wanted state of each incident named; durable when this returns. */
  void want(List<Notification> notifications);

  /** The last wanted state of every incident that is not over, also over a restart. */
  List<Notification> open();
}
