package vigie.agent.source;

import java.io.UncheckedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;

/**
 * Holds back whoever brings an event for as long as it cannot be written, so that a source that can
 * wait loses nothing on a full disk. The spool logs that state once. Safe for all threads.
 */
final class HoldingSink implements EventSink, AutoCloseable {
  private static final int AGAIN_SECONDS = 1;
  private final EventSink events;
  private final CountDownLatch closed = new CountDownLatch(1);

  HoldingSink(EventSink events) {
    this.events = events;
  }

  /**
   * @throws UncheckedIOException where it still could not be written when this was closed
   */
  @Override
  public void accept(Event event) {
    while (true) {
      try {
        events.accept(event);
        return;
      } catch (UncheckedIOException e) {
        if (isClosedWithin(AGAIN_SECONDS)) {
          throw e;
        }
      }
    }
  }

  private boolean isClosedWithin(int seconds) {
    try {
      return closed.await(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /** Whoever waits gives up. */
  @Override
  public void close() {
    closed.countDown();
  }
}
