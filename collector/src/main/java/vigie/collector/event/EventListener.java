package vigie.collector.event;

/** Told of each new event, once, after it is durable, in the order taken. Must not block. */
public interface EventListener {
  /**
   * Takes one event.
   *
   * @param event a new one; doubles are never told
   * @param late whether it was more than five minutes old on receipt, or is of a shutdown: history,
   *     which triggers nothing
   */
  void onEvent(Event event, boolean late);
}
