package vigie.agent.expose;

import java.util.function.Supplier;
import vigie.base.http.HttpAnswer;
import vigie.base.http.Routes;

/**
 * {@code /healthz} (the process answers), {@code /readyz} (all its parts have started) and {@code
 * /}, a page of links.
 */
public final class Health {
  private static final String PAGE =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head><meta charset="utf-8"><title>Vigie agent</title></head>
      <body>
      <h1>Vigie agent</h1>
      <ul>
      <li><a href="/metrics">/metrics</a>: what this node measures, for Prometheus</li>
      <li><a href="/healthz">/healthz</a>: whether the agent runs</li>
      <li><a href="/readyz">/readyz</a>: whether it has started wholly</li>
      </ul>
      </body>
      </html>
      """;

  private final Supplier<String> missing;

  /**
   * @param missing what has not started yet, in words for a person; empty when all has; called by
   *     several threads
   */
  public Health(Supplier<String> missing) {
    this.missing = missing;
  }

  /** Adds the three pages. */
  public void addTo(Routes routes) {
    routes
        .get("/", request -> HttpAnswer.of(200, "text/html; charset=utf-8", PAGE))
        .get("/healthz", request -> HttpAnswer.text(200, "ok\n"))
        .get("/readyz", request -> ready());
  }

  private HttpAnswer ready() {
    String waiting = missing.get();
    return waiting.isEmpty()
        ? HttpAnswer.text(200, "ready\n")
        : HttpAnswer.text(503, "not ready: " + waiting + "\n");
  }
}
