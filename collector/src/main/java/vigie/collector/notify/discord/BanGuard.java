package vigie.collector.notify.discord;

import java.time.Duration;
import java.util.Arrays;

/**
 * Counts answers 401, 403 and 429 of the last ten minutes: an address that earns 10,000 of them is
 * shut out by Discord altogether. Half of that is the end here. Source: Discord's rate limit page,
 * "invalid request limit". Safe for all threads.
 */
final class BanGuard {
  private static final int MOST = 5_000;
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();
  private static final int MINUTES = 10;

  private final int[] counts = new int[MINUTES + 1];
  private long minute = Long.MIN_VALUE;

  synchronized void count(long nanos) {
    move(nanos);
    counts[slot()]++;
  }

  /** How long to send nothing; zero where there is no danger. */
  synchronized Duration pause(long nanos) {
    move(nanos);
    int sum = 0;
    for (int count : counts) {
      sum += count;
    }
    return sum < MOST ? Duration.ZERO : Duration.ofMinutes(1);
  }

  private void move(long nanos) {
    long now = Math.floorDiv(nanos, MINUTE);
    if (minute == Long.MIN_VALUE || now - minute >= counts.length) {
      Arrays.fill(counts, 0);
      minute = now;
    }
    while (minute < now) {
      minute++;
      counts[slot()] = 0;
    }
  }

  private int slot() {
    return (int) Math.floorMod(minute, (long) counts.length);
  }
}
