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
  private final List<Route> routes = new ArrayList<>();

  /** Adds a handler for GET and HEAD. */
  public Routes get(String pattern, HttpHandler handler) {
    return on("GET", pattern, handler);
  }

  /** Adds a handler for GET and HEAD that answers later. */
  public Routes getLater(String pattern, HttpHandler.Later handler) {
    return onLater("GET", pattern, handler);
  }

  /** Adds a handler for POST that answers later. */
  public Routes postLater(String pattern, HttpHandler.Later handler) {
    return onLater("POST", pattern, handler);
  }

  private Routes onLater(String method, String pattern, HttpHandler.Later handler) {
    return on(
        method,
        pattern,
        new HttpHandler() {
          @Override
          public HttpAnswer handle(HttpRequest request) {
            throw new IllegalStateException("BUG: answers later, and was asked to answer at once");
          }

          @Override
          public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
            return handler.begin(request);
          }
        });
  }

  /** Adds a handler for POST. */
  public Routes post(String pattern, HttpHandler handler) {
    return on("POST", pattern, handler);
  }

  /** Adds a handler for another method. */
  public Routes on(String method, String pattern, HttpHandler handler) {
    routes.add(new Route(method, split(pattern), handler));
    return this;
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
    return unknown -> HttpAnswer.text(404, "nothing at " + unknown.path() + "\n");
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
  private record Route(String method, String[] segments, HttpHandler handler) {}
}
