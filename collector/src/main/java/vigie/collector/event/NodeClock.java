package vigie.collector.event;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

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
 * An agent's event says besides how long its kernel had been running ({@code mono}), which no step
 * of the wall clock changes. Once an event is known to have come at once, that tells of all others
 * of the same boot how long they waited, and of the wall clock, whatever it says, how far it is
 * off. Not safe for several threads.
 */
public final class NodeClock {
  private static final long LATE = Duration.ofMinutes(5).toMillis();
  private static final long PROOF = Duration.ofSeconds(10).toMillis();

  /** Differences that are no more than the way an event takes. */
  private static final long AT_ONCE = Duration.ofSeconds(1).toMillis();

  /** An offset of the wall clock within this counts as none where lateness is judged. */
  private static final long GOOD_ENOUGH = Duration.ofMinutes(1).toMillis();

  private final Offset wall = new Offset();

  /** From the start of the node's kernel to the collector's epoch. */
  private Offset kernel = new Offset();

  private String boot = "";

  /** Of a foreign record, by milliseconds since the epoch. */
  static boolean isLateByDefault(long received, long time) {
    return received - time > LATE;
  }

  static boolean isLateByDefault(Event event) {
    return age(event) > LATE && !isEarlyUnverified(event);
  }

  /** Whether it was more than five minutes old on receipt, as far as can be known. */
  boolean isLate(Event event) {
    long mono = mono(event);
    long at = event.received().toEpochMilli();
    boolean hasKernel = mono >= 0 && isOfBoot(event);
    if (hasKernel && kernel.shown) {
      return at - mono - kernel.millis > LATE;
    }
    if (wall.isProvenBy(age(event), at) || (hasKernel && kernel.isProvenBy(at - mono, at))) {
      return false; // else the first fault of a quiet node with a wrong clock would be history
    }
    long offset = Math.abs(wall.millis) <= GOOD_ENOUGH ? 0 : wall.millis;
    return age(event) - Math.min(offset, age(event)) > LATE && !isEarlyUnverified(event);
  }

  /**
   * Whether its time says nothing: a Pi has no clock of its own and stamps what happens while it
   * starts with the time of its last shutdown. Such an event most likely came at once.
   */
  private static boolean isEarlyUnverified(Event event) {
    long mono = mono(event);
    return mono >= 0 && mono < LATE && event.field("clock").equals("unverified");
  }

  /** Takes an event. */
  public void heard(Event event) {
    long at = event.received().toEpochMilli();
    long age = age(event);
    long mono = mono(event);
    if (mono < 0) {
      wall.heard(age, at);
      return;
    }
    if (!isOfBoot(event)) {
      boot = boot(event);
      kernel = new Offset();
    }
    boolean knew = kernel.shown;
    kernel.heard(at - mono, at);
    if (knew && at - mono - kernel.millis <= AT_ONCE) {
      wall.is(age);
    } else {
      wall.heard(age, at);
      if (!knew && wall.shown && age - wall.millis <= AT_ONCE) {
        kernel.is(at - mono);
      }
    }
  }

  /** The collector's own clock was stepped by so much. */
  public void stepped(long byMillis) {
    wall.step(byMillis);
    kernel.step(byMillis);
  }

  /** How far the node's clock is behind; null until events show it. */
  public @Nullable Duration offset() {
    return wall.shown ? Duration.ofMillis(wall.millis) : null;
  }

  private static long age(Event event) {
    return event.received().toEpochMilli() - event.time().toEpochMilli();
  }

  /** Milliseconds since the node's kernel was started; −1 where it does not say. */
  private static long mono(Event event) {
    String mono = event.field("mono");
    try {
      return event.origin() == null || mono.isEmpty() ? -1 : Long.parseLong(mono);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static String boot(Event event) {
    Event.Origin origin = event.origin();
    return origin == null ? "" : origin.boot();
  }

  private boolean isOfBoot(Event event) {
    return boot.equals(boot(event));
  }

  void write(DataOutputStream out) throws IOException {
    wall.write(out);
  }

  void read(DataInputStream in) throws IOException {
    wall.read(in);
  }

  /** The difference of two clocks, of which each event shows that it is at most so much. */
  private static final class Offset {
    private long millis;

    /** Whether an event has shown it that cannot have waited. */
    private boolean shown;

    /** Receipt and age of the first of a run of equally old events; −1: none yet. */
    private long firstReceived = -1;

    private long firstAge;

    void heard(long age, long at) {
      if (age < millis || (!shown && Math.abs(age) <= AT_ONCE)) {
        shown = true;
        millis = age;
      }
      if (firstReceived < 0 || Math.abs(age - firstAge) > AT_ONCE) {
        firstReceived = at;
        firstAge = age;
      } else if (isProvenBy(age, at)) {
        is(age);
      }
    }

    /** Whether this one and another came at once. */
    boolean isProvenBy(long age, long at) {
      return firstReceived >= 0
          && Math.abs(age - firstAge) <= AT_ONCE
          && at - firstReceived >= PROOF;
    }

    void is(long age) {
      millis = age;
      shown = true;
    }

    void step(long by) {
      if (shown) {
        millis += by;
      }
      firstAge += by;
      firstReceived = firstReceived < 0 ? -1 : firstReceived + by;
    }

    void write(DataOutputStream out) throws IOException {
      out.writeLong(millis);
      out.writeLong(firstReceived);
      out.writeLong(firstAge);
    }

    void read(DataInputStream in) throws IOException {
      millis = in.readLong();
      firstReceived = in.readLong();
      firstAge = in.readLong();
      shown = millis != 0;
    }
  }
}
