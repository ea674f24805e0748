package vigie.base.http;

import io.netty.bootstrap.Bootstrap;
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
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
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

/**
 * Posts to one server over one HTTP/1.1 connection that is kept, on event loops that are there
 * anyway: no thread and no class more than the server needs. One request at a time. Answers over 64
 * KiB are refused.
 */
public final class HttpClient implements AutoCloseable {
  private static final int MOST_ANSWER = 64 << 10;
  private static final int MOST_TEXT = 500;

  private final EventLoops loops;
  private final Executor blocking;
  private final Lookup lookup;
  private final URI url;
  private final ClientTls tls;
  private final Duration timeout;
  private volatile @Nullable Channel channel;
  private volatile boolean closed;
  // Which address of several is tried; the next one after each failure.
  private final AtomicInteger turn = new AtomicInteger();

  /**
   * @param blocking runs name lookups and reads certificates
   * @param url http or https with a host
   * @param timeout from the call to the whole answer
   */
  public HttpClient(
      EventLoops loops,
      Executor blocking,
      Lookup lookup,
      URI url,
      ClientTls tls,
      Duration timeout) {
    this.loops = loops;
    this.blocking = blocking;
    this.lookup = lookup;
    this.url = url;
    this.tls = tls;
    this.timeout = timeout;
  }

  /**
   * Sends; not to be called again before the answer is there, which fails with an {@code
   * IOException} where there is none. It completes on an event loop.
   */
  public CompletableFuture<HttpReply> post(Map<String, String> headers, byte[] body) {
    CompletableFuture<HttpReply> answer = new CompletableFuture<>();
    var deadline =
        loops
            .group()
            .schedule(
                () -> fail(answer, "no answer within " + timeout.toMillis() + " ms"),
                timeout.toMillis(),
                TimeUnit.MILLISECONDS);
    answer.whenComplete((reply, failure) -> deadline.cancel(false));
    Channel open = channel;
    if (open != null && open.isActive()) {
      send(open, headers, body, answer);
      return answer;
    }
    try {
      blocking.execute(() -> connect(headers, body, answer));
    } catch (RejectedExecutionException full) {
      fail(answer, "no thread left to connect");
    }
    return answer;
  }

  private void connect(
      Map<String, String> headers, byte[] body, CompletableFuture<HttpReply> answer) {
    boolean secure = "https".equals(url.getScheme());
    int port = url.getPort() > 0 ? url.getPort() : secure ? 443 : 80;
    String host = host();
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
                  .addLast(new HttpObjectAggregator(MOST_ANSWER))
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
                channel = connected.channel();
                if (closed || answer.isDone()) {
                  connected.channel().close();
                  fail(answer, "the client is closed");
                } else {
                  send(connected.channel(), headers, body, answer);
                }
              });
    } catch (UnknownHostException e) {
      fail(answer, "no address for host " + host);
    } catch (IOException e) {
      fail(answer, reason(e));
    }
  }

  private String host() {
    String host = url.getHost();
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private void send(
      Channel to, Map<String, String> headers, byte[] body, CompletableFuture<HttpReply> answer) {
    String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    DefaultFullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.POST, path + query, Unpooled.wrappedBuffer(body));
    headers.forEach(request.headers()::set);
    request.headers().set(HttpHeaderNames.HOST, url.getRawAuthority());
    request.headers().set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    to.eventLoop()
        .execute(
            () -> {
              Answers answers = to.pipeline().get(Answers.class);
              if (answers == null) {
                request.release();
                fail(answer, "the connection was closed");
                return;
              }
              answers.waiting = answer;
              answer.whenComplete(
                  (reply, failure) -> {
                    if (failure != null) {
                      to.close();
                    }
                  });
              to.writeAndFlush(request)
                  .addListener(
                      written -> {
                        if (!written.isSuccess()) {
                          fail(answer, reason(written.cause()));
                        }
                      });
            });
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

  private static final class Answers extends SimpleChannelInboundHandler<FullHttpResponse> {
    private @Nullable CompletableFuture<HttpReply> waiting;

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse response) {
      CompletableFuture<HttpReply> answer = waiting;
      waiting = null;
      if (answer == null || response.decoderResult().isFailure()) {
        if (answer != null) {
          fail(answer, "the answer is not HTTP");
        }
        ctx.close();
        return;
      }
      if (!HttpUtil.isKeepAlive(response)) {
        ctx.close();
      }
      int length = Math.min(MOST_TEXT, response.content().readableBytes());
      String text =
          response
              .content()
              .toString(response.content().readerIndex(), length, StandardCharsets.UTF_8);
      String retryAfter = response.headers().get(HttpHeaderNames.RETRY_AFTER);
      answer.complete(
          new HttpReply(response.status().code(), retryAfter == null ? "" : retryAfter, text));
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
      CompletableFuture<HttpReply> answer = waiting;
      waiting = null;
      if (answer != null) {
        fail(answer, reason);
      }
    }
  }
}
