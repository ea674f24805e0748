package vigie.agent.probe;

import io.netty.channel.Channel;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.HttpPhases.Phase;
import vigie.agent.probe.Measure.Sample;

/**
 * Fetches a URL over HTTP/1.1, one connection for each request, and judges the answer. Bounds:
 * {@value #MOST_REDIRECTS} redirects, {@value #MOST_HEADER_BYTES} bytes of headers; a body counts
 * without being kept unless an expression or a compression asks for it.
 */
final class HttpProbe extends NetProbe {
  private static final int MOST_REDIRECTS = 10;
  private static final int MOST_HEADER_BYTES = 256 * 1024;
  private static final int MOST_LINE_BYTES = 16 * 1024;
  private static final int MOST_CHUNK = 16 * 1024;
  private static final int MOST_HEADERS_TOLD = 30;
  private static final long MOST_KEPT = 4 * 1024 * 1024;

  /** Expressions over more than this would keep all other connections of the agent waiting. */
  private static final int MOST_JUDGED_HERE = 16 * 1024;

  private final HttpModule module;
  private final HttpUrl target;
  private final boolean keepsBody;
  private volatile @Nullable TlsPeer lastPeer;

  /** Does nothing yet. */
  HttpProbe(HttpModule module, HttpUrl target, Duration timeout, ProbeTools tools) {
    super(target.address(), module.addresses(), timeout, tools);
    this.module = module;
    this.target = target;
    this.keepsBody =
        !module.badBody().isEmpty()
            || !module.goodBody().isEmpty()
            || !module.compression().isEmpty();
  }

  @Override
  protected NetRun newRun(Consumer<ProbeResult> done, Steps steps) {
    return new Run(done, steps);
  }

  /** How much of a body is kept in memory. */
  static long mostKept(HttpModule module) {
    return module.mostBody() > 0 ? module.mostBody() : MOST_KEPT;
  }

  static String tooLarge(long most) {
    return "body is larger than " + most + " bytes (body_size_limit)";
  }

  private final class Run extends NetRun implements Dial.Listener, HttpReceiver.Listener {
    private final HttpPhases phases = new HttpPhases();
    // Set once the request is made, before anything is connected.
    private @Nullable HttpCourse course;
    private int redirects;
    private Dial.@Nullable Attempt first;
    private Dial.@Nullable Attempt attempt;
    private @Nullable TlsContext security;
    private @Nullable TlsPeer peer;
    private @Nullable HttpResponse head;
    private long contentLength;
    private long bodyLength;
    private @Nullable HttpAnswer answer;

    Run(Consumer<ProbeResult> done, Steps steps) {
      super(HttpProbe.this.tools, timeout, done, steps);
    }

    @Override
    protected void begin() {
      HttpRequestSpec spec = module.request();
      if (spec.readsFiles()) {
        blocking(spec::ready, this::prepared);
        return;
      }
      try {
        prepared(spec.ready());
      } catch (IOException e) {
        throw new IllegalStateException("BUG: a request without files reads one", e);
      }
    }

    private void prepared(HttpRequestSpec.Ready ready) {
      HttpCourse begun = new HttpCourse(target, module.request().method(), ready);
      course = begun;
      hop(begun.url());
    }

    /** One request, on a connection of its own. */
    private void hop(HttpUrl url) {
      phases.again(elapsed());
      peer = null;
      head = null;
      bodyLength = 0;
      boolean known = url.address().equals(target.address());
      Dial to = known ? dial : new Dial(url.address(), module.addresses(), tools);
      Dial.Attempt now =
          to.new Attempt(this, () -> new HttpReceiver(this, phases, keepsBody, this), this);
      attempt = now;
      if (first == null) {
        first = now;
      }
      if (url.tls()) {
        withTls(
            module.security(),
            context -> {
              security = context;
              now.start();
            });
      } else {
        now.start();
      }
    }

    private HttpCourse course() {
      return Objects.requireNonNull(course);
    }

    @Override
    public void resolved() {
      phases.enter(Phase.CONNECT, elapsed());
    }

    @Override
    public void connected(Channel channel) {
      channel
          .pipeline()
          .addFirst(new HttpClientCodec(MOST_LINE_BYTES, MOST_HEADER_BYTES, MOST_CHUNK));
      if (!course().url().tls()) {
        send(channel);
        return;
      }
      phases.enter(Phase.TLS, elapsed());
      String host = course().host();
      String name = course().isSameHost() ? module.security().nameFor(host) : host;
      Objects.requireNonNull(security)
          .shakeHands(this, channel, name, lastPeer, found -> judged(found, channel));
    }

    private void judged(TlsPeer found, Channel channel) {
      found.tell(this);
      if (found.fault() != null) {
        down(found.fault());
        return;
      }
      peer = found;
      if (course().isSameHost()) {
        lastPeer = found;
      }
      send(channel);
    }

    private void send(Channel channel) {
      phases.enter(Phase.PROCESSING, elapsed());
      step(course().method() + " " + course().url());
      channel
          .writeAndFlush(course().request())
          .addListener(
              written -> {
                // A peer that closes early may have answered all the same.
                if (!written.isSuccess() && !isOver() && !channel.isActive() && head == null) {
                  failed(written.cause());
                }
              });
    }

    @Override
    public boolean received(HttpResponse response) {
      phases.enter(Phase.TRANSFER, elapsed());
      head = response;
      contentLength = contentLength(response, course().method().equals("HEAD"));
      tell(response);
      String location = HttpCourse.location(response);
      if (location == null) {
        return true;
      }
      redirects++;
      if (!module.followRedirects()) {
        judge(response, new byte[0], 0);
      } else if (redirects > MOST_REDIRECTS) {
        down("redirected more than " + MOST_REDIRECTS + " times, at last to " + shown(location));
      } else {
        redirect(response, location);
      }
      return false;
    }

    private void redirect(HttpResponse response, String location) {
      step("redirected to " + shown(location));
      try {
        course().follow(response, location);
      } catch (IllegalArgumentException e) {
        down("redirected to " + shown(location) + ", which is no URL to follow");
        return;
      }
      hop(course().url());
    }

    @Override
    public boolean grew(long length) {
      long most = keepsBody ? mostKept(module) : module.mostBody();
      bodyLength = most > 0 ? Math.min(length, most) : length;
      if (most > 0 && length > most) {
        down(tooLarge(most));
        return false;
      }
      return true;
    }

    @Override
    public void completed(HttpResponse response, byte[] body, long length) {
      phases.enter(Phase.TRANSFER, elapsed());
      step("body of " + length + " bytes");
      judge(response, body, length);
    }

    private void judge(HttpResponse response, byte[] body, long length) {
      HttpAnswer judged = new HttpAnswer(module, response, course().url().tls(), body, length);
      if (body.length <= MOST_JUDGED_HERE && module.compression().isEmpty()) {
        judged(judged, Optional.ofNullable(judged.fault()));
      } else {
        blocking(() -> Optional.ofNullable(judged.fault()), fault -> this.judged(judged, fault));
      }
    }

    private void judged(HttpAnswer judged, Optional<String> fault) {
      answer = judged;
      fault.ifPresentOrElse(this::down, this::up);
    }

    private void tell(HttpResponse response) {
      if (!isTold()) {
        return;
      }
      step("answered " + HttpAnswer.status(response) + " in " + response.protocolVersion());
      int told = 0;
      for (Map.Entry<String, String> each : response.headers()) {
        if (told++ == MOST_HEADERS_TOLD) {
          step("and more headers");
          return;
        }
        step(each.getKey() + ": " + PeerWords.plain(each.getValue()));
      }
    }

    @Override
    void down(String reason) {
      HttpCourse asked = course;
      super.down(
          asked == null || asked.followed() == 0
              ? reason
              : reason + "; redirected to " + shown(asked.url().toString()));
    }

    @Override
    protected String late(String after) {
      Dial.Attempt now = attempt;
      return after + (now == null ? "" : now.waitingFor()) + phases.late();
    }

    @Override
    protected List<Sample> samples() {
      List<Sample> all = new ArrayList<>(20);
      Dial.Attempt dialled = first;
      if (dialled != null) {
        dialled.measure(all);
      }
      HttpAnswer judged = answer;
      all.add(
          judged != null && judged.isFailedByRegex()
              ? Conversation.FAILED_REGEX.sample(1)
              : Conversation.REGEX_FINE);
      phases.measure(dialled != null && dialled.isResolved(), all);
      HttpResponse response = head;
      all.add(HttpMeasures.STATUS.sample(response == null ? 0 : response.status().code()));
      all.add(HttpMeasures.CONTENT_LENGTH.sample(response == null ? 0 : contentLength));
      all.add(
          HttpMeasures.UNCOMPRESSED_LENGTH.sample(judged == null ? bodyLength : judged.length()));
      all.add(HttpMeasures.REDIRECTS.sample(redirects));
      all.add(HttpMeasures.TLS.sample(response != null && course().url().tls() ? 1 : 0));
      all.add(HttpMeasures.VERSION.sample(response == null ? 0 : version(response)));
      if (response != null) {
        lastModified(response, all);
      }
      TlsPeer found = peer;
      if (found != null && response != null) {
        found.measure(all);
        all.add(TlsPeer.CIPHER.sample(1, found.cipher()));
      }
      return all;
    }
  }

  /** As Go tells it: -1 where the length is not known before the end. */
  private static long contentLength(HttpResponse response, boolean ofHead) {
    int code = response.status().code();
    if (!ofHead && (code == 204 || code == 304)) {
      return 0;
    }
    return HttpUtil.isTransferEncodingChunked(response)
        ? -1
        : HttpUtil.getContentLength(response, -1L);
  }

  private static double version(HttpResponse response) {
    HttpVersion version = response.protocolVersion();
    return version.majorVersion() + version.minorVersion() / 10.0;
  }

  private static void lastModified(HttpResponse response, List<Sample> into) {
    String text = response.headers().get(HttpHeaderNames.LAST_MODIFIED);
    if (text == null) {
      return;
    }
    // Takes the two old forms of a date too; one that nobody can read is none.
    Date at = DateFormatter.parseHttpDate(text);
    if (at != null) {
      into.add(HttpMeasures.LAST_MODIFIED.sample(at.toInstant().getEpochSecond()));
    }
  }

  private static String shown(String url) {
    return PeerWords.plain(url);
  }
}
