package vigie.collector.receive;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.time.Clock;

/**
 * Logs what peers do wrong without letting them fill the log: the same of one peer once an hour,
 * and at most one line in ten seconds, which tells how many were left out. Safe for all threads.
 */
public final class PeerFaults {
  private static final Logger log = LoggerFactory.getLogger(PeerFaults.class);
  private static final long SAME = Duration.ofHours(1).toNanos();
  private static final long APART = Duration.ofSeconds(10).toNanos();
  private static final int REMEMBERED = 1000;

  private final Clock clock;
  private final Map<String, Long> told =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };
  private long lastNanos;
  private boolean any;
  private long unlogged;

  public PeerFaults(Clock clock) {
    this.clock = clock;
  }

  /**
   * Logs it, or counts it for the next line.
   *
   * @param peer its address without the port, or its certificate's name
   * @param cause one line: what went wrong, and what to do where that is known
   */
  public void tell(String peer, String cause) {
    tell(peer, cause, cause);
  }

  /**
   * As above, for causes that hold counts or samples.
   *
   * @param kind what makes a fault the same as another of the peer
   */
  public void tell(String peer, String kind, String cause) {
    String same = peer + ' ' + kind;
    long before;
    synchronized (this) {
      long now = clock.nanos();
      Long last = told.get(same);
      if ((last != null && now - last < SAME) || (any && now - lastNanos < APART)) {
        unlogged++;
        return;
      }
      told.put(same, now);
      any = true;
      lastNanos = now;
      before = unlogged;
      unlogged = 0;
    }
    log.warn("peer at fault peer={} cause=\"{}\" unlogged={}", peer, cause, before);
  }
}
