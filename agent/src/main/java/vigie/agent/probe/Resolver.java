package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * Finds the one address of a target that a run without a TCP connection uses, as blackbox_exporter
 * does.
 */
final class Resolver {
  /** What a run tells whose lookup found nothing. */
  static final List<Measure.Sample> NOTHING =
      List.of(Dial.LOOKUP.sample(0), Dial.PROTOCOL.sample(0), Dial.HASH.sample(0));

  private final String host;
  private final AddressChoice choice;
  private final ProbeTools tools;
  private final HostLookup lookup;

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

  Resolver(String host, AddressChoice choice, ProbeTools tools) {
    this.host = host;
    this.choice = choice;
    this.tools = tools;
    this.lookup = new HostLookup(host, tools.names(), tools.lookups());
  }

  void resolve(Outcome outcome) {
    InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
    if (literal != null) {
      choose(new InetAddress[] {literal}, Duration.ZERO, outcome);
      return;
    }
    long start = tools.clock().nanos();
    try {
      lookup
          .addresses()
          .whenComplete(
              (found, failure) -> {
                if (found != null) {
                  choose(found, Duration.ofNanos(tools.clock().nanos() - start), outcome);
                } else if (PeerWords.cause(failure) instanceof UnknownHostException) {
                  outcome.down("name does not resolve: " + host);
                } else {
                  outcome.down(
                      "name lookup of "
                          + host
                          + " failed: "
                          + PeerWords.of(PeerWords.cause(failure)));
                }
              });
    } catch (RejectedExecutionException full) {
      outcome.notRun("too many name lookups under way");
    }
  }

  private void choose(InetAddress[] found, Duration took, Outcome outcome) {
    InetAddress[] usable = choice.of(found);
    if (usable.length == 0) {
      outcome.down(host + " has no " + choice.wanted() + " address");
    } else {
      outcome.found(new Found(usable[0], took));
    }
  }
}
