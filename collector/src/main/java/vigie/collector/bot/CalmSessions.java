package vigie.collector.bot;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import net.dv8tion.jda.api.JDA;
import net.dv8tion.jda.api.utils.SessionControllerAdapter;

/**
 * JDA's queue of sessions with a pause before each further attempt at a first connection: JDA's own
 * tries again at once and for ever, with a stack trace each. Waits 0.5 s growing to 60 s.
 */
final class CalmSessions extends SessionControllerAdapter {
  private static final long FIRST_MILLIS = 500;
  private static final int MOST_DOUBLINGS = 7;
  private static final long LONGEST_MILLIS = 60_000;

  private final String gateway;
  private final DoubleSupplier random;
  private final Consumer<String> failed;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile int failures;

  /**
   * @param gateway where it is; {@code ""} for Discord's
   * @param random within 0 to 1, spreads the waits of many
   * @param failed is told of each attempt that failed, in words
   */
  CalmSessions(String gateway, DoubleSupplier random, Consumer<String> failed) {
    this.gateway = gateway;
    this.random = random;
    this.failed = failed;
  }

  /** Ends all waiting: nothing is tried any more. */
  void stop() {
    stopping.countDown();
  }

  @Override
  public String getGateway() {
    return gateway.isEmpty() ? super.getGateway() : gateway + "/";
  }

  @Override
  public void appendSession(SessionConnectNode node) {
    super.appendSession(node instanceof Calm ? node : new Calm(node));
  }

  @Override
  public void removeSession(SessionConnectNode node) {
    connectQueue.removeIf(each -> each == node || (each instanceof Calm calm && calm.node == node));
  }

  /** A session that waits its turn. */
  private final class Calm implements SessionConnectNode {
    private final SessionConnectNode node;

    Calm(SessionConnectNode node) {
      this.node = node;
    }

    @Override
    public boolean isReconnect() {
      return node.isReconnect();
    }

    @Override
    public JDA getJDA() {
      return node.getJDA();
    }

    @Override
    public JDA.ShardInfo getShardInfo() {
      return node.getShardInfo();
    }

    @Override
    public void run(boolean isLast) throws InterruptedException {
      if (failures > 0) {
        long grown = FIRST_MILLIS << Math.min(MOST_DOUBLINGS, failures - 1);
        long wait = (long) (Math.min(LONGEST_MILLIS, grown) * (1 + 0.25 * random.getAsDouble()));
        if (stopping.await(wait, TimeUnit.MILLISECONDS)) {
          return;
        }
      }
      try {
        node.run(isLast);
        failures = 0;
      } catch (IllegalStateException e) {
        // Not thrown on: JDA would log it with a stack trace each time, and put it back itself.
        failures++;
        failed.accept(reason(e));
        connectQueue.add(this);
      }
    }
  }

  private static String reason(IllegalStateException e) {
    Throwable cause = e.getCause();
    return cause == null ? e.getClass().getSimpleName() : cause.getClass().getSimpleName();
  }
}
