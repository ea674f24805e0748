package vigie.base.http;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import vigie.base.net.ClientTls;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Durations;

/**
 * Asks one server over one HTTP/1.1 connection that is kept, on event loops that are there anyway:
 * no thread and no class more than the server needs. One request at a time. A server may close the
 * connection at any moment between two requests, so that one which fails on a connection that was
 * used before is sent once more on a new one: requests must bear being taken twice.
 */
public final class HttpClient implements AutoCloseable {
  private static final int MOST_ANSWER = 64 << 10;

  /** An answer was larger than may be. */
  public static final class TooLargeException extends IOException {
    private static final long serialVersionUID = 1;

    TooLargeException(int most) {
      super("the answer is larger than " + most + " bytes");
    }
  }

  private final EventLoops loops;
  private final Executor blocking;
  private final Lookup lookup;
  private final URI url;
  private final ClientTls tls;
  private final Duration timeout;
  private final int mostAnswer;
  private final boolean cuts;
  private volatile @Nullable Channel channel;
  private volatile boolean closed;
  // Which address of several is tried; the next one after each failure.
  private final AtomicInteger turn = new AtomicInteger();

  /** As the other, for whoever asks for the status: a body of more than 64 KiB is left out. */
  public HttpClient(
      EventLoops loops,
      Executor blocking,
      Lookup lookup,
      URI url,
      ClientTls tls,
      Duration timeout) {
    this(loops, blocking, lookup, url, tls, timeout, MOST_ANSWER, true);
  }

  /**
   * @param blocking runs name lookups and reads certificates; not needed for http to an address
   * @param url http or https with a host
   * @param timeout from the call to the whole answer
   * @param mostAnswer bytes of an answer's body; one that is longer is a {@link TooLargeException}
   */
  public HttpClient(
      EventLoops loops,
      Executor blocking,
      Lookup lookup,
      URI url,
      ClientTls tls,
      Duration timeout,
      int mostAnswer) {
    this(loops, blocking, lookup, url, tls, timeout, mostAnswer, false);
  }

  private HttpClient(
      EventLoops loops,
      Executor blocking,
      Lookup lookup,
      URI url,
      ClientTls tls,
      Duration timeout,
      int mostAnswer,
      boolean cuts) {
    this.loops = loops;
    this.blocking = blocking;
    this.lookup = lookup;
    this.url = url;
    this.tls = tls;
    this.timeout = timeout;
    this.mostAnswer = mostAnswer;
    this.cuts = cuts;
  }

  /** Posts to the path of the URL, see {@link #send}. */
  public CompletableFuture<HttpReply> post(Map<String, String> headers, byte[] body) {
    return send(HttpMethod.POST.name(), target(url), headers, body);
  }

  /** Gets what is at the URL, see {@link #send}. */
  public CompletableFuture<HttpReply> get(Map<String, String> headers) {
    return send(HttpMethod.GET.name(), target(url), headers, new byte[0]);
  }

  /**
   * Sends; not to be called again before the answer is there, which fails with an {@code
   * IOException} where there is none. It completes on an event loop.
   *
   * @param target path and query on that server
   */
  public CompletableFuture<HttpReply> send(
      String method, String target, Map<String, String> headers, byte[] body) {
    CompletableFuture<HttpReply> answer = new CompletableFuture<>();
    var deadline =
        loops
            .group()
            .schedule(
                () -> fail(answer, "no answer within " + Durations.format(timeout)),
                timeout.toMillis(),
                TimeUnit.MILLISECONDS);
    answer.whenComplete((reply, failure) -> deadline.cancel(false));
    Exchange exchange;
    try {
      exchange = new Exchange(method, target, checked(headers), body, answer);
    } catch (IllegalArgumentException e) {
      fail(answer, String.valueOf(e.getMessage()));
      return answer;
    }
    Channel open = channel;
    if (open != null && open.isActive()) {
      exchange.mayRepeat = true;
      send(open, exchange);
    } else {
      connectSoon(exchange);
    }
    return answer;
  }

  /**
   * A value may come out of a file that somebody changed; the message does not show it.
   *
   * @throws IllegalArgumentException if it cannot stand in a header
   */
  private static Map<String, String> checked(Map<String, String> headers) {
    headers.forEach(
        (name, value) -> {
          if (value.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 127)) {
            throw new IllegalArgumentException(
                "the value of header " + name + " has a line break or another control character");
          }
        });
    return headers;
  }

  /** Path and query of a URL as they stand in a request. */
  public static String target(URI url) {
    String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    return url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
  }

  private void connectSoon(Exchange exchange) {
    String host = host(url);
    if ("http".equals(url.getScheme())
        && (NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host))) {
      connect(exchange); // nothing to wait for, least of all names of others that nobody knows
      return;
    }
    try {
      blocking.execute(() -> connect(exchange));
    } catch (RejectedExecutionException full) {
      fail(exchange.answer, "no thread left to connect");
    }
  }

  private void connect(Exchange exchange) {
    CompletableFuture<HttpReply> answer = exchange.answer;
    if (answer.isDone()) {
      return; // waited behind slow lookups for so long that nobody waits for it
    }
    boolean secure = "https".equals(url.getScheme());
    String host = host(url);
    int port = port(url);
    try {
      InetAddress[] addresses = lookup.all(host);
      Bootstrap bootstrap =
          new Bootstrap()
              .group(loops.group())
              .channel(loops.clientChannel())
              .option(ChannelOption.TCP_NODELAY, true)
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis());
      SslHandler security =
          secure ? tls.handler(io.netty.buffer.ByteBufAllocator.DEFAULT, host, port) : null;
      bootstrap.handler(
          new ChannelInitializer<SocketChannel>() {
            @Override
            protected void initChannel(SocketChannel made) {
              if (security != null) {
                made.pipeline().addLast(security);
              }
              made.pipeline()
                  .addLast(new HttpClientCodec())
                  .addLast(new Bodies())
                  .addLast(new Answers());
            }
          });
      bootstrap
          .connect(
              new InetSocketAddress(addresses[Math.floorMod(turn.get(), addresses.length)], port))
          .addListener(
              (ChannelFuture connected) -> {
                if (!connected.isSuccess()) {
                  turn.incrementAndGet();
                  fail(answer, reason(connected.cause()));
                  return;
                }
                Channel made = connected.channel();
                if (answer.isDone()) {
                  made.close(); // too late, and the next request may have a connection already
                  return;
                }
                channel = made;
                if (closed) {
                  made.close();
                  fail(answer, "the client is closed");
                } else {
                  send(made, exchange);
                }
              });
    } catch (IllegalArgumentException e) {
      fail(answer, "no address: " + authority(url));
    } catch (UnknownHostException e) {
      fail(answer, "no address for host " + host);
    } catch (IOException e) {
      fail(answer, reason(e));
    }
  }

  /** Not by {@link URI#getHost}, which knows no underscore; containers have names with some. */
  private static String host(URI url) {
    String authority = authority(url);
    int colon = authority.lastIndexOf(':');
    String host = colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static int port(URI url) {
    String authority = authority(url);
    int colon = authority.lastIndexOf(':');
    if (colon > authority.lastIndexOf(']') && colon < authority.length() - 1) {
      return Integer.parseInt(authority.substring(colon + 1));
    }
    return "https".equals(url.getScheme()) ? 443 : 80;
  }

  private static String authority(URI url) {
    String authority = String.valueOf(url.getRawAuthority());
    return authority.substring(authority.indexOf('@') + 1);
  }

  private void send(Channel to, Exchange exchange) {
    DefaultFullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.valueOf(exchange.method),
            exchange.target,
            Unpooled.wrappedBuffer(exchange.body));
    exchange.headers.forEach(request.headers()::set);
    if (!request.headers().contains(HttpHeaderNames.HOST)) {
      request.headers().set(HttpHeaderNames.HOST, authority(url));
    }
    if (exchange.body.length > 0 || exchange.method.equals("POST")) {
      request.headers().set(HttpHeaderNames.CONTENT_LENGTH, exchange.body.length);
    }
    to.eventLoop()
        .execute(
            () -> {
              Answers answers = to.pipeline().get(Answers.class);
              if (answers == null) {
                request.release();
                failed(exchange, "the connection was closed");
                return;
              }
              answers.waiting = exchange;
              exchange.answer.whenComplete(
                  (reply, failure) -> {
                    if (failure != null) {
                      to.close();
                    }
                  });
              to.writeAndFlush(request)
                  .addListener(
                      written -> {
                        if (!written.isSuccess() && answers.waiting == exchange) {
                          answers.waiting = null;
                          failed(exchange, reason(written.cause()));
                        }
                      });
            });
  }

  /** Sends it once more if it met a connection that had its day, else says so. */
  private void failed(Exchange exchange, String reason) {
    if (exchange.mayRepeat && !closed && !exchange.answer.isDone()) {
      exchange.mayRepeat = false;
      connectSoon(exchange);
    } else {
      fail(exchange.answer, reason);
    }
  }

  private static void fail(CompletableFuture<HttpReply> answer, String reason) {
    answer.completeExceptionally(new IOException(reason));
  }

  private static String reason(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String message = cause == null ? null : cause.getMessage();
    return message == null ? String.valueOf(cause) : message;
  }

  /** Closes the connection; a request that is under way fails. */
  @Override
  public void close() {
    closed = true;
    Channel open = channel;
    if (open != null) {
      open.close();
    }
  }

  /** One request and who waits for its answer. */
  private static final class Exchange {
    final String method;
    final String target;
    final Map<String, String> headers;
    final byte[] body;
    final CompletableFuture<HttpReply> answer;

    /** Whether it went out on a connection that was there before; an event loop's after that. */
    boolean mayRepeat;

    Exchange(
        String method,
        String target,
        Map<String, String> headers,
        byte[] body,
        CompletableFuture<HttpReply> answer) {
      this.method = method;
      this.target = target;
      this.headers = headers;
      this.body = body;
      this.answer = answer;
    }
  }

  private static Map<String, String> headers(HttpResponse response) {
    Map<String, String> headers = new HashMap<>();
    for (Map.Entry<String, String> header : response.headers()) {
      headers.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue());
    }
    return headers;
  }

  /** Joins answers; one that is too large ends the connection. */
  private final class Bodies extends HttpObjectAggregator {
    Bodies() {
      super(mostAnswer);
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
      Answers answers = ctx.pipeline().get(Answers.class);
      if (answers != null && oversized instanceof HttpResponse response) {
        answers.tooLarge(response);
      }
      ctx.close();
    }
  }

  private final class Answers extends SimpleChannelInboundHandler<FullHttpResponse> {
    private @Nullable Exchange waiting;

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
      Exchange exchange = waiting;
      waiting = null;
      if (exchange == null || response.decoderResult().isFailure()) {
        if (exchange != null) {
          fail(exchange.answer, "the answer is not HTTP");
        }
        ctx.close();
        return;
      }
      if (!HttpUtil.isKeepAlive(response)) {
        if (channel == ctx.channel()) {
          channel = null;
        }
        ctx.close();
      }
      exchange.answer.complete(
          new HttpReply(
              response.status().code(),
              headers(response),
              ByteBufUtil.getBytes(response.content())));
    }

    private void tooLarge(HttpResponse response) {
      Exchange exchange = waiting;
      waiting = null;
      if (exchange != null && cuts) {
        exchange.answer.complete(
            new HttpReply(response.status().code(), headers(response), new byte[0]));
      } else if (exchange != null) {
        exchange.answer.completeExceptionally(new TooLargeException(mostAnswer));
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      failed("the connection was closed before the whole answer came");
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
      if (event instanceof SslHandshakeCompletionEvent handshake && !handshake.isSuccess()) {
        failed(reason(handshake.cause()));
      }
      ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      failed(reason(cause));
      ctx.close();
    }

    private void failed(String reason) {
      Exchange exchange = waiting;
      waiting = null;
      if (exchange != null) {
        HttpClient.this.failed(exchange, reason);
      }
    }
  }
}
