package vigie.base.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

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
    String[] segments = split(request.path());
    String method = request.method().equals("HEAD") ? "GET" : request.method();
    TreeSet<String> allowed = new TreeSet<>();
    for (Route route : routes) {
      Map<String, String> variables = new HashMap<>();
      if (matches(route.segments, segments, variables)) {
        if (route.method.equals(method)) {
          request.bind(variables);
          return route.handler.handle(request);
        }
        allowed.add(route.method);
      }
    }
    if (!allowed.isEmpty()) {
      String list = String.join(", ", allowed);
      return HttpAnswer.text(
              405, request.method() + " is not for " + request.path() + "; use " + list + "\n")
          .with("allow", list);
    }
    return HttpAnswer.text(404, "nothing at " + request.path() + "\n");
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

  private record Route(String method, String[] segments, HttpHandler handler) {}
}
