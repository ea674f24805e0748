package vigie.agent.probe;

import java.net.InetAddress;
import vigie.agent.probe.Probe.Listens;
import vigie.agent.reader.Roots;

/**
 * Looks among this host's listening sockets for the target of a {@link Dial}. But for {@link
 * #hint}, used by the scheduler's thread alone.
 */
final class LocalWatch {
  private static final int ADDRESSES_ANEW = 60;

  private final Dial dial;
  private final Roots roots;
  private InetAddress[] seen = {};
  private int untilAnew;
  private long[] highs = {};
  private long[] lows = {};

  LocalWatch(Dial dial, Roots roots) {
    this.dial = dial;
    this.roots = roots;
  }

  /** As {@link Probe#hint}. */
  String hint() {
    Listening listening = new Listening(roots.procfs());
    InetAddress[] known = dial.addresses();
    return known.length == 0
        ? listening.explain(dial.target())
        : listening.explain(known, dial.target().getPort());
  }

  /** Whether the target is on this host; found out anew with its addresses and once a minute. */
  @SuppressWarnings("ReferenceEquality") // the array is kept while it stays the same
  boolean isHere() {
    InetAddress[] now = dial.addresses();
    if (now != seen || --untilAnew < 0) {
      seen = now;
      untilAnew = ADDRESSES_ANEW;
      int local = 0;
      highs = new long[now.length];
      lows = new long[now.length];
      for (InetAddress address : now) {
        if (Listening.isLocal(address)) {
          highs[local] = ListeningSockets.high(address);
          lows[local++] = ListeningSockets.low(address);
        }
      }
      if (local < now.length) {
        // Partly elsewhere: whether one socket listens here decides nothing.
        highs = new long[0];
      }
    }
    return highs.length > 0;
  }

  /** As {@link Probe#listens}. */
  Listens listens(ListeningSockets sockets) {
    boolean listens = false;
    for (int i = 0; i < highs.length; i++) {
      listens |= sockets.find(highs[i], lows[i], dial.target().getPort()) >= 0;
    }
    return highs.length == 0 ? Listens.UNKNOWN : listens ? Listens.YES : Listens.NO;
  }
}
