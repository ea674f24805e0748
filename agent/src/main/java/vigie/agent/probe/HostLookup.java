package vigie.agent.probe;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Lookup;

/**
 * Looks one host's name up over and over. One lookup at a time: a run that finds one under way
 * waits for the same.
 */
final class HostLookup {
  private final String host;
  private final Lookup names;
  private final Executor executor;
  private @Nullable CompletableFuture<InetAddress[]> last;

  HostLookup(String host, Lookup names, Executor executor) {
    this.host = host;
    this.names = names;
    this.executor = executor;
  }

  /**
   * The addresses, in the order of preference; completed by the executor's thread.
   *
   * @throws java.util.concurrent.RejectedExecutionException when the executor has no room
   */
  synchronized CompletableFuture<InetAddress[]> addresses() {
    CompletableFuture<InetAddress[]> underWay = last;
    if (underWay == null || underWay.isDone()) {
      CompletableFuture<InetAddress[]> fresh = new CompletableFuture<>();
      executor.execute(
          () -> {
            try {
              fresh.complete(names.all(host));
            } catch (UnknownHostException | RuntimeException | Error e) {
              // An Error too: whoever comes later would wait for this lookup for ever.
              fresh.completeExceptionally(e);
            }
          });
      underWay = fresh;
      last = fresh;
    }
    return underWay;
  }
}
