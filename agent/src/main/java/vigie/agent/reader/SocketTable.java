package vigie.agent.reader;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A table of sockets such as /proc/net/tcp or udp6: how many are in each state and what waits in
 * their queues. {@code sl local_address rem_address st tx_queue:rx_queue …}, hexadecimal. Source:
 * the kernel's Documentation/networking/proc_net_tcp.rst.
 */
final class SocketTable implements AutoCloseable {
  static final int STATES = 16;

  private final KernelFile file;
  final double[] inState = new double[STATES];
  double sendBytes;
  double receiveBytes;
  double sockets;

  SocketTable(Path path) {
    file = new KernelFile(path);
  }

  /**
   * Reads anew; false where this kernel has no such table.
   *
   * @throws IOException when it cannot be read, or is too long to be read whole
   */
  boolean read() throws IOException {
    Bytes in = file.readIfThere();
    if (in == null) {
      return false;
    }
    if (file.isCut()) {
      throw new IOException(file.path() + " has too many sockets to be counted");
    }
    Arrays.fill(inState, 0);
    sendBytes = receiveBytes = sockets = 0;
    in.line(); // the titles
    while (in.line()) {
      if (!in.fieldAfter(2)) {
        continue;
      }
      double state = in.hex();
      if (!(state < STATES) || !in.fieldBefore(':', false)) {
        continue;
      }
      double send = in.takenHex();
      double receive = in.hex();
      if (send >= 0 && receive >= 0) {
        inState[(int) state]++;
        sendBytes += send;
        receiveBytes += receive;
        sockets++;
      }
    }
    return true;
  }

  @Override
  public void close() {
    file.close();
  }
}
