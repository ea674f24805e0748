package vigie.collector.event;

import java.time.Instant;
import java.util.List;

/** Takes events from receivers. Safe for all threads. */
public interface EventSink {
  /**
   * An event and what it came as.
   *
   * @param raw the record as it came, without trailing LF, CR and NUL; not kept by the sender
   * @param textBytes how many bytes at the end of {@code raw} are the event's text; −1 where that
   *     is not known
   * @param plain whether {@link Event#ofPlain} makes the same event of {@code raw} alone
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares these
  record Arrival(Event event, byte[] raw, int textBytes, boolean plain) {
    public Arrival(Event event, byte[] raw) {
      this(event, raw, -1, false);
    }

    Arrival receivedAt(Instant now) {
      return new Arrival(event.receivedAt(now), raw, textBytes, plain);
    }
  }

  /**
   * Takes the events, in order. {@code whenDurable} runs exactly once, on any thread and soon after
   * the sync that covers all of them (at once where all were taken before); it must not block.
   * Where the disk refuses it does not run until the disk takes the events again.
   *
   * @param arrivals at least one; not kept
   */
  void accept(List<Arrival> arrivals, Runnable whenDurable);

  /**
   * The same for what brings no identity.
   *
   * @param records the sink's until {@code whenTold}, and nobody's to read from then on
   * @param whenTold runs once behind {@code whenDurable}, when nobody needs the records any more
   */
  default void accept(SyslogRecords records, Runnable whenDurable, Runnable whenTold) {
    accept(
        records.arrivals(),
        () -> {
          whenDurable.run();
          whenTold.run();
        });
  }

  /**
   * The same on a thread that may wait for the disk: it may go there itself, which spares a sender
   * that waits for each answer the change to another thread.
   */
  default void acceptAlone(SyslogRecords records, Runnable whenDurable, Runnable whenTold) {
    accept(records, whenDurable, whenTold);
  }

  /**
   * Whether the disk is so quick, and refuses nothing, that an event loop may wait for what is
   * taken while nothing else waits.
   */
  default boolean isPrompt() {
    return false;
  }

  /** {@link #accept(List, Runnable)} for one. */
  default void accept(Event event, byte[] raw, Runnable whenDurable) {
    accept(List.of(new Arrival(event, raw)), whenDurable);
  }
}
