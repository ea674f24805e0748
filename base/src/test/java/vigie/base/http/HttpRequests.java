package vigie.base.http;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import vigie.base.net.Peer;

/** Requests for tests of handlers, from whom no test can connect. */
public final class HttpRequests {
  private HttpRequests() {}

  /** Without parameters and body, of who proved nothing. */
  public static HttpRequest of(String method, String path, String address) {
    Peer who = new Peer(address, "", "");
    return new HttpRequest(method, path, "", new DefaultHttpHeaders(), new byte[0], who);
  }
}
