package vigie.collector.api.prometheus;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.collector.label.Regex;

/** Lets pages of other origins read {@code /api/v1}, where the configuration names them. */
public final class Cors implements HttpHandler {
  private final HttpHandler inner;
  private final Optional<Regex> origins;

  public Cors(HttpHandler inner, Optional<Regex> origins) {
    this.inner = inner;
    this.origins = origins;
  }

  @Override
  public HttpAnswer handle(HttpRequest request) throws Exception {
    throw new IllegalStateException("BUG: answers later, and was asked to answer at once");
  }

  @Override
  public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
    if (!request.path().startsWith("/api/v1/")) {
      return inner.begin(request);
    }
    if (request.method().equals("OPTIONS") && origins.isPresent()) {
      HttpAnswer empty = HttpAnswer.text(204, "");
      return CompletableFuture.completedStage(allowed(request, empty));
    }
    return inner.begin(request).thenApply(answer -> allowed(request, answer));
  }

  private HttpAnswer allowed(HttpRequest request, HttpAnswer answer) {
    String origin = request.header("origin");
    if (origins.isEmpty()) {
      return answer;
    }
    HttpAnswer varied = answer.with("vary", "Origin, Accept-Encoding");
    if (origin.isEmpty() || !origins.get().matches(origin)) {
      return varied;
    }
    return varied
        .with("access-control-allow-origin", origin)
        .with("access-control-allow-methods", "GET, POST, OPTIONS")
        .with("access-control-allow-headers", "Accept, Authorization, Content-Type, Origin")
        .with("access-control-expose-headers", "Date");
  }
}
