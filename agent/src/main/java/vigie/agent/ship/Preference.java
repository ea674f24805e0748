package vigie.agent.ship;

import java.time.Duration;
import java.util.Arrays;

/**
 * Which of several collectors is used: the first in the order of preference that answers. The next
 * one is tried when this one has not answered for a while. A better one is taken again only after
 * it answered twice, minutes apart, and each time that this proved wrong the next look waits twice
 * as long, so that nothing swings. Owned by one thread.
 */
final class Preference {
  private static final int PROOFS = 2;

  private final int count;
  private final long patienceNanos;
  private final long againNanos;
  private final long mostNanos;
  private final int[] proofs;
  private int current;
  private boolean waiting;
  private long waitingSince;
  private long wentBackAt;
  private boolean wentBack;
  private long pauseNanos;

  /**
   * @param count how many there are
   * @param patience how long one may not answer before the next is tried
   * @param again how often to look for a better one
   */
  Preference(int count, Duration patience, Duration again) {
    this.count = count;
    this.patienceNanos = patience.toNanos();
    this.againNanos = again.toNanos();
    this.mostNanos = 12 * againNanos;
    this.pauseNanos = againNanos;
    this.proofs = new int[count];
  }

  /** 0 for the most preferred. */
  int current() {
    return current;
  }

  /** The current one does not answer; says whether another is to be tried from now on. */
  boolean failed(long nowNanos) {
    if (!waiting) {
      waiting = true;
      waitingSince = nowNanos;
    }
    if (count == 1 || nowNanos - waitingSince < patienceNanos) {
      return false;
    }
    if (wentBack) {
      boolean steady = nowNanos - wentBackAt >= mostNanos;
      pauseNanos = steady ? againNanos : Math.min(2 * pauseNanos, mostNanos);
      wentBack = false;
    }
    current = (current + 1) % count;
    waitingSince = nowNanos;
    Arrays.fill(proofs, 0);
    return true;
  }

  /** Events have reached the current one. */
  void answered() {
    waiting = false;
  }

  /** How long until somebody looks whether a better one is there. */
  Duration pause() {
    return Duration.ofNanos(pauseNanos);
  }

  /** What a look at a better one gave; says whether it is to be used from now on. */
  boolean looked(int better, boolean answered, long nowNanos) {
    proofs[better] = answered ? proofs[better] + 1 : 0;
    if (better >= current || proofs[better] < PROOFS) {
      return false;
    }
    current = better;
    wentBack = true;
    wentBackAt = nowNanos;
    waiting = false;
    Arrays.fill(proofs, 0);
    return true;
  }
}
