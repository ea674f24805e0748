package vigie.agent.probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;
import vigie.base.net.Addresses;
import vigie.base.time.Scheduler;

/**
 * Connects to one host and port over and over: looks its name up, chooses the address, connects.
 * Where several addresses are tried, each has its share of the time that is left, and the target is
 * reached when one of them is.
 */
final class Dial {
  static final Measure LOOKUP =
      Measure.of(
          "probe_dns_lookup_time_seconds", "How long the last run waited for the name lookup.");
  static final Measure PROTOCOL =
      Measure.of("probe_ip_protocol", "4 or 6: the IP protocol of the address of the last run.");
  static final Measure HASH =
      Measure.of(
          "probe_ip_addr_hash",
          "FNV-1a hash of the address of the last run: it changes when the address does.");
  static final List<Measure> MEASURES = List.of(LOOKUP, PROTOCOL, HASH);

  private final InetSocketAddress target;
  private final AddressChoice choice;
  private final ProbeTools tools;
  private final ChannelFactory<Channel> channels;
  private final HostLookup lookup;
  private volatile InetAddress[] addresses = {};

  /**
   * Does nothing yet.
   *
   * @param target not resolved
   */
  Dial(InetSocketAddress target, AddressChoice choice, ProbeTools tools) {
    this.target = target;
    this.choice = choice;
    this.tools = tools;
    this.channels = new ReflectiveChannelFactory<>(tools.loops().clientChannel());
    this.lookup = new HostLookup(target.getHostString(), tools.names(), tools.lookups());
  }

  /** Not resolved. */
  InetSocketAddress target() {
    return target;
  }

  /** What the name last resolved to; empty before the first run. The same array while it stays. */
  InetAddress[] addresses() {
    return addresses;
  }

  /** Told how a connection comes about, on the run's event loop. */
  interface Listener {
    /** The name has its address. */
    default void resolved() {}

    void connected(Channel channel);
  }

  /** One connection of one run. On the run's event loop alone. */
  final class Attempt {
    private final NetRun run;
    private final Listener listener;
    private final Supplier<ChannelHandler> handler;
    private Duration lookupTook = Duration.ZERO;
    private @Nullable InetAddress address;
    private String waitingFor = "";
    // Why each address is down that has been tried; what this machine lacks is no reason.
    private final Set<String> reasons = new LinkedHashSet<>(2);

    /**
     * Does nothing yet.
     *
     * @param handler makes the first of a channel's pipeline
     */
    Attempt(NetRun run, Supplier<ChannelHandler> handler, Listener listener) {
      this.run = run;
      this.handler = handler;
      this.listener = listener;
    }

    /** {@code while looking up the name X}, or nothing. */
    String waitingFor() {
      return waitingFor;
    }

    /** Whether there is an address to connect to. */
    boolean isResolved() {
      return address != null;
    }

    /** What blackbox_exporter tells of a lookup, also of one that failed. */
    void measure(List<Sample> into) {
      InetAddress to = address;
      into.add(LOOKUP.sample(lookupTook.toNanos() / 1e9));
      into.add(PROTOCOL.sample(to == null ? 0 : to instanceof Inet6Address ? 6 : 4));
      into.add(HASH.sample(to == null ? 0 : hash(to.getAddress())));
    }

    void start() {
      String host = target.getHostString();
      InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
      if (literal != null) {
        resolved(new InetAddress[] {literal});
        return;
      }
      waitingFor = " while looking up the name " + host;
      Duration before = run.elapsed();
      try {
        lookup
            .addresses()
            .whenCompleteAsync(
                (found, failure) -> {
                  lookupTook = run.elapsed().minus(before);
                  run.guarded(() -> lookedUp(host, found, failure));
                },
                run.loop());
      } catch (RejectedExecutionException full) {
        run.notRun("too many name lookups under way");
      }
    }

    private void lookedUp(
        String host, InetAddress @Nullable [] found, @Nullable Throwable failure) {
      waitingFor = "";
      if (run.isOver()) {
        return;
      }
      if (found != null) {
        run.step("name " + host + " resolves to " + texts(found));
        resolved(found);
      } else if (failure != null && PeerWords.cause(failure) instanceof UnknownHostException) {
        run.down("name does not resolve: " + host);
      } else if (failure != null) {
        run.down("name lookup of " + host + " failed: " + PeerWords.of(PeerWords.cause(failure)));
      }
    }

    private void resolved(InetAddress[] found) {
      InetAddress[] usable = choice.of(found);
      if (usable.length == 0) {
        run.down(target.getHostString() + " has no " + choice.wanted() + " address");
        return;
      }
      if (!Arrays.equals(usable, addresses)) {
        addresses = usable;
      }
      listener.resolved();
      connect(usable, 0);
    }

    private void connect(InetAddress[] found, int index) {
      address = found[index];
      InetSocketAddress to = new InetSocketAddress(found[index], target.getPort());
      // The run's own deadline covers the connection, so Netty needs no timer besides. It sets
      // TCP_NODELAY by itself.
      Bootstrap bootstrap =
          new Bootstrap()
              .group(run.loop())
              .channelFactory(channels)
              .disableResolver() // It is resolved; even asking costs.
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
              .handler(handler.get());
      InetAddress source = choice.source();
      ChannelFuture connecting =
          source == null
              ? bootstrap.connect(to)
              : bootstrap.connect(to, new InetSocketAddress(source, 0));
      run.use(connecting.channel());
      Scheduler.Task share = limit(connecting, found.length - index);
      if (run.isTold()) {
        run.step("connecting to " + Addresses.format(to));
      }
      connecting.addListener(
          finished -> {
            share.cancel();
            if (!run.isOver()) {
              run.guarded(() -> finished(connecting, found, index));
            }
          });
    }

    private void finished(ChannelFuture connecting, InetAddress[] found, int index) {
      if (connecting.isSuccess()) {
        connected(connecting.channel(), new InetSocketAddress(found[index], target.getPort()));
      } else if (index + 1 < found.length) {
        String words = connecting.isCancelled() ? "no answer" : PeerWords.of(connecting.cause());
        run.step(words + "; trying the next address");
        note(words);
        connect(found, index + 1);
      } else {
        failed(connecting.cause());
      }
    }

    /** Gives up one of several addresses in time for the others; the last has the whole rest. */
    private Scheduler.Task limit(ChannelFuture connecting, int addressesLeft) {
      if (addressesLeft == 1) {
        return () -> {};
      }
      Duration share = run.left().dividedBy(addressesLeft);
      return tools.scheduler().after(share, () -> connecting.cancel(false));
    }

    private void connected(Channel open, InetSocketAddress to) {
      if (to.equals(open.localAddress())) {
        // The kernel gave us the target's own port as ours, and TCP connected us to ourselves: it
        // happens where nothing listens on a port of the ephemeral range.
        run.down("connection refused");
        return;
      }
      run.step("connected");
      listener.connected(open);
    }

    private void failed(Throwable failure) {
      String words = PeerWords.of(failure);
      note(words);
      // An address of a family that this host lacks hides nothing that was found of the others.
      if (PeerWords.isOurOwn(words) && (reasons.isEmpty() || !PeerWords.isNoSuchWay(words))) {
        run.notRun(words);
      } else {
        run.down(String.join(", ", reasons));
      }
    }

    private void note(String words) {
      if (!PeerWords.isOurOwn(words)) {
        reasons.add(words);
      }
    }
  }

  /** FNV-1a of 32 bits. */
  static double hash(byte[] bytes) {
    int hash = 0x811c9dc5;
    for (byte b : bytes) {
      hash = (hash ^ (b & 0xff)) * 0x01000193;
    }
    return Integer.toUnsignedLong(hash);
  }

  private static String texts(InetAddress[] found) {
    StringBuilder out = new StringBuilder();
    for (InetAddress address : found) {
      out.append(out.isEmpty() ? "" : ", ").append(Addresses.format(address));
    }
    return out.toString();
  }
}
