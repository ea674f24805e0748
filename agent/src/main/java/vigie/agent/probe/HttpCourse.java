package vigie.agent.probe;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/** What one run of an HTTP probe asks, of one URL after another where it is redirected. */
final class HttpCourse {
  private final HttpUrl target;
  private final HttpRequestSpec.Ready ready;
  private HttpUrl url;
  private String method;
  private boolean withBody = true;
  private boolean sameHost = true;
  private int followed;
  private @Nullable HttpCookies cookies;

  HttpCourse(HttpUrl target, String method, HttpRequestSpec.Ready ready) {
    this.target = target;
    this.url = target;
    this.method = method;
    this.ready = ready;
  }

  /** What is asked at the moment. */
  HttpUrl url() {
    return url;
  }

  String method() {
    return method;
  }

  /** How many redirects it followed. */
  int followed() {
    return followed;
  }

  /** Whether the present URL is at the target's host; what was meant for it is not for others. */
  boolean isSameHost() {
    return sameHost;
  }

  /** The name that the present server should have: there, what a header Host says comes first. */
  String host() {
    String given = sameHost ? ready.headers().get(HttpHeaderNames.HOST) : null;
    return given == null ? url.address().getHostString() : withoutPort(given);
  }

  private static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon > 0 && host.indexOf(':') == colon ? host.substring(0, colon) : host;
  }

  FullHttpRequest request() {
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
      headers.remove(HttpHeaderNames.AUTHORIZATION);
      headers.remove(HttpHeaderNames.COOKIE);
      headers.set(HttpHeaderNames.HOST, url.authority());
    } else if (ready.authorization() != null && !headers.contains(HttpHeaderNames.AUTHORIZATION)) {
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

  /** Where an answer redirects to; null where it does not. */
  static @Nullable String location(HttpResponse answer) {
    int code = answer.status().code();
    boolean redirects = code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
    return redirects ? answer.headers().get(HttpHeaderNames.LOCATION) : null;
  }

  /**
   * Goes where an answer redirects to, with its cookies.
   *
   * @throws IllegalArgumentException if that is no URL to follow
   */
  void follow(HttpResponse answer, String location) {
    takeCookies(answer.headers());
    HttpUrl next = url.follow(location);
    followed++;
    url = next;
    sameHost = next.isSameHost(target);
    // As browsers and Go do: 301 to 303 ask anew with GET, 307 and 308 repeat what was asked.
    if (answer.status().code() < 307 && !method.equals("HEAD")) {
      withBody &= method.equals("GET");
      method = "GET";
    }
  }

  private void takeCookies(HttpHeaders headers) {
    if (headers.contains(HttpHeaderNames.SET_COOKIE)) {
      HttpCookies kept = cookies == null ? new HttpCookies() : cookies;
      kept.take(url, headers);
      cookies = kept;
    }
  }
}
