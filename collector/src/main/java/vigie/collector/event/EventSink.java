package vigie.collector.event;

/** Takes events from receivers. Safe for all threads. */
public interface EventSink {
  /**
   * Takes the event. {@code whenDurable} runs exactly once, on any thread and soon after the sync
   * that covers the event (at once for one that was taken before); it must not block. Where the
   * disk refuses it does not run until the disk takes the event again.
   *
   * @param event what happened
   * @param raw the record as it came, without trailing LF, CR and NUL; not kept by the caller
   */
  void accept(Event event, byte[] raw, Runnable whenDurable);
}
