package vigie.collector.receive.relp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Carries bytes between two ends and cuts each connection after a random number of them. */
final class CuttingProxy implements AutoCloseable {
  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final AtomicInteger cuts = new AtomicInteger();
  private final int target;
  private final int mostCuts;
  private final Random random;
  private final ExecutorService threads;

  CuttingProxy(int target, int mostCuts, long seed, ExecutorService threads) throws IOException {
    this.target = target;
    this.mostCuts = mostCuts;
    this.random = new Random(seed);
    this.threads = threads;
    threads.execute(this::accept);
  }

  int port() {
    return listening.getLocalPort();
  }

  int cuts() {
    return cuts.get();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        boolean cut = cuts.get() < mostCuts;
        AtomicLong left = new AtomicLong(cut ? random.nextInt(30_000) : Long.MAX_VALUE);
        boolean reset = random.nextBoolean();
        threads.execute(() -> carry(client, server, left, reset));
        threads.execute(() -> carry(server, client, left, reset));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void carry(Socket from, Socket to, AtomicLong left, boolean reset) {
    byte[] buffer = new byte[512];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        long before = left.getAndAdd(-n);
        out.write(buffer, 0, (int) Math.max(0, Math.min(n, before)));
        if (before > 0 && before <= n) {
          cuts.incrementAndGet();
        }
        if (before <= n) {
          break;
        }
      }
      if (reset) {
        from.setSoLinger(true, 0);
        to.setSoLinger(true, 0);
      }
      from.close();
      to.close();
    } catch (IOException gone) {
      close(from);
      close(to);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError("a socket cannot be closed", e);
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
