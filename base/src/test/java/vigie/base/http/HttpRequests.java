package vigie.base.http;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.Map;
import vigie.base.net.Peer;

/** Requests for tests of handlers, from whom no test can connect. */
public final class HttpRequests {
  private HttpRequests() {}

  /** Without parameters and body, of who proved nothing. */
  public static HttpRequest of(String method, String path, String address) {
    return of(method, path, address, Map.of());
  }

  /** As above, with headers. */
  public static HttpRequest of(
      String method, String path, String address, Map<String, String> headers) {
    DefaultHttpHeaders all = new DefaultHttpHeaders();
    headers.forEach(all::set);
    Peer who = new Peer(address, "", "");
    return new HttpRequest(method, path, "", all, new byte[0], who, false);
  }
}
