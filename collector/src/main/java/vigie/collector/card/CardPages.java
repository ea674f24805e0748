package vigie.collector.card;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.base.time.Clock;
import vigie.collector.promql.Parser;
import vigie.collector.promql.PromqlException;

/** What the links of a card lead to: the picture of an expression, and a form for a silence. */
public final class CardPages {
  private static final Duration SPAN = Duration.ofHours(6);

  /** Nothing but what the page itself holds, and requests to where it came from. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
              + " connect-src 'self'; frame-ancestors 'none'; form-action 'none'",
          "X-Content-Type-Options",
          "nosniff");

  private final LiveCards cards;
  private final Clock clock;
  private final byte[] silence;

  public CardPages(LiveCards cards, Clock clock) {
    this.cards = cards;
    this.clock = clock;
    try (InputStream in = CardPages.class.getResourceAsStream("silence.html")) {
      if (in == null) {
        throw new IllegalStateException("BUG: no silence.html");
      }
      silence = in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read silence.html", e);
    }
  }

  public void routes(Routes routes) {
    routes.get("/graph.png", this::graph);
    routes.get(
        "/silence.html",
        request -> new HttpAnswer(200, "text/html; charset=utf-8", silence, HEADERS));
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
