package vigie.collector.receive.relp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Carries bytes between two ends and does to each connection one of what bad links do: cuts it,
 * holds bytes back before that, passes half of a piece and then nothing, changes a byte somewhere,
 * or the one that ends a frame.
 */
public final class BadLink implements AutoCloseable {
  /** What befalls a connection. */
  public enum Harm {
    CUT,
    DELAY,
    HALVE,
    GARBLE,
    UNFRAME
  }

  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final Map<Harm, AtomicInteger> done = new EnumMap<>(Harm.class);
  private final List<Harm> kinds;
  private final int target;
  private final int mostHarms;
  private final boolean oneWay;
  private final Random random;
  private final ExecutorService threads;
  private final AtomicInteger harms = new AtomicInteger();

  /**
   * @param oneWay whether nothing comes back from the target: harm goes to the way there, then
   */
  public BadLink(
      int target,
      List<Harm> kinds,
      int mostHarms,
      boolean oneWay,
      long seed,
      ExecutorService threads)
      throws IOException {
    this.oneWay = oneWay;
    this.target = target;
    this.kinds = kinds;
    this.mostHarms = mostHarms;
    this.random = new Random(seed);
    this.threads = threads;
    kinds.forEach(kind -> done.put(kind, new AtomicInteger()));
    threads.execute(this::accept);
  }

  public int port() {
    return listening.getLocalPort();
  }

  public int count(Harm harm) {
    return done.get(harm).get();
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        int turn = harms.getAndIncrement();
        Harm harm = turn < mostHarms ? kinds.get(turn % kinds.size()) : null;
        int after = 2_000 + random.nextInt(30_000);
        boolean upwards = oneWay || random.nextInt(4) > 0;
        // Answers are far shorter than what they answer: else all would be over before harm is
        // done.
        Link link = new Link(client, server, harm, upwards ? after : after / 20);
        threads.execute(() -> link.carry(client, server, upwards));
        threads.execute(() -> link.carry(server, client, !upwards));
      } catch (IOException closed) {
        return;
      }
    }
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }

  private final class Link {
    private final Socket client;
    private final Socket server;
    private final Harm harm;
    private final int after;

    Link(Socket client, Socket server, Harm harm, int after) {
      this.client = client;
      this.server = server;
      this.harm = harm;
      this.after = after;
    }

    void carry(Socket from, Socket to, boolean harmed) {
      byte[] buffer = new byte[512];
      try (client;
          server) {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        long carried = 0;
        boolean struck = !harmed || harm == null;
        for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
          carried += n;
          if (!struck && carried >= after && isReady(buffer, n)) {
            struck = true;
            done.get(harm).incrementAndGet();
            if (!strike(buffer, n, out)) {
              return;
            }
          } else {
            out.write(buffer, 0, n);
          }
        }
      } catch (IOException | InterruptedException gone) {
        // the other direction ends with this one
      }
    }

    private boolean isReady(byte[] buffer, int n) {
      return harm != Harm.UNFRAME || lineEnd(buffer, n) >= 0;
    }

    /** Says whether the connection goes on. */
    private boolean strike(byte[] buffer, int n, OutputStream out)
        throws IOException, InterruptedException {
      switch (harm) {
        case CUT -> {
          client.setSoLinger(true, 0);
          server.setSoLinger(true, 0);
          return false;
        }
        case HALVE -> {
          out.write(buffer, 0, n / 2);
          hold(500);
          return false;
        }
        case DELAY -> {
          hold(300);
          out.write(buffer, 0, n);
          return false;
        }
        case GARBLE -> {
          buffer[n / 2] ^= 0x20;
          out.write(buffer, 0, n);
        }
        case UNFRAME -> {
          buffer[lineEnd(buffer, n)] ^= 0x20;
          out.write(buffer, 0, n);
        }
        default -> throw new AssertionError(harm);
      }
      return true;
    }

    private static int lineEnd(byte[] buffer, int n) {
      int at = n - 1;
      while (at >= 0 && buffer[at] != '\n') {
        at--;
      }
      return at;
    }

    /** What the link does, not a wait for anybody. */
    private void hold(int millis) throws InterruptedException {
      if (new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS)) {
        throw new AssertionError("nobody opens this");
      }
    }
  }
}
