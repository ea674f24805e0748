package vigie.collector.api.loki;

import java.time.Instant;

/** Times as Loki has them: nanoseconds since the epoch. */
final class Nanos {
  private static final long MOST_SECONDS = Long.MAX_VALUE / 1_000_000_000 - 1;

  private Nanos() {}

  /** What does not fit is the nearest that does, in the years 1677 and 2262. */
  static long of(Instant time) {
    long seconds = Math.max(-MOST_SECONDS, Math.min(MOST_SECONDS, time.getEpochSecond()));
    return seconds * 1_000_000_000 + time.getNano();
  }

  static Instant instant(long nanos) {
    return Instant.ofEpochSecond(
        Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
  }
}
