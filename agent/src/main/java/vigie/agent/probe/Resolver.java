package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Finds the one address of a target that a run without a TCP connection uses, as blackbox_exporter
 * does. One lookup at a time: a run that finds one under way waits for the same.
 */
final class Resolver {
  /** What a run tells whose lookup found nothing. */
  static final List<Measure.Sample> NOTHING =
      List.of(Dial.LOOKUP.sample(0), Dial.PROTOCOL.sample(0), Dial.HASH.sample(0));

  private final String host;
  private final IpChoice choice;
  private final ProbeTools tools;
  private @Nullable CompletableFuture<InetAddress[]> lookup;

  /**
   * What was found.
   *
   * @param took how long the lookup took; zero for an address in its written form
   */
  record Found(InetAddress address, Duration took) {
    /** What blackbox_exporter tells of a lookup. */
    List<Measure.Sample> samples() {
      return List.of(
          Dial.LOOKUP.sample(took.toNanos() / 1e9),
          Dial.PROTOCOL.sample(address instanceof Inet4Address ? 4 : 6),
          Dial.HASH.sample(Dial.hash(address.getAddress())));
    }
  }

  /** Told one of three things, once, by any thread. */
  interface Outcome {
    void found(Found found);

    void down(String reason);

    void notRun(String reason);
  }

  Resolver(String host, IpChoice choice, ProbeTools tools) {
    this.host = host;
    this.choice = choice;
    this.tools = tools;
  }

  void resolve(Outcome outcome) {
    InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
    if (literal != null) {
      choose(new InetAddress[] {literal}, Duration.ZERO, outcome);
      return;
    }
    long start = tools.clock().nanos();
    try {
      lookup()
          .whenComplete(
              (found, failure) -> {
                if (found != null) {
                  choose(found, Duration.ofNanos(tools.clock().nanos() - start), outcome);
                } else if (cause(failure) instanceof UnknownHostException) {
                  outcome.down("name does not resolve: " + host);
                } else {
                  outcome.down(
                      "name lookup of " + host + " failed: " + PeerWords.of(cause(failure)));
                }
              });
    } catch (RejectedExecutionException full) {
      outcome.notRun("too many name lookups under way");
    }
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private void choose(InetAddress[] found, Duration took, Outcome outcome) {
    InetAddress address = choice.of(found);
    if (address == null) {
      outcome.down(host + " has no " + choice.family() + " address");
    } else {
      outcome.found(new Found(address, took));
    }
  }

  private synchronized CompletableFuture<InetAddress[]> lookup() {
    CompletableFuture<InetAddress[]> underWay = lookup;
    if (underWay == null || underWay.isDone()) {
      CompletableFuture<InetAddress[]> fresh = new CompletableFuture<>();
      tools
          .lookups()
          .execute(
              () -> {
                try {
                  fresh.complete(tools.names().all(host));
                } catch (UnknownHostException | RuntimeException e) {
                  fresh.completeExceptionally(e);
                }
              });
      underWay = fresh;
      lookup = fresh;
    }
    return underWay;
  }
}
