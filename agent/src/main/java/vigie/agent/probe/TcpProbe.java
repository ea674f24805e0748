package vigie.agent.probe;

import com.google.re2j.Pattern;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.NetUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.Roots;
import vigie.base.net.Addresses;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;

/**
 * Connects to a TCP target, and, where asked for, writes to it and waits for an answer. A name that
 * has several addresses is up when one of them is; they are tried in order, each for its share of
 * the time that is left.
 */
final class TcpProbe implements Probe {
  private static final int MOST_ANSWER_BYTES = 4096;
  private static final int MOST_QUOTED = 100;
  static final Measure LOOKUP =
      Measure.of(
          "probe_dns_lookup_time_seconds", "How long the last run waited for the name lookup.");
  private static final String NO_SUCH_WAY = "cannot assign requested address";

  private static final int ADDRESSES_ANEW = 60;

  private final TcpModule module;
  private final InetSocketAddress target;
  private final Duration timeout;
  private final Roots roots;
  private final Scheduler scheduler;
  private final Clock clock;
  private final Executor lookups;
  private final Lookup names;
  private final Bootstrap bootstrap;
  private volatile InetAddress[] addresses = {};
  private @Nullable CompletableFuture<InetAddress[]> lookup;

  // The passive side, used by the scheduler's thread alone.
  private InetAddress[] seen = {};
  private int untilAnew;
  private long[] highs = {};
  private long[] lows = {};

  /** Does nothing yet. */
  TcpProbe(TcpModule module, InetSocketAddress target, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.target = target;
    this.timeout = timeout;
    this.roots = tools.roots();
    this.names = tools.names();
    this.clock = tools.clock();
    this.scheduler = tools.scheduler();
    this.lookups = tools.lookups();
    // The run's own deadline covers the connection, so Netty needs no timer besides.
    this.bootstrap =
        new Bootstrap()
            .group(tools.loops().group())
            .channel(tools.loops().clientChannel())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
            .option(ChannelOption.TCP_NODELAY, true);
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    new Run(done, steps).start();
  }

  @Override
  public String hint() {
    Listening listening = new Listening(roots.procfs());
    InetAddress[] known = addresses;
    return known.length == 0
        ? listening.explain(target)
        : listening.explain(known, target.getPort());
  }

  /** Finds out anew when the name resolves to others, and once a minute. */
  @Override
  @SuppressWarnings("ReferenceEquality") // the array is kept while it stays the same
  public boolean isWatchable() {
    InetAddress[] now = addresses;
    if (now != seen || --untilAnew < 0) {
      seen = now;
      untilAnew = ADDRESSES_ANEW;
      int local = 0;
      highs = new long[now.length];
      lows = new long[now.length];
      for (InetAddress address : now) {
        if (Listening.isLocal(address)) {
          highs[local] = ListeningSockets.high(address);
          lows[local++] = ListeningSockets.low(address);
        }
      }
      if (local < now.length) {
        // Partly elsewhere: whether one socket listens here decides nothing.
        highs = new long[0];
      }
    }
    return highs.length > 0;
  }

  @Override
  public Listens listens(ListeningSockets sockets) {
    boolean listens = false;
    for (int i = 0; i < highs.length; i++) {
      listens |= sockets.find(highs[i], lows[i], target.getPort()) >= 0;
    }
    return highs.length == 0 ? Listens.UNKNOWN : listens ? Listens.YES : Listens.NO;
  }

  /** One lookup at a time: a run that finds one under way waits for the same. */
  private synchronized CompletableFuture<InetAddress[]> lookup(String host) {
    CompletableFuture<InetAddress[]> underWay = lookup;
    if (underWay == null || underWay.isDone()) {
      CompletableFuture<InetAddress[]> fresh = new CompletableFuture<>();
      lookups.execute(
          () -> {
            try {
              fresh.complete(names.all(host));
            } catch (UnknownHostException | RuntimeException e) {
              fresh.completeExceptionally(e);
            }
          });
      underWay = fresh;
      lookup = fresh;
    }
    return underWay;
  }

  private final class Run {
    private final Consumer<ProbeResult> done;
    private final Steps steps;
    private final long start = clock.nanos();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream(64);
    private volatile Duration lookupTook = Duration.ZERO;
    private volatile Scheduler.@Nullable Task deadline;
    private volatile @Nullable Channel channel;
    private volatile String waitingFor = "";
    private volatile boolean answering;
    // Why each address is down that has been tried; what this machine lacks is no reason.
    private final Set<String> reasons = Collections.synchronizedSet(new LinkedHashSet<>());

    Run(Consumer<ProbeResult> done, Steps steps) {
      this.done = done;
      this.steps = steps;
    }

    void start() {
      Scheduler.Task task = scheduler.after(timeout, this::timedOut);
      deadline = task;
      if (ended.get()) {
        task.cancel();
        return;
      }
      String host = target.getHostString();
      InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host);
      if (literal != null) {
        resolved(new InetAddress[] {literal});
        return;
      }
      waitingFor = " while looking up the name " + host;
      try {
        lookup(host)
            .whenComplete(
                (found, failure) -> {
                  lookupTook = elapsed();
                  if (found != null) {
                    steps.step(lookupTook, "name " + host + " resolves to " + texts(found));
                    resolved(found);
                  } else if (cause(failure) instanceof UnknownHostException) {
                    down("name does not resolve: " + host);
                  } else {
                    down("name lookup of " + host + " failed: " + words(cause(failure)));
                  }
                });
      } catch (RejectedExecutionException full) {
        end(new ProbeResult.NotRun(clock.now(), "too many name lookups under way"));
      }
    }

    private void resolved(InetAddress[] found) {
      if (!Arrays.equals(found, addresses)) {
        addresses = found;
      }
      connect(found, 0);
    }

    private void connect(InetAddress[] found, int index) {
      if (ended.get()) {
        return;
      }
      waitingFor = "";
      InetSocketAddress to = new InetSocketAddress(found[index], target.getPort());
      steps.step(elapsed(), "connecting to " + Addresses.format(to));
      ChannelFuture connecting =
          bootstrap
              .clone()
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel ch) {
                      ch.pipeline().addLast(new Answer());
                    }
                  })
              .connect(to);
      opened(connecting.channel());
      Scheduler.Task share = limit(connecting, found.length - index);
      connecting.addListener(
          (ChannelFutureListener)
              finished -> {
                share.cancel();
                if (finished.isSuccess()) {
                  connected(finished.channel(), to);
                } else if (index + 1 < found.length && !ended.get()) {
                  String words = finished.isCancelled() ? "no answer" : words(finished.cause());
                  steps.step(elapsed(), words + "; trying the next address");
                  note(words);
                  connect(found, index + 1);
                } else {
                  failed(finished.cause());
                }
              });
    }

    /** Gives up one of several addresses in time for the others; the last has the whole rest. */
    private Scheduler.Task limit(ChannelFuture connecting, int addressesLeft) {
      if (addressesLeft == 1) {
        return () -> {};
      }
      Duration share = timeout.minus(elapsed()).dividedBy(addressesLeft);
      return scheduler.after(share, () -> connecting.cancel(false));
    }

    private void opened(Channel opened) {
      channel = opened;
      if (ended.get()) {
        opened.close();
      }
    }

    private void connected(Channel open, InetSocketAddress to) {
      if (to.equals(open.localAddress())) {
        // The kernel gave us the target's own port as ours, and TCP connected us to ourselves: it
        // happens where nothing listens on a port of the ephemeral range.
        down("connection refused");
        return;
      }
      steps.step(elapsed(), "connected");
      answering = true;
      String send = module.send();
      if (send == null) {
        awaitAnswer();
        return;
      }
      open.writeAndFlush(Unpooled.copiedBuffer(send, StandardCharsets.UTF_8))
          .addListener(
              written -> {
                if (written.isSuccess()) {
                  steps.step(elapsed(), "sent " + quoted(send));
                  awaitAnswer();
                } else {
                  failed(written.cause());
                }
              });
    }

    private void awaitAnswer() {
      if (module.expect() == null) {
        up();
      }
    }

    /** Looks for what is expected in all that came so far. On the channel's event loop. */
    private void received(ByteBuf bytes) {
      int room = Math.min(bytes.readableBytes(), MOST_ANSWER_BYTES - answer.size());
      byte[] part = new byte[room];
      bytes.readBytes(part);
      answer.writeBytes(part);
      Pattern expect = module.expect();
      if (expect == null || ended.get()) {
        return;
      }
      steps.step(elapsed(), "got " + quoted(new String(part, StandardCharsets.UTF_8)));
      if (expect.matcher(got()).find()) {
        up();
      } else if (answer.size() >= MOST_ANSWER_BYTES) {
        down(expected() + " in the first " + MOST_ANSWER_BYTES + " bytes");
      }
    }

    private void closedByPeer() {
      if (module.expect() != null && answering) {
        down(answer.size() == 0 ? expected() + ", the peer closed the connection" : expected());
      }
    }

    private void timedOut() {
      String after = "timeout after " + Durations.format(timeout);
      if (answering && module.expect() != null) {
        down(got().isEmpty() ? expected() + ", " + after : expected());
      } else {
        down(after + waitingFor);
      }
    }

    private void up() {
      end(new ProbeResult.Up(clock.now(), elapsed(), samples()));
    }

    private void down(String reason) {
      end(new ProbeResult.Down(clock.now(), elapsed(), reason, samples()));
    }

    private List<Measure.Sample> samples() {
      return List.of(LOOKUP.sample(lookupTook.toNanos() / 1e9));
    }

    private void failed(Throwable failure) {
      String words = words(failure);
      note(words);
      // An address of a family that this host lacks hides nothing that was found of the others.
      if (isOurOwn(words) && (reasons.isEmpty() || !words.startsWith(NO_SUCH_WAY))) {
        end(new ProbeResult.NotRun(clock.now(), words));
      } else {
        down(String.join(", ", reasons));
      }
    }

    private void note(String words) {
      if (!isOurOwn(words)) {
        reasons.add(words);
      }
    }

    private void end(ProbeResult result) {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      Scheduler.Task task = deadline;
      if (task != null) {
        task.cancel();
      }
      Channel open = channel;
      if (open != null) {
        open.close();
      }
      done.accept(result);
    }

    private Duration elapsed() {
      return Duration.ofNanos(clock.nanos() - start);
    }

    private String got() {
      return answer.toString(StandardCharsets.UTF_8);
    }

    private String expected() {
      Pattern expect = module.expect();
      String got = got();
      return "expected "
          + quoted(expect == null ? "" : expect.pattern())
          + " got "
          + (got.isEmpty() ? "nothing" : quoted(got));
    }

    private final class Answer extends SimpleChannelInboundHandler<ByteBuf> {
      @Override
      protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
        received(bytes);
      }

      @Override
      public void channelInactive(ChannelHandlerContext ctx) {
        closedByPeer();
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed(cause);
      }
    }
  }

  /** The kernel's word for it, {@code connection refused}, without the address that Netty adds. */
  static String words(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof IOException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause.getMessage();
    if (message == null || message.isEmpty()) {
      return cause.getClass().getSimpleName();
    }
    int colon = message.indexOf(": ");
    String text = colon > 0 ? message.substring(0, colon) : message;
    return cut(text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1));
  }

  /** Whether this machine lacks something, so that the run says nothing of the target. */
  private static boolean isOurOwn(String words) {
    return words.startsWith("too many open files")
        || words.startsWith("no buffer space")
        || words.startsWith("cannot allocate memory")
        || words.startsWith(NO_SUCH_WAY);
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  /** In quotes, with control characters escaped, cut where it is long. */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      if (out.length() > MOST_QUOTED) {
        return out.append("…\"").toString();
      }
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '"' -> out.append("\\\"");
        default -> {
          if (Character.isISOControl(c)) {
            out.append(String.format("\\x%02x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    return out.append('"').toString();
  }

  private static String cut(String text) {
    return text.length() <= MOST_QUOTED ? text : text.substring(0, MOST_QUOTED) + "…";
  }

  private static String texts(InetAddress[] found) {
    StringBuilder out = new StringBuilder();
    for (InetAddress address : found) {
      out.append(out.isEmpty() ? "" : ", ").append(address.getHostAddress());
    }
    return out.toString();
  }
}
