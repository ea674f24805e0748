package vigie.agent.probe;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;
import vigie.base.dns.DnsMessage;
import vigie.base.dns.DnsNames;
import vigie.base.dns.DnsRecord;
import vigie.base.net.Addresses;

/**
 * Asks a server one question, by UDP in one packet, over TCP or over TLS, and judges the answer. A
 * truncated answer is judged by what it holds, as blackbox_exporter does. An answer is at most 4
 * KiB by UDP and 64 KiB otherwise.
 */
final class DnsProbe implements Probe {
  static final Measure DURATION =
      Measure.of(
          "probe_dns_duration_seconds",
          "Time that the last run spent on looking up the server's name, connecting, and waiting"
              + " for the answer.",
          "phase");
  static final Measure ANSWERS =
      Measure.of("probe_dns_answer_rrs", "Records in the answer section of the last answer.");
  static final Measure AUTHORITY =
      Measure.of("probe_dns_authority_rrs", "Records in the authority section.");
  static final Measure ADDITIONAL =
      Measure.of("probe_dns_additional_rrs", "Records in the additional section.");
  static final Measure SUCCEEDED =
      Measure.of(
          "probe_dns_query_succeeded",
          "1 if the server gave an answer, whether or not that was the wanted one.");
  static final Measure SERIAL =
      Measure.of("probe_dns_serial", "Serial number in the SOA record that was asked for.");
  static final List<Measure> MEASURES =
      List.of(
          Dial.LOOKUP,
          Dial.PROTOCOL,
          Dial.HASH,
          DURATION,
          ANSWERS,
          AUTHORITY,
          ADDITIONAL,
          SUCCEEDED,
          SERIAL);

  private static final int MOST_UDP = 4096;
  private static final int MOST_TCP = 65_535;
  private static final int MOST_RECORDS_TOLD = 10;

  private final DnsModule module;
  private final InetSocketAddress server;
  private final Duration timeout;
  private final ProbeTools tools;
  private final Resolver resolver;
  private final byte[] name;
  private final String tlsName;
  private volatile @Nullable TlsPeer lastPeer;
  private volatile String hint = "";

  /**
   * Does nothing yet.
   *
   * @param server not resolved
   */
  DnsProbe(DnsModule module, InetSocketAddress server, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.server = server;
    this.timeout = timeout;
    this.tools = tools;
    this.resolver = new Resolver(server.getHostString(), module.addresses(), tools);
    this.name = DnsMessage.name(module.name());
    TlsSettings security = module.security();
    this.tlsName = security == null ? "" : security.nameFor(server.getHostString());
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    new Run(done, steps).start();
  }

  @Override
  public String hint() {
    return hint.isEmpty() && module.tcp()
        ? new Listening(tools.roots().procfs()).explain(server)
        : hint;
  }

  private final class Run extends NetRun {
    private final int id = ThreadLocalRandom.current().nextInt(1 << 16);
    private Resolver.@Nullable Found found;
    private Duration sent = Duration.ZERO;
    private Duration answered = Duration.ZERO;
    private @Nullable DnsMessage answer;
    private boolean securing;

    Run(Consumer<ProbeResult> done, Steps steps) {
      super(DnsProbe.this.tools, timeout, done, steps);
    }

    @Override
    protected void begin() {
      resolver.resolve(
          new Resolver.Outcome() {
            @Override
            public void found(Resolver.Found found) {
              loop().execute(() -> connect(found));
            }

            @Override
            public void down(String reason) {
              loop().execute(() -> Run.this.down(reason));
            }

            @Override
            public void notRun(String reason) {
              loop().execute(() -> Run.this.notRun(reason));
            }
          });
    }

    private void connect(Resolver.Found to) {
      if (isOver()) {
        return;
      }
      found = to;
      InetSocketAddress address = new InetSocketAddress(to.address(), server.getPort());
      step("asking " + Addresses.format(address) + (module.tcp() ? " over TCP" : " over UDP"));
      Bootstrap bootstrap = new Bootstrap().group(loop());
      if (module.tcp()) {
        bootstrap
            .channel(tools.loops().clientChannel())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(new Stream());
      } else {
        bootstrap
            .channel(NioDatagramChannel.class)
            .option(ChannelOption.RECVBUF_ALLOCATOR, new FixedRecvByteBufAllocator(MOST_UDP))
            .handler(new Datagrams());
      }
      InetAddress source = module.addresses().source();
      ChannelFuture connecting =
          source == null
              ? bootstrap.connect(address)
              : bootstrap.connect(address, new InetSocketAddress(source, 0));
      use(connecting.channel());
      connecting.addListener(
          finished -> {
            if (isOver()) {
              return;
            }
            if (finished.isSuccess()) {
              secure(connecting.channel());
            } else {
              failed(finished.cause());
            }
          });
    }

    private void secure(Channel channel) {
      TlsSettings security = module.security();
      if (security == null) {
        ask(channel);
        return;
      }
      securing = true;
      withTls(
          security,
          context ->
              context.shakeHands(
                  this,
                  channel,
                  tlsName,
                  lastPeer,
                  peer -> {
                    peer.tell(this);
                    lastPeer = peer;
                    String fault = peer.fault();
                    if (fault != null) {
                      down(fault);
                    } else {
                      securing = false;
                      ask(channel);
                    }
                  }));
    }

    private void ask(Channel channel) {
      sent = elapsed();
      byte[] query = DnsMessage.query(id, module.recursion(), name, module.type(), module.klass());
      ByteBuf bytes = Unpooled.buffer(query.length + 2);
      if (module.tcp()) {
        bytes.writeShort(query.length);
      }
      channel
          .writeAndFlush(bytes.writeBytes(query))
          .addListener(
              written -> {
                if (!written.isSuccess()) {
                  failed(written.cause());
                }
              });
      step("asked for " + module.name() + " " + DnsNames.type(module.type()));
    }

    private void received(ByteBuf bytes) {
      if (isOver() || sent.isZero()) {
        return;
      }
      byte[] message = ByteBufUtil.getBytes(bytes);
      if (DnsMessage.idOf(message) != id) {
        // By UDP perhaps the late answer to an earlier run; a connection knows no others.
        if (module.tcp()) {
          down("the answer is to another question");
        }
        return;
      }
      answered = elapsed();
      try {
        DnsMessage got = DnsMessage.parse(message);
        if (got.isResponse()) {
          answer = got;
          judge(got);
        } else {
          down("what came back is a question, not an answer");
        }
      } catch (DnsMessage.FormatException e) {
        down("the answer is no DNS message: " + e.getMessage());
      }
    }

    private void judge(DnsMessage got) {
      if (isTold()) {
        tell(got);
      }
      if (!module.rcodes().contains(got.rcode())) {
        List<String> wanted = module.rcodes().stream().map(DnsNames::rcode).toList();
        refused(got.rcode());
        down(
            "the server answered "
                + DnsNames.rcode(got.rcode())
                + ", wanted "
                + String.join(" or ", wanted));
        return;
      }
      String fault = fault("answer", module.answer(), got.answers());
      fault = fault.isEmpty() ? fault("authority", module.authority(), got.authority()) : fault;
      fault = fault.isEmpty() ? fault("additional", module.additional(), got.additional()) : fault;
      if (fault.isEmpty()) {
        hint = "";
        up();
      } else {
        hint = got.isTruncated() ? "the answer was cut short; try transport_protocol: tcp" : "";
        down(fault);
      }
    }

    private void refused(int rcode) {
      hint =
          DnsNames.rcode(rcode).equals("REFUSED")
              ? "this server does not serve that name to this host; see its access list, and"
                  + " whether it offers recursion"
              : "";
    }

    private String fault(String section, DnsValidator validator, List<DnsRecord> records) {
      String fault = validator.fault(records);
      return fault.isEmpty() ? "" : "in the " + section + " section " + fault;
    }

    private void tell(DnsMessage got) {
      step("answered " + DnsNames.rcode(got.rcode()) + (got.isTruncated() ? ", truncated" : ""));
      int told = 0;
      for (List<DnsRecord> section : List.of(got.answers(), got.authority(), got.additional())) {
        for (DnsRecord each : section) {
          if (told++ < MOST_RECORDS_TOLD) {
            step("got " + each.toString().replace('\t', ' '));
          }
        }
      }
    }

    @Override
    void failed(Throwable failure) {
      if (failure instanceof PortUnreachableException) {
        down("connection refused");
      } else {
        super.failed(failure);
      }
    }

    @Override
    protected String late(String after) {
      if (found == null) {
        return after + " while looking up the name " + server.getHostString();
      }
      return securing ? after + " during the TLS handshake" : after;
    }

    @Override
    protected List<Sample> samples() {
      List<Sample> all = new ArrayList<>(MEASURES.size() + 2);
      Resolver.Found to = found;
      Duration lookup = to == null ? Duration.ZERO : to.took();
      all.addAll(to == null ? Resolver.NOTHING : to.samples());
      boolean isSent = !sent.isZero();
      Duration asked = isSent ? sent : elapsed();
      Duration end = answered.isZero() ? elapsed() : answered;
      all.add(DURATION.sample(lookup.toNanos() / 1e9, "resolve"));
      all.add(DURATION.sample(asked.minus(lookup).toNanos() / 1e9, "connect"));
      all.add(DURATION.sample(isSent ? end.minus(sent).toNanos() / 1e9 : 0, "request"));
      DnsMessage got = answer;
      all.add(ANSWERS.sample(got == null ? 0 : got.answers().size()));
      all.add(AUTHORITY.sample(got == null ? 0 : got.authority().size()));
      all.add(ADDITIONAL.sample(got == null ? 0 : got.additional().size()));
      all.add(SUCCEEDED.sample(got == null ? 0 : 1));
      if (module.type() == DnsNames.SOA && got != null) {
        all.add(SERIAL.sample(serial(got)));
      }
      return all;
    }

    private static double serial(DnsMessage got) {
      long serial = 0;
      for (DnsRecord each : got.answers()) {
        serial = each.serial() >= 0 ? each.serial() : serial;
      }
      return serial;
    }

    /** Messages with their length before them. */
    private final class Stream extends ChannelInitializer<Channel> {
      @Override
      protected void initChannel(Channel channel) {
        channel
            .pipeline()
            .addLast(new LengthFieldBasedFrameDecoder(2 + MOST_TCP, 0, 2, 0, 2))
            .addLast(new Frames());
      }
    }

    private final class Frames extends SimpleChannelInboundHandler<ByteBuf> {
      @Override
      protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) {
        received(frame);
      }

      @Override
      public void channelInactive(ChannelHandlerContext ctx) {
        if (!isOver() && !sent.isZero()) {
          down("the server closed the connection without an answer");
        }
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!isOver() && !securing) {
          failed(cause); // A handshake that fails is told by its future.
        }
      }
    }

    private final class Datagrams extends SimpleChannelInboundHandler<DatagramPacket> {
      @Override
      protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
        received(packet.content());
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!isOver()) {
          failed(cause);
        }
      }
    }
  }
}
