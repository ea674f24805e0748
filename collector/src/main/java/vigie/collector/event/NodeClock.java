package vigie.collector.event;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * How far a node's clock is behind the collector's (negative: ahead), as its events show it, so
 * that what waited in a spool is told from what a wrong clock stamped. The age of an event on
 * receipt is that offset plus the time it waited. The offset is taken to be nothing until shown:
 *
 * <ul>
 *   <li>an age below the offset lowers it, since no event arrives before it happens;
 *   <li>two events that arrive {@link #PROOF} or more apart and are equally old came at once, for
 *       what waited comes in a burst: their age is the offset.
 * </ul>
 *
 * An offset within a minute counts as none.
 */
final class NodeClock {
  private static final long LATE = Duration.ofMinutes(5).toMillis();
  private static final long PROOF = Duration.ofSeconds(10).toMillis();
  private static final long EQUALLY_OLD = Duration.ofSeconds(1).toMillis();
  private static final long GOOD_ENOUGH = Duration.ofMinutes(1).toMillis();

  private long offsetMillis;

  /** Receipt and age of the first of a run of equally old events; −1: none yet. */
  private long firstReceived = -1;

  private long firstAge;

  static boolean isLateByDefault(Duration age) {
    return age.toMillis() > LATE;
  }

  boolean isLate(Duration age) {
    long waited = age.toMillis() - Math.min(offsetMillis, age.toMillis());
    return waited > LATE;
  }

  void heard(Instant time, Instant received) {
    long at = received.toEpochMilli();
    long age = at - time.toEpochMilli();
    if (age < offsetMillis) {
      offsetMillis = settled(age);
    }
    if (firstReceived < 0 || Math.abs(age - firstAge) > EQUALLY_OLD) {
      firstReceived = at;
      firstAge = age;
    } else if (at - firstReceived >= PROOF) {
      offsetMillis = settled(age);
    }
  }

  private static long settled(long age) {
    return Math.abs(age) <= GOOD_ENOUGH ? 0 : age;
  }

  void write(DataOutputStream out) throws IOException {
    out.writeLong(offsetMillis);
    out.writeLong(firstReceived);
    out.writeLong(firstAge);
  }

  void read(DataInputStream in) throws IOException {
    offsetMillis = in.readLong();
    firstReceived = in.readLong();
    firstAge = in.readLong();
  }
}
