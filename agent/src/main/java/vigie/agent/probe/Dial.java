package vigie.agent.probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.ReflectiveChannelFactory;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
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
  private final InetAddress @Nullable [] literal;
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
    InetAddress parsed = NetUtil.createInetAddressFromIpAddressString(target.getHostString());
    this.literal = parsed == null ? null : new InetAddress[] {parsed};
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

    /** Instead of {@link #connected} where the connection is all that is wanted. */
    default void reached() {
      throw new IllegalStateException("BUG: a connection without a handler is not asked for");
    }
  }

  /** One connection of one run. On the run's event loop alone. */
  final class Attempt {
    private final NetRun run;
    private final Listener listener;
    private final @Nullable Supplier<ChannelHandler> handler;
    private Duration lookupTook = Duration.ZERO;
    private @Nullable InetAddress address;
    private String waitingFor = "";
    // Why each address is down that has been tried; what this machine lacks is no reason.
    private final Set<String> reasons = new LinkedHashSet<>(2);

    /**
     * Does nothing yet.
     *
     * @param handler makes the first of a channel's pipeline; null where nothing is to be said, and
     *     {@link Listener#reached} is called
     */
    Attempt(NetRun run, @Nullable Supplier<ChannelHandler> handler, Listener listener) {
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
      InetAddress[] known = literal;
      if (known != null) {
        resolved(known);
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
      if (run.isTold()) {
        run.step("connecting to " + Addresses.format(to));
      }
      Supplier<ChannelHandler> first = handler;
      if (first == null) {
        knock(to, found, index);
      } else {
        open(to, first.get(), found, index);
      }
    }

    private void knock(InetSocketAddress to, InetAddress[] found, int index) {
      Knock knock;
      try {
        knock = new Knock(run.loop());
      } catch (IOException e) {
        failed(e);
        return;
      }
      run.use(knock::close);
      Scheduler.Task share = limit(knock::cancel, found.length - index);
      knock.connect(
          to,
          choice.source(),
          failure -> {
            share.cancel();
            finished(failure, found, index, () -> connected(to, knock.local(), listener::reached));
          });
    }

    private void open(InetSocketAddress to, ChannelHandler first, InetAddress[] found, int index) {
      // The run's own deadline covers the connection, so Netty needs no timer besides. It sets
      // TCP_NODELAY by itself.
      Bootstrap bootstrap =
          new Bootstrap()
              .group(run.loop())
              .channelFactory(channels)
              .disableResolver() // It is resolved; even asking costs.
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
              .handler(first);
      InetAddress source = choice.source();
      ChannelFuture connecting =
          source == null
              ? bootstrap.connect(to)
              : bootstrap.connect(to, new InetSocketAddress(source, 0));
      Channel channel = connecting.channel();
      run.use(channel);
      Scheduler.Task share = limit(() -> connecting.cancel(false), found.length - index);
      connecting.addListener(
          ended -> {
            share.cancel();
            finished(
                ended.cause(),
                found,
                index,
                () -> connected(to, channel.localAddress(), () -> listener.connected(channel)));
          });
    }

    /** Gives up one of several addresses in time for the others; the last has the whole rest. */
    private Scheduler.Task limit(Runnable giveUp, int addressesLeft) {
      if (addressesLeft == 1) {
        return () -> {};
      }
      Duration share = run.left().dividedBy(addressesLeft);
      return tools.scheduler().after(share, () -> run.loop().execute(giveUp));
    }

    private void finished(
        @Nullable Throwable failure, InetAddress[] found, int index, Runnable connected) {
      if (run.isOver()) {
        return;
      }
      if (failure == null) {
        run.guarded(connected);
      } else if (index + 1 < found.length) {
        String words =
            failure instanceof CancellationException ? "no answer" : PeerWords.of(failure);
        run.step(words + "; trying the next address");
        note(words);
        run.guarded(() -> connect(found, index + 1));
      } else {
        failed(failure);
      }
    }

    private void connected(InetSocketAddress to, @Nullable SocketAddress own, Runnable then) {
      if (to.equals(own)) {
        // The kernel gave us the target's own port as ours, and TCP connected us to ourselves: it
        // happens where nothing listens on a port of the ephemeral range.
        run.down("connection refused");
        return;
      }
      run.step("connected");
      then.run();
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
