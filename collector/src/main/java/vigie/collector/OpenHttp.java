package vigie.collector;

import java.util.Set;
import java.util.concurrent.CompletionStage;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpHandler;
import vigie.base.http.HttpRequest;
import vigie.base.net.Addresses;

/**
 * Where no {@code web_config_file} says who may come in: this host gets everything, others what
 * tells nothing that a node_exporter would not, so that nobody silences what others wait for.
 */
final class OpenHttp implements HttpHandler {
  private static final Set<String> HARMLESS = Set.of("/metrics", "/-/healthy", "/-/ready");
  private static final HttpFault REFUSED =
      new HttpFault(
          403,
          "without web_config_file in collector.yaml only the collector's own host may ask for this;"
              + " see docs/web-config.md");

  private final HttpHandler inner;

  OpenHttp(HttpHandler inner) {
    this.inner = inner;
  }

  @Override
  public HttpAnswer handle(HttpRequest request) throws Exception {
    throw new IllegalStateException("BUG: answers later, and was asked to answer at once");
  }

  @Override
  public CompletionStage<HttpAnswer> begin(HttpRequest request) throws Exception {
    boolean known = !request.who().user().isEmpty(); // to a proxy whose word counts
    if (!known && !Addresses.isLoopback(request.peer()) && !HARMLESS.contains(request.path())) {
      throw REFUSED;
    }
    return inner.begin(request);
  }
}
