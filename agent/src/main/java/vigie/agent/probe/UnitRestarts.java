package vigie.agent.probe;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How often a unit was started again by systemd within a time that moves along, from the count that
 * systemd keeps. That begins anew when somebody starts the unit; what was before the first look is
 * not known. One thread at a time.
 */
final class UnitRestarts {
  private static final int MOST_KEPT = UnitModule.Restarts.MOST + 1;

  private final long withinNanos;
  private final Deque<Rise> rises = new ArrayDeque<>();
  private long before = -1;

  private record Rise(long nanos, long by) {}

  UnitRestarts(Duration within) {
    withinNanos = within.toNanos();
  }

  /**
   * Takes a look's count.
   *
   * @return how many there were within the time
   */
  long take(long count, long nanos) {
    if (before >= 0 && count >= 0 && count != before) {
      rises.addLast(new Rise(nanos, count > before ? count - before : count));
    }
    before = count;
    while (!rises.isEmpty()
        && (rises.size() > MOST_KEPT || nanos - rises.getFirst().nanos >= withinNanos)) {
      rises.removeFirst();
    }
    return rises.stream().mapToLong(Rise::by).sum();
  }
}
