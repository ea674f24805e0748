package vigie.agent.probe;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;

/**
 * Connects to a stream socket of this host. The kernel answers such a connect at once: with yes, no
 * or, while the queue of connections that nobody has accepted is full, "try again", which is what
 * this does until the time is over.
 */
final class UnixProbe implements Probe {
  private static final Duration TRY_AGAIN = Duration.ofMillis(50);
  private static final String FULL = "resource temporarily unavailable";

  private final UnixModule module;
  private final Path path;
  private final Duration timeout;
  private final ProbeTools tools;
  private final UnixSocketHint hints;
  private final String tlsName;
  private volatile @Nullable TlsPeer lastPeer;

  UnixProbe(UnixModule module, Path path, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.path = path;
    this.timeout = timeout;
    this.tools = tools;
    this.hints = new UnixSocketHint(path, tools.roots());
    this.tlsName = module.security().nameFor("localhost");
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    new Run(done, steps).start();
  }

  @Override
  public String hint() {
    return hints.find();
  }

  @Override
  public boolean isWatchable() {
    return true;
  }

  @Override
  public Listens listens(ListeningSockets sockets) {
    return sockets.unix(path.toString());
  }

  private final class Run extends NetRun {
    private final @Nullable Conversation conversation;
    private @Nullable TlsPeer peer;
    private boolean securing;
    private boolean full;
    private boolean talking;

    Run(Consumer<ProbeResult> done, Steps steps) {
      super(UnixProbe.this.tools, timeout, done, steps);
      this.conversation =
          module.dialogue().isEmpty()
              ? null
              : new Conversation(this, module.dialogue(), this::secure, this::up);
    }

    @Override
    protected void begin() {
      step("connecting to " + path);
      connect();
    }

    private void connect() {
      if (isOver()) {
        return;
      }
      SocketChannel socket = null;
      try {
        socket = SocketChannel.open(StandardProtocolFamily.UNIX);
        socket.configureBlocking(false);
        if (!socket.connect(UnixDomainSocketAddress.of(path))) {
          throw new IOException(FULL); // As some kernels put it.
        }
        register(socket);
      } catch (IOException e) {
        close(socket);
        refused(e);
      }
    }

    private void refused(IOException e) {
      String words = PeerWords.of(e);
      if (words.startsWith(FULL)) {
        if (!full) {
          step("its queue of connections is full; trying again");
        }
        full = true;
        tools.scheduler().after(TRY_AGAIN, () -> loop().execute(this::connect));
      } else {
        failed(e);
      }
    }

    private void register(SocketChannel socket) {
      full = false;
      Channel channel = new NioDomainSocketChannel(null, socket);
      ChannelHandler handler = conversation;
      channel.pipeline().addLast(handler == null ? TcpProbe.Deaf.INSTANCE : handler);
      use(channel);
      loop()
          .register(channel)
          .addListener(
              registered -> {
                if (isOver()) {
                  channel.close();
                } else if (registered.isSuccess()) {
                  connected(channel);
                } else {
                  failed(registered.cause());
                }
              });
    }

    private void connected(Channel channel) {
      step("connected");
      if (module.tls()) {
        secure(channel, () -> talk(channel));
      } else {
        talk(channel);
      }
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
      securing = !talking;
      withTls(
          module.security(),
          context ->
              context.shakeHands(
                  this,
                  channel,
                  tlsName,
                  lastPeer,
                  found -> {
                    found.tell(this);
                    String fault = found.fault();
                    if (fault != null) {
                      down(fault);
                      return;
                    }
                    securing = false;
                    peer = found;
                    lastPeer = found;
                    then.run();
                  }));
    }

    @Override
    protected String late(String after) {
      if (full) {
        return after + ": its queue of connections is full, nobody accepts them";
      }
      if (securing) {
        return after + " during the TLS handshake";
      }
      Conversation held = conversation;
      String words = held == null ? null : held.late(after);
      return words != null ? words : after;
    }

    @Override
    protected List<Sample> samples() {
      List<Sample> all = new ArrayList<>(3);
      Conversation held = conversation;
      if (held != null && talking) {
        held.measure(all);
      } else {
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

  private static void close(@Nullable SocketChannel socket) {
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        // It was never connected.
      }
    }
  }
}
