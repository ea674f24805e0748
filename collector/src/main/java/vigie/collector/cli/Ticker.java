package vigie.collector.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits between two looks of a command that runs until Ctrl-C. */
final class Ticker {
  private final Duration pause;

  Ticker(Duration pause) {
    this.pause = pause;
  }

  void await() throws InterruptedException {
    // Nobody counts down: the JVM ends by the signal.
    boolean done = new CountDownLatch(1).await(pause.toMillis(), TimeUnit.MILLISECONDS);
    if (done) {
      throw new IllegalStateException("BUG: a latch that nobody holds was opened");
    }
  }
}
