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

  /**
   * Takes foreign records of one node, as in a storm: the same as each of them one by one.
   *
   * @param run not kept
   */
  default void onSyslog(SyslogRun run, boolean late) {
    for (int i = 0; i < run.size(); i++) {
      onEvent(run.event(i), late);
    }
  }
}
