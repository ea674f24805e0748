package vigie.base.net;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;

/** Ports of the loopback for tests that have to name one before anybody listens there. */
public final class Ports {
  /**
   * Below what the kernel gives to connections, one of which could take it in between; a range for
   * each process that tests run in beside each other.
   */
  private static final int FROM = 12_000 + 5_000 * (Integer.getInteger("vigie.fork", 1) - 1);

  private static final int TO = FROM + 5_000;
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static final Set<Integer> given = new HashSet<>();
  private static final List<Socket> held = new CopyOnWriteArrayList<>();

  private Ports() {}

  /** Free for TCP and UDP, and not given before. */
  public static synchronized int free() {
    for (int i = 0; i < 10_000; i++) {
      int port = ThreadLocalRandom.current().nextInt(FROM, TO);
      if (!given.contains(port) && isFree(port)) {
        given.add(port);
        return port;
      }
    }
    throw new AssertionError("no free port between " + FROM + " and " + TO);
  }

  private static boolean isFree(int port) {
    try (ServerSocket any = new ServerSocket(port, 1);
        DatagramSocket udp = new DatagramSocket(port, LOOPBACK)) {
      return any.isBound() && udp.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  /** One that refuses connections, and that nobody else can have while these tests run. */
  public static int refusing() throws IOException {
    Socket bound = new Socket();
    bound.bind(new InetSocketAddress(LOOPBACK, 0));
    held.add(bound);
    return bound.getLocalPort();
  }
}
