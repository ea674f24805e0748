package vigie.agent.probe;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.cookie.ClientCookieDecoder;
import io.netty.handler.codec.http.cookie.Cookie;
import java.util.ArrayList;
import java.util.List;

/**
 * The cookies that a run was given on its way through redirects: a login that asks for its cookie
 * back would redirect for ever otherwise. Each goes only to the host that gave it, whatever its
 * {@code Domain} says. At most {@value #MOST}; gone with the run.
 */
final class HttpCookies {
  private static final int MOST = 50;
  private final List<Given> all = new ArrayList<>(0);

  private record Given(HttpUrl by, Cookie cookie) {
    boolean isSame(Given other) {
      return by.isSameHost(other.by) && cookie.compareTo(other.cookie) == 0;
    }

    boolean isFor(HttpUrl url) {
      String path = cookie.path() == null || !cookie.path().startsWith("/") ? "/" : cookie.path();
      return by.isSameHost(url) && (url.tls() || !cookie.isSecure()) && url.path().startsWith(path);
    }
  }

  /** Takes what an answer sets. */
  void take(HttpUrl from, HttpHeaders headers) {
    for (String text : headers.getAll(HttpHeaderNames.SET_COOKIE)) {
      Cookie cookie = ClientCookieDecoder.LAX.decode(text);
      if (cookie == null) {
        continue;
      }
      Given given = new Given(from, cookie);
      all.removeIf(given::isSame);
      if (isAlive(cookie) && all.size() < MOST) {
        all.add(given);
      }
    }
  }

  private static boolean isAlive(Cookie cookie) {
    return cookie.maxAge() > 0 || cookie.maxAge() == Cookie.UNDEFINED_MAX_AGE;
  }

  /** Adds those that a request to this URL carries. */
  void addTo(HttpUrl to, HttpHeaders headers) {
    StringBuilder text = new StringBuilder();
    for (Given each : all) {
      if (each.isFor(to)) {
        text.append(text.isEmpty() ? "" : "; ")
            .append(each.cookie.name())
            .append('=')
            .append(each.cookie.value());
      }
    }
    if (!text.isEmpty()) {
      String own = headers.get(HttpHeaderNames.COOKIE);
      headers.set(HttpHeaderNames.COOKIE, own == null ? text : own + "; " + text);
    }
  }
}
