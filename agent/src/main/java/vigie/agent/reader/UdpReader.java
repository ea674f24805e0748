package vigie.agent.reader;

import java.io.IOException;

/** /proc/net/udp and udp6: what waits in the queues of UDP's sockets, in bytes. */
public final class UdpReader implements AutoCloseable {
  private final SocketTable udp;
  private final SocketTable udp6;
  private boolean has4;
  private boolean has6;

  public UdpReader(Roots roots) {
    udp = new SocketTable(roots.procfs().resolve("net/udp"));
    udp6 = new SocketTable(roots.procfs().resolve("net/udp6"));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where this kernel has neither table
   * @throws IOException when a table that is there cannot be read
   */
  public void read() throws IOException {
    has4 = udp.read();
    has6 = udp6.read();
    if (!has4 && !has6) {
      throw new NoDataException("this kernel has no table of UDP's sockets");
    }
  }

  public double receiveBytes4() {
    return has4 ? udp.receiveBytes : Double.NaN;
  }

  public double sendBytes4() {
    return has4 ? udp.sendBytes : Double.NaN;
  }

  /** NaN without IPv6. */
  public double receiveBytes6() {
    return has6 ? udp6.receiveBytes : Double.NaN;
  }

  /** NaN without IPv6. */
  public double sendBytes6() {
    return has6 ? udp6.sendBytes : Double.NaN;
  }

  @Override
  public void close() {
    udp.close();
    udp6.close();
  }
}
