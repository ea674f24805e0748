package vigie.agent.reader;

import java.io.IOException;
import java.util.List;

/** /proc/net/tcp and tcp6: how many connections are in each state. */
public final class TcpReader implements AutoCloseable {
  /** The states by the kernel's number, 1 to 11, of include/net/tcp_states.h. */
  public static final List<String> STATES =
      List.of(
          "",
          "established",
          "syn_sent",
          "syn_recv",
          "fin_wait1",
          "fin_wait2",
          "time_wait",
          "close",
          "close_wait",
          "last_ack",
          "listen",
          "closing");

  private final SocketTable tcp;
  private final SocketTable tcp6;
  private boolean has6;

  public TcpReader(Roots roots) {
    tcp = new SocketTable(roots.procfs().resolve("net/tcp"));
    tcp6 = new SocketTable(roots.procfs().resolve("net/tcp6"));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where this kernel has no such table; the one of IPv6 need not be there
   * @throws IOException when a table cannot be read
   */
  public void read() throws IOException {
    if (!tcp.read()) {
      throw new NoDataException("this kernel has no table of TCP's sockets");
    }
    has6 = tcp6.read();
  }

  /** How many sockets there are in all. */
  public double sockets() {
    return tcp.sockets + (has6 ? tcp6.sockets : 0);
  }

  /** How many connections are in a state of {@link #STATES}. */
  public double inState(int state) {
    return tcp.inState[state] + (has6 ? tcp6.inState[state] : 0);
  }

  /** What waits to be read by programs; of sockets that listen, connections not yet accepted. */
  public double receiveQueueBytes() {
    return tcp.receiveBytes + (has6 ? tcp6.receiveBytes : 0);
  }

  /** What the other side has not acknowledged. */
  public double sendQueueBytes() {
    return tcp.sendBytes + (has6 ? tcp6.sendBytes : 0);
  }

  @Override
  public void close() {
    tcp.close();
    tcp6.close();
  }
}
