package vigie.collector.receive.relp;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which live session speaks for which agent's spool. Two at a time would be two nodes made from one
 * disk image, whose records would pass for each other's doubles. A session that a lost link left
 * behind counts as live until TCP's keep-alive ends it. Guarded by its own lock.
 */
final class Identities {
  /** More than any fleet has; beyond it identities are not looked after. */
  private static final int MAX_LIVE = 65_536;

  private static final int MAX_TOLD = 1024;

  private final Map<Identity, RelpSession> live = new HashMap<>();
  private final Set<Identity> told = new HashSet<>();

  record Identity(String node, String spool) {}

  /**
   * Claims the identity for the session.
   *
   * @return the session that has it now: the given one, or another that had it before
   */
  synchronized RelpSession claim(Identity identity, RelpSession session) {
    RelpSession other = live.get(identity);
    if (other != null && other != session) {
      return other;
    }
    if (!session.isClosed() && live.size() < MAX_LIVE) {
      live.put(identity, session);
    }
    return session;
  }

  /** Whether a clash over this identity has not been told since the last one that had it left. */
  synchronized boolean isNews(Identity identity) {
    return told.size() < MAX_TOLD && told.add(identity);
  }

  /** Frees all that the closed session had. */
  synchronized void release(RelpSession session) {
    live.entrySet()
        .removeIf(
            entry -> {
              boolean itsOwn = entry.getValue() == session;
              if (itsOwn) {
                told.remove(entry.getKey());
              }
              return itsOwn;
            });
  }
}
