package vigie.collector.card;

import java.time.Duration;
import java.util.Map;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;

/** The picture of an expression, as cards have it: {@code /graph.png?g0.expr=up}. */
public final class CardPages {
  private static final Duration SPAN = Duration.ofHours(6);
  private static final Map<String, String> HEADERS =
      Map.of("content-security-policy", "default-src 'none'", "x-content-type-options", "nosniff");

  private final LiveCards cards;
  private final Clock clock;

  public CardPages(LiveCards cards, Clock clock) {
    this.cards = cards;
    this.clock = clock;
  }

  /** Adds its route. */
  public void routes(Routes routes) {
    routes.get("/graph.png", this::graph);
  }

  private HttpAnswer graph(HttpRequest request) {
    String expression = request.parameter("g0.expr");
    if (expression.isEmpty()) {
      return HttpAnswer.text(400, "g0.expr is missing: /graph.png?g0.expr=up\n");
    }
    try {
      byte[] png = cards.draw(Parser.parse(expression), clock.now().minus(SPAN), clock.now());
      return new HttpAnswer(200, "image/png", png, HEADERS);
    } catch (PromqlException | IllegalStateException | IllegalArgumentException e) {
      return HttpAnswer.text(400, e.getMessage() + "\n");
    }
  }
}
