package vigie.base.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

/**
 * Finds the handler of a path such as {@code /api/v1/label/{name}/values}; {@code {name}} stands
 * for one segment. HEAD is answered as GET. Built once, then read by all threads.
 */
public final class Routes implements HttpHandler {
  private static final HttpHandler NOTHING =
      unknown -> HttpAnswer.text(404, "nothing at " + unknown.path() + "\n");

  private final List<Route> routes = new ArrayList<>();
  private HttpHandler others = NOTHING;

  /** Adds a handler for GET and HEAD. */
  public Routes get(String pattern, HttpHandler handler) {
    return on("GET", pattern, handler);
  }

  /** Adds a handler for GET and HEAD that answers later. */
  public Routes getLater(String pattern, HttpHandler.Later handler) {
    return on("GET", pattern, later(handler));
  }

  /** Adds a handler for POST that answers later. */
  public Routes postLater(String pattern, HttpHandler.Later handler) {
    return on("POST", pattern, later(handler));
  }

  private static HttpHandler later(HttpHandler.Later handler) {
    return new HttpHandler() {
      @Override
      public HttpAnswer handle(HttpRequest request) {
        throw new IllegalStateException("BUG: answers later, and was asked to answer at once");
      }

      @Override
      public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
        return handler.begin(request);
      }
    };
  }

  /** Adds a handler for POST. */
  public Routes post(String pattern, HttpHandler handler) {
    return on("POST", pattern, handler);
  }

  /** Adds a handler for another method. */
  public Routes on(String method, String pattern, HttpHandler handler) {
    return add(method, pattern, !method.equals("GET"), handler);
  }

  /** Adds a handler for a POST that only asks, and changes nothing. */
  public Routes ask(String pattern, HttpHandler handler) {
    return add("POST", pattern, false, handler);
  }

  /** Adds a handler for a POST that only asks, and is answered later. */
  public Routes askLater(String pattern, HttpHandler.Later handler) {
    return add("POST", pattern, false, later(handler));
  }

  /** What answers a GET or HEAD where no route is. */
  public Routes otherwise(HttpHandler handler) {
    others = handler;
    return this;
  }

  private Routes add(String method, String pattern, boolean changes, HttpHandler handler) {
    routes.add(new Route(method, pattern, changes, split(pattern), handler));
    return this;
  }

  /** A route as others see it. */
  public record Entry(String method, String pattern, boolean changes) {}

  /** All that were added, in their order. */
  public List<Entry> list() {
    return routes.stream().map(r -> new Entry(r.method, r.pattern, r.changes)).toList();
  }

  /** Whether a request may change something: all but GET and what was said to ask only. */
  public boolean changes(HttpRequest request) {
    if (isGet(request) || request.method().equals("OPTIONS")) {
      return false;
    }
    String[] segments = split(request.path());
    for (Route route : routes) {
      if (route.method.equals(request.method())
          && matches(route.segments, segments, new HashMap<>())) {
        return route.changes;
      }
    }
    return true;
  }

  private static boolean isGet(HttpRequest request) {
    return request.method().equals("GET") || request.method().equals("HEAD");
  }

  @Override
  public HttpAnswer handle(HttpRequest request) throws Exception {
    return route(request).handle(request);
  }

  @Override
  public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
    return route(request).begin(request);
  }

  /** The handler of a request; where there is none, one that says so. */
  private HttpHandler route(HttpRequest request) {
    String[] segments = split(request.path());
    String method = request.method().equals("HEAD") ? "GET" : request.method();
    TreeSet<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      Map<String, String> variables = new HashMap<>();
      if (matches(route.segments, segments, variables)) {
        if (route.method.equals(method)) {
          request.bind(variables);
          return route.handler;
        }
        allowed.add(route.method);
      }
    }
    if (!allowed.isEmpty()) {
      String list = String.join(", ", allowed);
      return wrong ->
          HttpAnswer.text(
                  405, wrong.method() + " is not for " + wrong.path() + "; use " + list + "\n")
              .with("allow", list);
    }
    return isGet(request) ? others : NOTHING;
  }

  private static boolean matches(String[] pattern, String[] path, Map<String, String> variables) {
    if (pattern.length != path.length) {
      return false;
    }
    for (int i = 0; i < path.length; i++) {
      String part = pattern[i];
      if (part.startsWith("{")) {
        variables.put(part.substring(1, part.length() - 1), path[i]);
      } else if (!part.equals(path[i])) {
        return false;
      }
    }
    return true;
  }

  private static String[] split(String path) {
    return path.split("/", -1);
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Route(
      String method, String pattern, boolean changes, String[] segments, HttpHandler handler) {}
}
