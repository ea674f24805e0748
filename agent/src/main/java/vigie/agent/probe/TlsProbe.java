package vigie.agent.probe;

import io.netty.channel.Channel;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;
import vigie.base.time.Durations;

/** Shakes hands with a TLS server and judges its certificates, which are measured in any case. */
final class TlsProbe extends NetProbe {
  private final TlsModule module;
  private final String name;
  private final List<Exchange> dialogue;
  private volatile @Nullable TlsPeer lastPeer;

  /** Does nothing yet. */
  TlsProbe(TlsModule module, InetSocketAddress target, Duration timeout, ProbeTools tools) {
    super(target, module.addresses(), timeout, tools);
    this.module = module;
    this.name = module.security().nameFor(target.getHostString());
    this.dialogue =
        module.starttls() == null
            ? List.of(new Exchange.StartTls())
            : StartTlsDialogue.ALL.getOrDefault(module.starttls(), List.of());
  }

  @Override
  protected NetRun newRun(Consumer<ProbeResult> done, Steps steps) {
    return new Run(done, steps);
  }

  private final class Run extends NetRun implements Dial.Listener {
    private final Conversation conversation =
        new Conversation(this, dialogue, this::secure, this::up);
    private final Dial.Attempt attempt = dial.new Attempt(this, () -> conversation, this);
    private @Nullable TlsContext security;
    private @Nullable TlsPeer peer;

    Run(Consumer<ProbeResult> done, Steps steps) {
      super(TlsProbe.this.tools, timeout, done, steps);
    }

    @Override
    protected void begin() {
      withTls(
          module.security(),
          context -> {
            security = context;
            attempt.start();
          });
    }

    @Override
    public void connected(Channel channel) {
      conversation.begin(channel);
    }

    private void secure(Channel channel, Runnable then) {
      Objects.requireNonNull(security)
          .shakeHands(this, channel, name, lastPeer, found -> judged(found, then));
    }

    private void judged(TlsPeer found, Runnable then) {
      peer = found;
      lastPeer = found;
      found.tell(this);
      String fault = found.fault() != null ? found.fault() : expiresSoon(found);
      if (fault == null) {
        then.run();
      } else {
        down(fault);
      }
    }

    /** Also of a certificate that nobody verified, since its end comes all the same. */
    private @Nullable String expiresSoon(TlsPeer found) {
      Instant now = tools.clock().now();
      Instant limit = now.plus(module.expiresIn());
      for (X509Certificate each : found.chain().isEmpty() ? found.sent() : found.chain()) {
        Instant end = each.getNotAfter().toInstant();
        if (end.isBefore(now)) {
          return "certificate of " + TlsPeer.title(each) + " expired on " + TlsPeer.date(end);
        }
        if (end.isBefore(limit)) {
          return "certificate of "
              + TlsPeer.title(each)
              + " expires in "
              + TlsPeer.days(Duration.between(now, end))
              + ", on "
              + TlsPeer.date(end)
              + "; expires_in is "
              + Durations.format(module.expiresIn());
        }
      }
      return null;
    }

    @Override
    protected String late(String after) {
      String words = conversation.late(after);
      return words != null ? words : after + attempt.waitingFor();
    }

    @Override
    protected List<Sample> samples() {
      List<Sample> all = new ArrayList<>(8);
      attempt.measure(all);
      TlsPeer found = peer;
      if (found != null) {
        found.measure(all);
        all.add(TlsPeer.CIPHER.sample(1, found.cipher()));
      }
      return all;
    }
  }
}
