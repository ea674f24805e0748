package vigie.agent.source;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventSink;
import vigie.agent.event.EventType;

/**
 * Holds back whoever brings an event for as long as it cannot be written, so that a source that can
 * wait loses nothing on a full disk. The spool logs that state once. Sources that have a place wait
 * already where the spool is filling behind a lost link: the journal and the files keep what comes
 * meanwhile, and the events of probes still find room. Safe for all threads.
 */
final class HoldingSink implements EventSink, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HoldingSink.class);
  private static final int AGAIN_SECONDS = 1;
  private final EventSink events;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean waiting = new AtomicBoolean();

  HoldingSink(EventSink events) {
    this.events = events;
  }

  /**
   * @throws UncheckedIOException where it still could not be written when this was closed
   */
  @Override
  public void accept(Event event) {
    acceptAll(List.of(event));
  }

  /**
   * @throws UncheckedIOException as {@link #accept}
   */
  @Override
  public void acceptAll(List<Event> together) {
    waitForRoom(together.stream().anyMatch(HoldingSink::canWait));
    while (true) {
      try {
        events.acceptAll(together);
        return;
      } catch (UncheckedIOException e) {
        if (isClosedWithin(AGAIN_SECONDS)) {
          throw e;
        }
      }
    }
  }

  private static boolean canWait(Event event) {
    return !event.places().isEmpty() && event.type() != EventType.NODE_BOOT;
  }

  private void waitForRoom(boolean canWait) {
    while (canWait && events.isFilling()) {
      if (waiting.compareAndSet(false, true)) {
        log.warn("log sources wait: no collector takes events and the spool is filling");
      }
      if (isClosedWithin(AGAIN_SECONDS)) {
        throw new UncheckedIOException(new IOException("closed while the spool was filling"));
      }
    }
    if (canWait && waiting.compareAndSet(true, false)) {
      log.info("log sources go on");
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
