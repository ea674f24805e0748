package vigie.collector.receive.relp;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which live session speaks for which agent's spool. Two at a time would be two nodes made from one
 * disk image, whose records would pass for each other's doubles. Guarded by its own lock.
 */
final class Identities {
  /**
   * A session silent for this long gives way to a new one: more likely it is what a lost link left
   * behind.
   */
  static final long SILENT_NANOS = 30_000_000_000L;

  /** More than any fleet has; beyond it identities are not looked after. */
  private static final int MAX_LIVE = 65_536;

  private final Map<Identity, RelpSession> live = new HashMap<>();

  record Identity(String node, String spool) {}

  /**
   * Claims the identity for the session.
   *
   * @return the session that has it and keeps it; the session itself where it has it now
   */
  synchronized RelpSession claim(Identity identity, RelpSession session) {
    RelpSession other = live.get(identity);
    if (other != null && other != session && !other.isSilentFor(SILENT_NANOS)) {
      return other;
    }
    if (!session.isClosed() && live.size() < MAX_LIVE) {
      live.put(identity, session);
    }
    if (other != null && other != session) {
      other.giveWay();
    }
    return session;
  }

  /** The nodes that a live session speaks for. */
  synchronized Set<String> nodes() {
    Set<String> nodes = new TreeSet<>();
    live.keySet().forEach(identity -> nodes.add(identity.node()));
    return nodes;
  }

  /** Frees all that the closed session had. */
  synchronized void release(RelpSession session) {
    live.values().removeIf(holder -> holder == session);
  }
}
