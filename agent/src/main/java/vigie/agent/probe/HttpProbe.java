package vigie.agent.probe;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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

  /** What the run waits for. */
  private enum Phase {
    RESOLVE("resolve", ""),
    CONNECT("connect", ""),
    TLS("tls", " during the TLS handshake"),
    PROCESSING("processing", " while waiting for the answer"),
    TRANSFER("transfer", " in the middle of the answer");

    private final String label;
    private final String late;

    Phase(String label, String late) {
      this.label = label;
      this.late = late;
    }
  }

  private final class Run extends NetRun implements Dial.Listener {
    private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
    private Phase phase = Phase.RESOLVE;
    private Duration phaseBegan = Duration.ZERO;
    private HttpUrl url = target;
    private String method = module.request().method();
    private HttpRequestSpec.@Nullable Ready request;
    private boolean withBody = true;
    private int redirects;
    private int followed;
    private boolean sameHost = true;
    private Dial.@Nullable Attempt first;
    private Dial.@Nullable Attempt attempt;
    private @Nullable TlsContext security;
    private @Nullable TlsPeer peer;
    private @Nullable HttpResponse head;
    private long contentLength;
    private long bodyLength;
    private @Nullable HttpCookies cookies;
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
      request = ready;
      hop();
    }

    /** One request, on a connection of its own. */
    private void hop() {
      phase = Phase.RESOLVE;
      phaseBegan = elapsed();
      peer = null;
      head = null;
      bodyLength = 0;
      boolean known = url.address().equals(target.address());
      Dial to = known ? dial : new Dial(url.address(), module.addresses(), tools);
      Dial.Attempt now = to.new Attempt(this, Receiver::new, this);
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

    private void enter(Phase next) {
      Duration at = elapsed();
      nanos.merge(phase, at.minus(phaseBegan).toNanos(), Long::sum);
      phase = next;
      phaseBegan = at;
    }

    @Override
    public void resolved() {
      enter(Phase.CONNECT);
    }

    @Override
    public void connected(Channel channel) {
      channel
          .pipeline()
          .addFirst(new HttpClientCodec(MOST_LINE_BYTES, MOST_HEADER_BYTES, MOST_CHUNK));
      if (!url.tls()) {
        send(channel);
        return;
      }
      enter(Phase.TLS);
      String name = serverName();
      Objects.requireNonNull(security)
          .shakeHands(this, channel, name, lastPeer, found -> judged(found, channel));
    }

    /** The target's own name, or what a header Host says instead; elsewhere the name there. */
    private String serverName() {
      String host = url.address().getHostString();
      if (!sameHost) {
        return host;
      }
      String given = hostHeader();
      return module.security().nameFor(given == null ? host : withoutPort(given));
    }

    private void judged(TlsPeer found, Channel channel) {
      found.tell(this);
      if (found.fault() != null) {
        down(found.fault());
        return;
      }
      peer = found;
      if (sameHost) {
        lastPeer = found;
      }
      send(channel);
    }

    private void send(Channel channel) {
      enter(Phase.PROCESSING);
      step(method + " " + url);
      channel
          .writeAndFlush(request())
          .addListener(
              written -> {
                // A peer that closes early may have answered all the same.
                if (!written.isSuccess() && !isOver() && !channel.isActive() && head == null) {
                  failed(written.cause());
                }
              });
    }

    private FullHttpRequest request() {
      HttpRequestSpec.Ready ready = request;
      if (ready == null) {
        throw new IllegalStateException("BUG: a request is sent before it is made");
      }
      ByteBuf body = withBody ? Unpooled.wrappedBuffer(ready.body()) : Unpooled.EMPTY_BUFFER;
      FullHttpRequest made =
          new DefaultFullHttpRequest(
              HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), url.path(), body);
      HttpHeaders headers = made.headers();
      headers.set(HttpHeaderNames.HOST, url.authority());
      headers.set(HttpHeaderNames.USER_AGENT, "Vigie");
      headers.setAll(ready.headers());
      headers.set(HttpHeaderNames.CONNECTION, "close");
      if (!sameHost) {
        // What was meant for the target is not for others.
        headers.remove(HttpHeaderNames.AUTHORIZATION);
        headers.remove(HttpHeaderNames.COOKIE);
        headers.set(HttpHeaderNames.HOST, url.authority());
      } else if (ready.authorization() != null
          && !headers.contains(HttpHeaderNames.AUTHORIZATION)) {
        headers.set(HttpHeaderNames.AUTHORIZATION, ready.authorization());
      }
      HttpCookies given = cookies;
      if (given != null) {
        given.addTo(url, headers);
      }
      boolean mayHaveBody = !method.equals("GET") && !method.equals("HEAD");
      if (body.isReadable() || mayHaveBody) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
      }
      return made;
    }

    private @Nullable String hostHeader() {
      HttpRequestSpec.Ready ready = request;
      return ready == null ? null : ready.headers().get(HttpHeaderNames.HOST);
    }

    private void received(HttpResponse response) {
      enter(Phase.TRANSFER);
      head = response;
      contentLength = contentLength(response, method.equals("HEAD"));
      tell(response);
      String location = response.headers().get(HttpHeaderNames.LOCATION);
      if (location == null || !isRedirect(response.status().code())) {
        return;
      }
      redirects++;
      if (!module.followRedirects()) {
        judge(new byte[0], 0);
      } else if (redirects > MOST_REDIRECTS) {
        down("redirected more than " + MOST_REDIRECTS + " times, at last to " + shown(location));
      } else {
        redirect(response.status().code(), location);
      }
    }

    private void redirect(int code, String location) {
      step("redirected to " + shown(location));
      takeCookies();
      HttpUrl next;
      try {
        next = url.follow(location);
      } catch (IllegalArgumentException e) {
        down("redirected to " + shown(location) + ", which is no URL to follow");
        return;
      }
      followed++;
      url = next;
      sameHost = next.isSameHost(target);
      // As browsers and Go do: 301 to 303 ask anew with GET, 307 and 308 repeat what was asked.
      if (code < 307 && !method.equals("HEAD")) {
        withBody &= method.equals("GET");
        method = "GET";
      }
      hop();
    }

    private void takeCookies() {
      HttpHeaders headers = Objects.requireNonNull(head).headers();
      if (headers.contains(HttpHeaderNames.SET_COOKIE)) {
        HttpCookies kept = cookies == null ? new HttpCookies() : cookies;
        kept.take(url, headers);
        cookies = kept;
      }
    }

    private void completed(byte[] body, long length) {
      enter(Phase.TRANSFER);
      step("body of " + length + " bytes");
      judge(body, length);
    }

    private void judge(byte[] body, long length) {
      HttpResponse response = head;
      if (response == null) {
        throw new IllegalStateException("BUG: an answer without a head is judged");
      }
      HttpAnswer judged = new HttpAnswer(module, response, url.tls(), body, length);
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
      super.down(followed == 0 ? reason : reason + "; redirected to " + shown(url.toString()));
    }

    @Override
    protected String late(String after) {
      Dial.Attempt now = attempt;
      return after + (now == null ? "" : now.waitingFor()) + phase.late;
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
      for (Phase each : Phase.values()) {
        all.add(HttpMeasures.DURATION.sample(nanos.getOrDefault(each, 0L) / 1e9, each.label));
        if (each == Phase.RESOLVE && (dialled == null || !dialled.isResolved())) {
          break; // as blackbox_exporter has it: the others come with the address
        }
      }
      HttpResponse response = head;
      all.add(HttpMeasures.STATUS.sample(response == null ? 0 : response.status().code()));
      all.add(HttpMeasures.CONTENT_LENGTH.sample(response == null ? 0 : contentLength));
      all.add(
          HttpMeasures.UNCOMPRESSED_LENGTH.sample(judged == null ? bodyLength : judged.length()));
      all.add(HttpMeasures.REDIRECTS.sample(redirects));
      all.add(HttpMeasures.TLS.sample(response != null && url.tls() ? 1 : 0));
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

    /** Takes the answer of one connection; what comes of an earlier one is not heard any more. */
    private final class Receiver extends SimpleChannelInboundHandler<HttpObject> {
      private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
      private long length;
      private boolean interim;
      private boolean done;

      @Override
      protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
        if (done || isOver()) {
          return;
        }
        if (message.decoderResult().isFailure()) {
          done = true;
          down(notHttp(message.decoderResult().cause()));
          return;
        }
        if (message instanceof HttpResponse response) {
          // 100 and 103 come before the answer proper.
          interim = response.status().code() < 200 && response.status().code() != 101;
          if (!interim) {
            int before = redirects;
            received(response);
            done = isOver() || redirects != before;
          }
        }
        if (message instanceof HttpContent content && !interim && !done) {
          take(content);
        }
      }

      private void take(HttpContent content) {
        int more = content.content().readableBytes();
        length += more;
        long most = keepsBody ? mostKept(module) : module.mostBody();
        bodyLength = most > 0 ? Math.min(length, most) : length;
        if (most > 0 && length > most) {
          done = true;
          down(tooLarge(most));
          return;
        }
        if (keepsBody) {
          byte[] part = new byte[more];
          content.content().readBytes(part);
          body.writeBytes(part);
        }
        if (content instanceof LastHttpContent) {
          done = true;
          completed(body.toByteArray(), length);
        }
      }

      @Override
      public void channelInactive(ChannelHandlerContext ctx) {
        if (done || isOver() || phase.compareTo(Phase.PROCESSING) < 0) {
          return;
        }
        done = true;
        down(
            phase == Phase.PROCESSING
                ? "the peer closed the connection without an answer"
                : "the peer closed the connection after " + length + " bytes of the body");
      }

      @Override
      public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Of the connection and the handshake before the request their futures tell.
        if (!done && !isOver() && phase.compareTo(Phase.PROCESSING) >= 0) {
          done = true;
          failed(cause);
        }
      }
    }
  }

  private static String notHttp(Throwable cause) {
    String why = cause.getMessage();
    return "the answer is not HTTP" + (why == null ? "" : ": " + PeerWords.plain(why));
  }

  private static boolean isRedirect(int code) {
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
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

  private static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon > 0 && host.indexOf(':') == colon ? host.substring(0, colon) : host;
  }

  private static String shown(String url) {
    return PeerWords.plain(url);
  }
}
