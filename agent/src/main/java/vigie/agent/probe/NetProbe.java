package vigie.agent.probe;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * A probe that connects to one host and port. Where that is this host, its listening sockets tell
 * of the target too. But for {@link #run} and {@link #hint}, used by the scheduler's thread alone.
 */
abstract class NetProbe implements Probe {
  private static final int ADDRESSES_ANEW = 60;

  protected final Duration timeout;
  protected final ProbeTools tools;
  protected final Dial dial;
  private InetAddress[] seen = {};
  private int untilAnew;
  private long[] highs = {};
  private long[] lows = {};

  /**
   * Does nothing yet.
   *
   * @param target not resolved
   */
  NetProbe(InetSocketAddress target, AddressChoice choice, Duration timeout, ProbeTools tools) {
    this.timeout = timeout;
    this.tools = tools;
    this.dial = new Dial(target, choice, tools);
  }

  /** A run that has not begun. */
  protected abstract NetRun newRun(Consumer<ProbeResult> done, Steps steps);

  @Override
  public final void run(Consumer<ProbeResult> done, Steps steps) {
    newRun(done, steps).start();
  }

  @Override
  public final String hint() {
    Listening listening = new Listening(tools.roots().procfs());
    InetAddress[] known = dial.addresses();
    return known.length == 0
        ? listening.explain(dial.target())
        : listening.explain(known, dial.target().getPort());
  }

  /** Whether the target is on this host; found out anew with its addresses and once a minute. */
  @Override
  @SuppressWarnings("ReferenceEquality") // the array is kept while it stays the same
  public final boolean isWatchable() {
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

  @Override
  public final Listens listens(ListeningSockets sockets) {
    boolean listens = false;
    for (int i = 0; i < highs.length; i++) {
      listens |= sockets.find(highs[i], lows[i], dial.target().getPort()) >= 0;
    }
    return highs.length == 0 ? Listens.UNKNOWN : listens ? Listens.YES : Listens.NO;
  }
}
