package vigie.base.http;

import java.time.Duration;

/** Lets one thing through per interval on average, and a burst of them at once. Not thread-safe. */
final class TokenBucket {
  private final long everyNanos;
  private final int burst;
  private double tokens;
  private long then;

  TokenBucket(Duration every, int burst, long nowNanos) {
    this.everyNanos = every.toNanos();
    this.burst = burst;
    this.tokens = burst;
    this.then = nowNanos;
  }

  /** Whether there is a token left; takes it if so. */
  boolean take(long nowNanos) {
    if (!has(nowNanos)) {
      return false;
    }
    tokens--;
    return true;
  }

  /** Whether there is a token left. */
  boolean has(long nowNanos) {
    tokens = Math.min(burst, tokens + (nowNanos - then) / (double) everyNanos);
    then = nowNanos;
    return tokens >= 1;
  }
}
