package vigie.base.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import vigie.base.net.Peer;

/**
 * A whole request; its parameters are those of the query and, for a form, of the body. Used by one
 * thread at a time.
 */
public final class HttpRequest {
  private static final int MOST_PARAMETERS = 1024;
  private final String method;
  private final String path;
  private final String rawQuery;
  private final HttpHeaders headers;
  private final byte[] body;
  private final boolean secure;
  private Peer who;
  private Map<String, String> variables = Map.of();
  private Map<String, List<String>> parameters = Map.of();
  private boolean parsed;
  private volatile boolean left;

  HttpRequest(
      String method,
      String path,
      String rawQuery,
      HttpHeaders headers,
      byte[] body,
      Peer who,
      boolean secure) {
    this.method = method;
    this.path = path;
    this.rawQuery = rawQuery;
    this.headers = headers;
    this.body = body;
    this.who = who;
    this.secure = secure;
  }

  /** Upper case. */
  public String method() {
    return method;
  }

  /** Decoded, without the query. */
  public String path() {
    return path;
  }

  /** As it came, without the question mark; {@code ""} for none. */
  public String rawQuery() {
    return rawQuery;
  }

  /** Whether it came over TLS of this server's own. */
  public boolean isSecure() {
    return secure;
  }

  /** The header's first value, {@code ""} where it is absent; names without regard to case. */
  public String header(String name) {
    String value = headers.get(name);
    return value == null ? "" : value;
  }

  /** Never null; at most the server's limit. */
  public byte[] body() {
    return body;
  }

  public String bodyText() {
    return new String(body, StandardCharsets.UTF_8);
  }

  /** The other end's address without its port. */
  public String peer() {
    return who.address();
  }

  /** Who asks, as far as it was proved by certificate or password. */
  public Peer who() {
    return who;
  }

  /** Whether who asked has gone, so that an answer helps nobody. For all threads. */
  public boolean isAbandoned() {
    return left;
  }

  void abandon() {
    left = true;
  }

  void loggedIn(String user) {
    who = who.loggedIn(user);
  }

  /** The part of the path that {@code {name}} stands for in the route. */
  public String variable(String name) {
    return variables.getOrDefault(name, "");
  }

  /** The parameter's first value, {@code ""} where it is absent. */
  public String parameter(String name) {
    List<String> all = parameters(name);
    return all.isEmpty() ? "" : all.get(0);
  }

  /** All values of a parameter; form fields of a POST count. */
  public List<String> parameters(String name) {
    return all().getOrDefault(name, List.of());
  }

  private Map<String, List<String>> all() {
    if (!parsed) {
      parsed = true;
      Map<String, List<String>> all =
          new QueryStringDecoder("?" + rawQuery, StandardCharsets.UTF_8, true, MOST_PARAMETERS)
              .parameters();
      if (header("content-type").startsWith("application/x-www-form-urlencoded")) {
        Map<String, List<String>> form =
            new QueryStringDecoder(bodyText(), StandardCharsets.UTF_8, false, MOST_PARAMETERS)
                .parameters();
        all = new java.util.HashMap<>(all);
        for (Map.Entry<String, List<String>> entry : form.entrySet()) {
          List<String> values = new ArrayList<>(entry.getValue());
          values.addAll(all.getOrDefault(entry.getKey(), List.of()));
          all.put(entry.getKey(), values);
        }
      }
      parameters = all;
    }
    return parameters;
  }

  void bind(Map<String, String> pathVariables) {
    variables = pathVariables;
  }
}
