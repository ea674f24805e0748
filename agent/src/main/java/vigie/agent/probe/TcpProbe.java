package vigie.agent.probe;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;

/** Connects to a TCP target, and, where asked for, holds a dialogue with it. */
final class TcpProbe extends NetProbe {
  private final TcpModule module;
  private final String tlsName;
  private final boolean needsTls;
  // On the event loop of the run of the moment.
  private volatile @Nullable TlsPeer lastPeer;

  /** Does nothing yet. */
  TcpProbe(TcpModule module, InetSocketAddress target, Duration timeout, ProbeTools tools) {
    super(target, module.addresses(), timeout, tools);
    this.module = module;
    this.needsTls =
        module.tls() || module.dialogue().stream().anyMatch(Exchange.StartTls.class::isInstance);
    this.tlsName = module.security().nameFor(target.getHostString());
  }

  @Override
  protected NetRun newRun(Consumer<ProbeResult> done, Steps steps) {
    return new Run(done, steps);
  }

  private final class Run extends NetRun implements Dial.Listener {
    private final Dial.Attempt attempt;
    private final @Nullable Conversation conversation;
    private @Nullable TlsContext security;
    private @Nullable TlsPeer peer;
    private boolean securing;
    private boolean talking;

    Run(Consumer<ProbeResult> done, Steps steps) {
      super(TcpProbe.this.tools, timeout, done, steps);
      Conversation held =
          module.dialogue().isEmpty()
              ? null
              : new Conversation(this, module.dialogue(), this::secure, this::up);
      ChannelHandler handler = held == null ? Deaf.INSTANCE : held;
      this.conversation = held;
      this.attempt = dial.new Attempt(this, held == null && !needsTls ? null : () -> handler, this);
    }

    @Override
    protected void begin() {
      if (needsTls) {
        withTls(
            module.security(),
            context -> {
              security = context;
              attempt.start();
            });
      } else {
        attempt.start();
      }
    }

    @Override
    public void connected(Channel channel) {
      if (!module.tls()) {
        talk(channel);
        return;
      }
      securing = true;
      secure(
          channel,
          () -> {
            securing = false;
            talk(channel);
          });
    }

    @Override
    public void reached() {
      talking = true;
      up();
    }

    private void talk(Channel channel) {
      talking = true;
      Conversation held = conversation;
      if (held == null) {
        up();
      } else {
        held.begin(channel);
      }
    }

    private void secure(Channel channel, Runnable then) {
      Objects.requireNonNull(security)
          .shakeHands(
              this,
              channel,
              tlsName,
              lastPeer,
              found -> {
                found.tell(this);
                if (found.fault() != null) {
                  down(found.fault());
                  return;
                }
                peer = found;
                lastPeer = found;
                then.run();
              });
    }

    @Override
    protected String late(String after) {
      if (securing) {
        return after + " during the TLS handshake";
      }
      Conversation held = conversation;
      String words = held == null ? null : held.late(after);
      return words != null ? words : after + attempt.waitingFor();
    }

    @Override
    protected List<Sample> samples() {
      List<Sample> all = new ArrayList<>(5);
      attempt.measure(all);
      Conversation held = conversation;
      if (held != null) {
        if (talking) {
          held.measure(all);
        }
      } else if (talking) {
        all.add(Conversation.REGEX_FINE);
        all.add(Conversation.BYTES_FINE);
      }
      TlsPeer found = peer;
      if (found != null) {
        found.measure(all);
      }
      return all;
    }
  }

  /** Hears nothing: a connection is all that is wanted. */
  @ChannelHandler.Sharable
  static final class Deaf extends ChannelInboundHandlerAdapter {
    static final Deaf INSTANCE = new Deaf();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      ReferenceCountUtil.release(message);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      ctx.close(); // A handshake that fails is told by its future.
    }
  }
}
